"""Typesetting: a template and plain data in, a PDF out. Data is never markup: it travels as JSON."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

TEMPLATES = Path(str(resources.files("plumbline.report") / "templates"))


def typeset(template: str, data: dict[str, Any]) -> bytes:
    """The PDF of a template of this package. The same data gives the same bytes.

    It is tagged for screen readers and declares PDF/UA-1, which the typesetter checks as far as a machine can: title,
    language, headings, heads of tables, texts for pictures. Where a name holds a letter that no font here has, the
    standard cannot be kept, and the PDF is tagged without declaring it. Whether the texts for pictures say enough, and
    the order of reading makes sense, is for people to judge.

    Args:
        template: the file's stem: ``report`` or ``document``.
        data: JSON values; ``date`` (year, month, day) is the document's own, so that no clock is read.
    """
    import typst

    def compile_document(*, accessible: bool) -> bytes:
        content = typst.compile(
            TEMPLATES / f"{template}.typ",
            root=TEMPLATES,
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            timestamp=0,
            pdf_standards="ua-1" if accessible else None,
        )
        assert isinstance(content, bytes)
        return content

    try:
        return compile_document(accessible=True)
    except typst.TypstError:
        return compile_document(accessible=False)
