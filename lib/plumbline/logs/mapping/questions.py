"""What only a person can say of a file: asked once, remembered with the mapping."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.domain.messages import message


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuestion:
    """One question about a file.

    Attributes:
        text: the question as a message, with what was taken where something was.
        topic: ``positive_question``, ``date_order``, ``task``, ``sheet`` or ``role``; which answer is looked for.
        columns: those that it is about.
        options: the answers that there are; empty where a changed role is the answer.
        taken: what holds until a person says otherwise; empty where nothing may be taken.
        must: nothing is loaded before it is answered, as each way to read the file would be a guess.
        say: how the command line is answered.
    """

    text: str
    topic: str = "role"
    columns: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    taken: str = ""
    must: bool = False
    say: str = ""


def positive_question(text: str, levels: tuple[str, ...], taken: str) -> FileQuestion:
    """Which class is the positive one."""
    return FileQuestion(text=text, topic="positive", options=levels, taken=taken, say=f"--positive {taken}")


def date_order(text: str, column: str) -> FileQuestion:
    """Whether day or month comes first."""
    return FileQuestion(
        text=text,
        topic="date_order",
        columns=(column,),
        options=("dmy", "mdy"),
        must=True,
        say="--date-order dmy, or mdy",
    )


def sheet(names: tuple[str, ...]) -> FileQuestion:
    """Which of a workbook's tables is the log; the largest is taken."""
    text = message(
        "The workbook holds several tables: {names}. {first} is taken, the largest.",
        names=", ".join(names),
        first=repr(names[0]),
    )
    return FileQuestion(text=text, topic="sheet", options=names, taken=names[0], say="--sheet NAME")
