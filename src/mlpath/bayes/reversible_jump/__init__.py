"""Reversible jump, where the number of unknowns is unknown: the references, and their notes."""

from mlpath._lazy import submodules

__getattr__, __dir__ = submodules(__name__, __path__)
