"""numpy-ml 0.1.2, of 2020, made to import on today's Python.

It asks for `collections.Hashable`, which Python 3.10 moved to `collections.abc`, and warns that it has no gym, which nothing
here needs.
"""

import collections
import collections.abc
import warnings

collections.Hashable = collections.abc.Hashable
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from numpy_ml.neural_nets import optimizers
    from numpy_ml.utils import distance_metrics

__all__ = ["distance_metrics", "optimizers"]
