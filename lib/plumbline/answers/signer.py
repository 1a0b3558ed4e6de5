"""In whose name an act is done: it goes on the trail, so an empty one is refused."""

from __future__ import annotations

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message


def signer(by: str, act: str = "This", todo: str = "Say who does it.") -> str:
    """The name without blanks around it.

    Args:
        act: what is done, as the sentence of a refusal begins: ``A review``.
        todo: what to do about it.

    Raises:
        PlumblineError: nobody is named.
    """
    name = by.strip()
    if not name:
        raise PlumblineError(message("{act} needs a name", act=act), todo=todo)
    return name
