"""How many random cases a property test that touches files and tables takes."""

from __future__ import annotations

import os

#: `make bench-random` sets it: every such test then takes so many times as many
FACTOR = int(os.environ.get("PLUMBLINE_EXAMPLES", "1"))


def examples(count: int) -> int:
    """``count`` in ``make test``, many more in the campaign."""
    return count * FACTOR
