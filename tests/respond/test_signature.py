"""Signatures, against the verifier of those who wrote the standard."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from plumbline.domain import PlumblineError
from plumbline.respond import signature

standardwebhooks = pytest.importorskip("standardwebhooks")
OLD, NEW = (signature.PREFIX + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
BODY = '{"type":"plumbline.finding.opened.v1","data":{"sentence":"ä"}}'.encode()


def test_the_standard_s_own_verifier_takes_it_and_nothing_that_was_changed() -> None:
    told = signature.headers("dlv_1", datetime.now(UTC), BODY, signature.parse_keys(NEW))
    verifier = standardwebhooks.Webhook(NEW)
    assert verifier.verify(BODY, told)["data"]["sentence"] == "ä"
    for changed in ({**told, "webhook-id": "dlv_2"}, {**told, "webhook-timestamp": "1"}):
        with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
            verifier.verify(BODY, changed)
    with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
        verifier.verify(BODY + b" ", told)


def test_while_keys_are_exchanged_a_receiver_with_either_takes_it() -> None:
    told = signature.headers("dlv_1", datetime.now(UTC), BODY, signature.parse_keys(f"{NEW} {OLD}"))
    for secret in (OLD, NEW):
        assert standardwebhooks.Webhook(secret).verify(BODY, told)


def test_without_a_key_there_is_an_id_and_no_signature() -> None:
    assert set(signature.headers("dlv_1", datetime.now(UTC), BODY, ())) == {"webhook-id", "webhook-timestamp"}


@pytest.mark.parametrize("text", ["", " ", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "whsec_" + "QUFB" * 40])
def test_a_secret_that_is_none_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(PlumblineError) as error:
        signature.parse_keys(text)
    assert "c2hvcnQ" not in str(error.value)
