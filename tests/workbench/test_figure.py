"""Figures, drawn by the reference and by the learner's code."""

import io

import matplotlib.image
import pytest
from rich.console import Console

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.figure import draw, gallery_of
from mlpath.workbench.workspace import Workspace, WorkspaceError, init

NORMS = exercises()["linalg/norms"]
GALLERY = """
import matplotlib.pyplot as plt
import numpy as np

from mlpath.linalg.norms import max_norm


def figure():
    fig = plt.figure(figsize=(2, 1.5))
    level = max_norm(np.array([1.0, 0.5]))
    fig.patch.set_facecolor((level, 0, 0))
    return fig
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    list(init(tmp_path))
    monkeypatch.chdir(tmp_path)
    gallery = tmp_path / "gallery.py"
    gallery.write_text(GALLERY)
    monkeypatch.setattr("mlpath.workbench.figure.gallery_of", lambda *_: gallery)
    return Workspace(tmp_path)


def drawn(workspace, mine=False, out=None):
    console = Console(file=io.StringIO(), width=300)
    draw(workspace, NORMS, console, mine=mine, out=out)
    return console.file.getvalue().strip()


def with_body(workspace, body):
    hole = 'raise NotImplementedError("not written yet: max_norm")'
    workspace.file(NORMS).write_text(NORMS.stub.replace(hole, body))


def test_a_clone_has_its_gallery_and_the_package_too(tmp_path):
    for exercise in exercises().values():
        assert gallery_of(exercise, Workspace(tmp_path)) is not None


def test_the_figure_goes_into_the_workspace_and_its_path_is_printed(workspace):
    assert drawn(workspace) == "figures/linalg/norms.png"
    picture = matplotlib.image.imread("figures/linalg/norms.png")
    assert picture.shape[:2] == (150, 200)
    assert (picture[75, 100, :3] == [1, 0, 0]).all()


def test_mine_is_drawn_by_the_learners_code_beside_the_reference(workspace):
    with_body(workspace, "return 0.6")
    assert drawn(workspace, mine=True) == "figures/linalg/norms_mine.png"
    picture = matplotlib.image.imread("figures/linalg/norms_mine.png")
    height, width = picture.shape[:2]
    assert width > 2 * 200
    assert picture[height - 50, 100, 0] == pytest.approx(0.6, abs=0.01)
    assert picture[height - 50, width // 2 + 100, 0] == pytest.approx(1, abs=0.01)


def test_out_may_be_a_file_or_a_folder(workspace, tmp_path):
    drawn(workspace, out=tmp_path / "new" / "picture.svg")
    assert b"<svg" in (tmp_path / "new" / "picture.svg").read_bytes()
    drawn(workspace, out=tmp_path)
    assert (tmp_path / "norms.png").exists()
    with pytest.raises(WorkspaceError, match=r"its name may end in \.pdf, \.png, \.svg"):
        drawn(workspace, out=tmp_path / "a.txt")


def test_what_is_not_written_yet_is_named(workspace):
    with pytest.raises(WorkspaceError, match=r"not written yet: max_norm$"):
        drawn(workspace, mine=True)
    assert not (workspace.root / "figures").exists()


def test_an_error_of_the_learners_code_is_told_with_its_place(workspace):
    with_body(workspace, "return x.nothing")
    with pytest.raises(WorkspaceError) as caught:
        drawn(workspace, mine=True)
    said = str(caught.value)
    assert "Your code did not come to the end of the figure" in said
    assert "has no attribute 'nothing'" in said
    assert "exercises/linalg/norms.py:" in said
    assert "return x.nothing" in said
    assert "level = max_norm(" in said


def test_code_that_ends_python_is_survived(workspace):
    with_body(workspace, "import os; os._exit(3)")
    with pytest.raises(WorkspaceError, match="ended Python with exit status 3"):
        drawn(workspace, mine=True)


def test_without_a_gallery_there_is_no_figure(workspace, monkeypatch):
    monkeypatch.setattr("mlpath.workbench.figure.gallery_of", lambda *_: None)
    with pytest.raises(WorkspaceError, match="linalg/norms has no figure"):
        drawn(workspace)
