"""What several tests of the machinery need."""

import sys

import pytest

import mlpath
from mlpath.workbench import curriculum, trial


@pytest.fixture
def forget():
    """Have the curriculum read anew when it is next asked for."""

    def clear():
        curriculum.tracks.cache_clear()
        curriculum.exercises.cache_clear()

    return clear


@pytest.fixture
def package(tmp_path, monkeypatch, forget):
    """An empty folder that stands for the package: its curriculum counts, and its rooms can be imported."""
    folder = tmp_path / "src/mlpath"
    folder.mkdir(parents=True)
    monkeypatch.setattr(curriculum, "PACKAGE", folder)
    monkeypatch.setattr(curriculum, "CURRICULUM", folder / "curriculum.toml")
    monkeypatch.setattr(trial, "OTHER_PROCESSOR", {})  # a fresh process would not see this package
    monkeypatch.setattr(mlpath, "__path__", [str(folder), *mlpath.__path__])
    forget()
    yield folder
    forget()
    for name in [name for name in sys.modules if name.startswith("mlpath.zoo")]:
        del sys.modules[name]
