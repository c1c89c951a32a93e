"""Load a learner's file in place of its reference, and the shared tests bound to it."""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from _pytest.assertion.rewrite import AssertionRewritingHook

from mlpath.workbench.rules import imported_modules

LIBRARIES = ("matplotlib", "mlpath", "numpy", "scipy", "sklearn", "torch")


def preload(*files: Path, learner: Path | None = None, but: str = "") -> None:
    """Import what the files name, so that it is there before a swap and before a fork, bound to the references.

    Of what a learner's file names, only well-known libraries: a module of the learner's own is none of the parent's.
    """
    sources = [file.read_bytes() for file in files]
    names = set[str]().union(*(imported_modules(ast.parse(source)) for source in sources))
    if learner is not None:
        named = imported_modules(ast.parse(learner.read_bytes()))
        names |= {name for name in named if name.partition(".")[0] in LIBRARIES}
    if any(b"torch.optim" in source for source in sources):  # the first optimizer imports it: seconds of a test's time
        names.add("torch._dynamo")
    for name in sorted(names - {but}):
        with suppress(ImportError):  # the name may be a function of a module; what is really missing shows later
            importlib.import_module(name)


@contextmanager
def swapped(name: str, module: ModuleType) -> Iterator[None]:
    """Let `name` mean `module` in `sys.modules` and on its package."""
    package, leaf = importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2]
    before, attribute = sys.modules.get(name), vars(package).get(leaf)
    sys.modules[name] = module
    setattr(package, leaf, module)
    try:
        yield
    finally:
        sys.modules.pop(name)
        delattr(package, leaf)
        if before is not None:
            sys.modules[name] = before
        if attribute is not None:
            setattr(package, leaf, attribute)


def load_learner(name: str, file: Path) -> ModuleType:
    """Execute the learner's file as module `name`, and check its shapes by the reference."""
    from mlpath.workbench.boundary import guard  # brings jaxtyping, which a run that only counts can do without

    reference = importlib.import_module(name)
    learner = _module(name, file)
    with swapped(name, learner):
        _execute(learner)
    guard(learner, reference)
    return learner


def load_tests(name: str, file: Path, under_test: ModuleType) -> ModuleType:
    """Execute the shared tests anew, bound to `under_test`, with pytest's rewritten assertions."""
    loader = next((finder for finder in sys.meta_path if isinstance(finder, AssertionRewritingHook)), None)
    flat = "mlpath_shared_" + name.removeprefix("mlpath.").replace(".", "_")  # pickle would import its parents
    tests = sys.modules[flat] = _module(flat, file, loader)
    with swapped(name, under_test):
        _execute(tests)
    return tests


def _module(name: str, file: Path, loader: Any = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


def _execute(module: ModuleType) -> None:
    assert module.__spec__ is not None
    assert module.__spec__.loader is not None
    module.__spec__.loader.exec_module(module)
