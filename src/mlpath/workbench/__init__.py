"""The machinery: from a reference to a stub, and from a learner's file to a verdict."""
