"""One thread for BLAS, OpenMP and torch. Import it before NumPy.

A fork after OpenMP work hangs in its next parallel region, and a loaded machine runs two BLAS threads slower than one.
"""

import os

for _library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"
