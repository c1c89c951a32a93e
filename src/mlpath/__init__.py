"""mlpath: machine learning, learnt by writing it.

Each module below a room (`mlpath.linalg`, `mlpath.optim`, ...) is the reference of one exercise. Its docstring is the
study note.
"""

from mlpath._lazy import submodules

__version__ = "0.1.0"
__getattr__, __dir__ = submodules(__name__, __path__)
