"""The transformers' formulas by themselves, against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from plumbline.explain.readers.scikit import projections

POWERS = (-1.5, 0.0, 0.5, 1.0, 2.0, 3.0)


@pytest.mark.parametrize("power", POWERS)
def test_a_power_bends_as_scipy_bends(power: float) -> None:
    """Nought and two are the powers at which the formula turns into a logarithm."""
    x = np.array([[-30.0], [-1.0], [-1e-9], [0.0], [1e-9], [0.3], [1.0], [25.0]])
    bent = projections._yeo_johnson(x, np.array([power]))
    np.testing.assert_allclose(bent[:, 0], stats.yeojohnson(x[:, 0], power), rtol=1e-12, atol=1e-15)
    positive = x[x > 0][:, None]
    bent = projections._box_cox(positive, np.array([power]))
    np.testing.assert_allclose(bent[:, 0], special.boxcox(positive[:, 0], power), rtol=1e-12, atol=1e-12)
