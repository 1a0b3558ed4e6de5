"""What of a source's address is kept and shown, and what never is."""

from __future__ import annotations

import pytest

from plumbline.logs.pull.location import read_location

OPEN = "use_ssl=true;x-databricks-cluster-id=0123-abc"


@pytest.mark.parametrize("secret", ["token", "Password", "client_secret", "x-api-key", "authorization"])
def test_a_clusters_parameters_are_kept_but_for_secrets(secret: str) -> None:
    named = read_location(
        f"spark:sc://h.example:443/;use_ssl=true;{secret}=hush;x-databricks-cluster-id=0123-abc"
    )
    assert named.shown == f"spark:sc://h.example:443/;{OPEN}"
    assert "hush" in named.address
    assert named.secrets == ("hush",)
    assert named.redact("refused: hush") == "refused: ***"
    again = read_location(named.shown)  # as the schedule connects
    assert again.address == f"sc://h.example:443/;{OPEN}"
    assert again.shown == named.shown
    assert again.name == "h.example:443"


def test_a_cluster_without_parameters_is_its_address() -> None:
    assert read_location("spark:sc://h.example").shown == "spark:sc://h.example:15002"
    assert read_location("spark:sc://h.example:1/;token=hush").shown == "spark:sc://h.example:1"
