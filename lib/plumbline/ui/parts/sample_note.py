"""The line at a figure that is from a sample, where others of the page are counted over every decision."""

from __future__ import annotations

from plumbline.store.cache.samples import sample_share
from plumbline.ui.parts import cards
from plumbline.ui.state.view import View
from plumbline.wording.language import localise


def sample_note(view: View, *, filtered: bool = False) -> None:
    """Say of how many decisions; nothing where all of the system's are here.

    Args:
        filtered: only where the view holds a filter, as its figures are counted over every decision without one.
    """
    if view.system is None or (filtered and not view.where):
        return
    with view.ws.read() as cursor:
        share = sample_share(cursor, view.system.key)
    if share is not None:
        cards.note(localise(share.short_sentence))
