"""The machinery: from a reference to a stub, and from a learner's file to a verdict."""

import mlpath.workbench.threads  # noqa: F401  (before anything imports NumPy or torch)
