"""The No-U-Turn sampler, its trajectories and its warm-up: the references, and their notes."""

from mlpath._lazy import submodules

__getattr__, __dir__ = submodules(__name__, __path__)
