"""Generative models: the references, and their notes. They need PyTorch."""

from mlpath._lazy import require_torch, submodules

require_torch(__name__)
__getattr__, __dir__ = submodules(__name__, __path__)
