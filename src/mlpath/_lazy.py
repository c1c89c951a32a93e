"""Packages that load their submodules when they are first asked for."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from types import ModuleType


def submodules(package: str, path: Iterable[str]) -> tuple[Callable[[str], ModuleType], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` with which a package exports its public submodules, lazily (PEP 562)."""

    def names() -> list[str]:
        return sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))

    def load(name: str) -> ModuleType:
        if name.startswith("_") or name not in names():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return importlib.import_module(f"{package}.{name}")

    return load, names


def require_torch(package: str) -> None:
    """Say in one line what to install, where PyTorch is missing."""
    if importlib.util.find_spec("torch") is None:
        raise ModuleNotFoundError(f"{package} needs PyTorch: pip install 'mlpath[torch]'", name="torch")
