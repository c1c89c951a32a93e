"""Assertions for shared tests: what was called, what came back, what was expected, and by which equation."""

from mlpath.testing._compare import assert_close

__all__ = ["assert_close"]
