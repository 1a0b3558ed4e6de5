"""The frame of the pages: which of them are about every system."""

from __future__ import annotations

from plumbline.ui.shell import ABOUT_ALL, SECTIONS, is_about_all


def test_pages_about_every_system_are_told_by_their_paths() -> None:
    paths = {name for entries in SECTIONS.values() for name, _ in entries}
    assert {path for path in paths if is_about_all(path)} == set(ABOUT_ALL)
    assert is_about_all("")  # the root
    assert not is_about_all("drift")
