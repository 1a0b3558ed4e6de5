"""The tests. A worker has one core to itself: further threads of OpenMP or BLAS would only spin for it."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # before NumPy and scikit-learn are imported, which read this once
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
