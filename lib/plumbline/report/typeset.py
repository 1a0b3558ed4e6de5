"""Typesetting: a template and plain data in, a PDF out. Data is never markup: it travels as JSON."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

TEMPLATES = Path(str(resources.files("plumbline.report") / "templates"))


def typeset(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of a template of this package. The same data gives the same bytes.

    Args:
        template: the file's stem: ``report`` or ``document``.
        data: JSON values; ``date`` (year, month, day) is the document's own, so that no clock is read.
    """
    import typst

    made = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=0,
    )
    assert isinstance(made, bytes)
    return made
