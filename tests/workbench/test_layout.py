"""A new exercise is laid out so that the check says what is missing, and nothing else is wrong."""

import shutil
from pathlib import Path

import pytest

from mlpath.workbench.check import missing
from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises, problems
from mlpath.workbench.layout import lay_out

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(package):
    shutil.copy(ROOT / "src/mlpath/curriculum.toml", package)
    return package.parents[1]


def test_a_new_room_gets_a_track_of_its_own(root, forget):
    before = list(exercises())
    lay_out("zoo/floor/foo", root)
    forget()
    assert list(exercises()) == [*before, "zoo/floor/foo"]
    assert {file.name for file in root.rglob("*.py")} == {"foo.py", "test_foo.py", "__init__.py"}
    assert (root / "src/mlpath/zoo/__init__.py").exists() and (root / "src/mlpath/zoo/floor/__init__.py").exists()
    assert "zoo/floor/foo" not in "".join(problems())


def test_a_known_room_has_it_behind_its_others(root, forget):
    others = [id_ for id_ in exercises() if id_.startswith("linalg/")]
    lay_out("linalg/foo", root)
    forget()
    order = list(exercises())
    assert order.index("linalg/foo") == order.index(others[-1]) + 1
    lay_out("models/generative/ddpm/foo", root)
    forget()
    assert list(exercises())[-1] == "models/generative/ddpm/foo"


def test_the_check_says_honestly_what_is_missing(root, forget):
    lay_out("zoo/foo", root)
    forget()
    lacks = missing(Exercise("zoo/foo"), root)
    for said in (
        "note: no reference has a DOI",
        "1 parts: there should be 3 to 8",
        "mistake second: it has nothing to replace",
    ):
        assert any(said in line for line in lacks), lacks
    for said in ("docstring", "doctest", "signature", "import the module", "no test is about", "hints: none"):
        assert not any(said in line for line in lacks), lacks


def test_nothing_is_overwritten(root):
    lay_out("zoo/foo", root)
    with pytest.raises(CurriculumError, match=r"src/mlpath/zoo/foo.py exists already"):
        lay_out("zoo/foo", root)


@pytest.mark.parametrize("id_", ["foo", "Zoo/foo", "zoo/foo.py", "zoo//foo", "../foo", "zoo/1"])
def test_what_is_no_id_is_refused(root, id_):
    with pytest.raises(CurriculumError, match="is no ID"):
        lay_out(id_, root)


def test_it_works_in_a_clone_only(tmp_path):
    with pytest.raises(CurriculumError, match="root of a clone"):
        lay_out("zoo/foo", tmp_path)
