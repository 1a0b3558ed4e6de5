"""The one error that a person sees."""

from __future__ import annotations


class PlumblineError(Exception):
    """The one error a person sees: what is wrong, where, and what to do about it.

    Raised where the cause is known and turned into a message once, at the door (command line or page).
    ``str(error)`` is a single line: ``what (where). todo``.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        # a message stays one, so that a document can say it in its own language
        self.what, self.where, self.todo = what.rstrip(".") if what.endswith(".") else what, where, todo
        text = self.what + (f" ({where})" if where else "") + "."
        super().__init__(" ".join((text + (f" {todo}" if todo else "")).split()))
