"""What leaves the machine names columns and versions, and no value of one, whatever a value looks like."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from plumbline.answers.respond.disclosure import WITHOUT_VALUES, public_sentence
from plumbline.answers.respond.retraining.due import cause_of
from plumbline.answers.respond.rollback.situation import _breach
from plumbline.domain import Finding, Severity
from plumbline.domain.messages import as_message, enumeration, message, sequence, word
from plumbline.domain.respond import RetrainingCondition
from plumbline.monitor.drift.group_shift import GroupShift, group_findings
from plumbline.monitor.performance.selective_labels import population_sentence
from plumbline.wording.quantities import decimal
from tests.answers.respond.outbox_cases import AT

#: values that stand in quotation marks, hold words of our sentences, or look like a place
VALUES = ("ivan-canary@example.com", "it's 'canary' is", "{feature} canary", "canary, and not elsewhere:")


def finding(sentence: str, signal: str = "drift.x") -> Finding:
    return Finding(
        system="s", signal=signal, sentence=sentence, since=AT, until=None, severity=Severity.HIGH, confidence=None,
        page="drift",
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_no_value_of_a_column_leaves(value: str) -> None:
    shift = GroupShift(
        feature="income",
        column="town",
        group=value,
        value=0.2,
        others=0.01,
        n=900,
        since=AT,
        until=None,
        at=AT,
    )
    alone = group_findings("s", (shift,))[0]
    given = message(
        "The answer {level} was given in {now} of decisions, {was} in the reference: {drift}",
        level=value, now="60 %", was="40 %", drift=message("{feature} drifted.", feature="prediction"),
    )  # fmt: skip
    harm = message(
        "; {wrong} wrong since it could be known, {positives} of them {positive}",
        wrong=decimal(7, ","), positives=decimal(5, ","), positive=repr(value),
    )  # fmt: skip
    guard = message(
        "Version {version}: {sentence}", version="4.2", sentence=message("It went on{harm}.", harm=harm)
    )
    selected = sequence(
        [
            message("{metric} fell.", metric=word("Recall", "metric")),
            population_sentence((value, "other-canary")),
        ]
    )
    unforeseen = message("Rows of {anything} are odd.", anything=value)
    said = [public_sentence(one) for one in (alone, *map(finding, (given, guard, selected, unforeseen)))]
    assert not any("canary" in words for words in said)
    assert said == [
        "income drifted in one group by town, and not elsewhere: Jensen-Shannon distance 0.20 in a week, 0.01 in all "
        "others, over 900 decisions.",
        "One answer was given in 60 % of decisions, 40 % in the reference: prediction drifted.",
        "Version 4.2: It went on; 7 wrong since it could be known, 5 of them of one class.",
        "Recall fell. Only some decisions ever have an outcome.",
        "Rows of one value are odd.",
    ]


def test_no_value_reaches_the_cause_of_a_retraining_or_an_interlock() -> None:
    given = message(
        "The answer {level} was given in {now} of decisions, {was} in the reference: {drift}",
        level="canary", now="60 %", was="40 %", drift=message("{feature} drifted.", feature="prediction"),
    )  # fmt: skip
    cause = cause_of(
        None,  # type: ignore[arg-type]  # a drift asks the register nothing
        None,  # type: ignore[arg-type]
        RetrainingCondition.DRIFT,
        [finding(given, "drift.prediction")],
        AT,
    )
    assert cause is not None
    assert cause.sentence.startswith("One answer was given in 60 %")
    fell = sequence(
        [message("{metric} fell.", metric=word("Recall", "metric")), population_sentence(("canary", "other"))]
    )
    breach = _breach([finding(fell, "performance.recall")], AT + timedelta(days=1))
    assert breach == "Recall fell. Only some decisions ever have an outcome."


def test_names_stay_also_where_several_are_listed() -> None:
    moved = message("{features} moved away.", features=enumeration(["income", "age", "rent"]))
    assert public_sentence(finding(moved)) == "income, age and rent moved away."


@pytest.mark.parametrize("text", ["income is 'canary' now", as_message("income is 'canary' now")])
def test_a_finding_of_before_messages_says_only_where_its_words_are(text: str) -> None:
    assert public_sentence(finding(text)) == "What was found is on the Alerts page."


def test_every_sentence_that_is_put_otherwise_is_one_that_is_said() -> None:
    said = (Path(__file__).parents[3] / "lib/plumbline/report/texts/de.po").read_text("utf-8")
    known = said.replace('"\n"', "")
    assert all(f'msgid "{template}"' in known for template in WITHOUT_VALUES)
