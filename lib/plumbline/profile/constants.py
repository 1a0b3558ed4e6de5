"""Numbers on which every way of counting has to agree."""

from __future__ import annotations

#: an absolute error above 0 lies in cell ``ERROR_ZERO + floor(log of it)`` to this base, whose middle is off by less
#: than 0.2 %; cell 0 holds those of 0
ERROR_BASE, ERROR_ZERO = 1.004, 200_000
#: probabilities are taken no nearer to 0 and 1 than this, or one miss would be infinite
CLIP = 1e-15
#: labels that came after k whole days, k = 0..90, then later ones
DELAY_CELLS = 92
#: unseen levels kept by name for each day, version and arm of one load; the rest are only counted
NAMED_OTHERS = 50
#: the column under which earlier versions kept a grid of |prediction - label| (regression)
ERROR = "error"
#: levels that a grid names at most
MAX_LEVELS = 100
