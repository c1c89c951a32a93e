"""Variational autoencoders, in three exercises."""

from mlpath._lazy import submodules

__getattr__, __dir__ = submodules(__name__, __path__)
