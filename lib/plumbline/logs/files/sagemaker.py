"""Captures of a model endpoint: which of their columns are the envelope, and what an input is called by its model.

As Amazon SageMaker's data capture writes them: ``captureData.endpointInput.data.age`` is the input ``age``.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_ENVELOPE = re.compile(
    r"captureData\.endpoint(In|Out)put\.(observedContentType|mode|encoding)|eventVersion|eventMetadata\.inferenceId"
)
_INPUT = "captureData.endpointInput.data."


def is_envelope(column: str) -> bool:
    """Whether a column says how the capture was written, and nothing about a decision."""
    return _ENVELOPE.fullmatch(column) is not None


def input_name(column: str, columns: Collection[str]) -> str:
    """The model's own name of an input; the column's, where it is no captured input or the name is taken."""
    bare = column.removeprefix(_INPUT)
    return column if bare in columns else bare
