"""Hints, a tier at a time."""

import io

import pytest
from rich.console import Console

from mlpath.workbench.curriculum import CurriculumError, exercises
from mlpath.workbench.hints import meant, show_hint
from mlpath.workbench.progress import load
from mlpath.workbench.workspace import Workspace, init

NORMS = exercises()["linalg/norms"]
PARTS = ["fix_signs", "check_samples", "axes_by_covariance", "PCA.fit", "PCA.transform", "PCA.partial_fit"]


@pytest.fixture
def workspace(tmp_path):
    list(init(tmp_path))
    return Workspace(tmp_path)


def hint(workspace, part="", tier=0, exercise=NORMS):
    console = Console(file=io.StringIO(), width=500)
    show_hint(workspace, exercise, part, tier, console)
    return "\n".join(" ".join(paragraph.split()) for paragraph in console.file.getvalue().split("\n\n"))


def written(workspace, **bodies):
    """Let the learner's file have these bodies."""
    text = NORMS.stub
    for part, body in bodies.items():
        text = text.replace(f'raise NotImplementedError("not written yet: {part}")', body)
    workspace.file(NORMS).write_text(text)


def plain(markdown):
    return markdown.split("`")[0].strip()


def test_each_time_there_is_one_tier_more(workspace):
    texts = NORMS.details.hints["l2_norm"]
    first, second, third, fourth = (hint(workspace, "l2_norm") for _ in range(4))
    assert plain(texts.nudge) in first
    assert "l2_norm in linalg/norms, hint 1 of 3" in first
    assert first.endswith("More: mlpath hint linalg/norms l2_norm")
    assert plain(texts.idea) in second
    assert plain(texts.nearly) in third
    assert "That was the last one" in third
    assert fourth == third


def test_the_highest_tier_is_remembered(workspace):
    hint(workspace, "l2_norm", 2)
    said = hint(workspace, "l2_norm", 1)
    assert "hint 1 of 3" in said
    assert "mlpath hint linalg/norms l2_norm 2" in said
    assert load(workspace).hints == {"linalg/norms": {"l2_norm": 2}}
    assert "hint 3 of 3" in hint(workspace, "l2_norm")


def test_before_anything_is_written_the_hint_is_for_the_first_part(workspace):
    assert hint(workspace).startswith("l1_norm in linalg/norms, hint 1 of 3")


def test_without_a_part_it_is_for_the_first_that_fails(workspace):
    written(workspace, l1_norm="return float(abs(x).sum())", max_norm="return 0.0")
    assert hint(workspace).startswith("max_norm in linalg/norms, hint 1 of 3")


def test_of_a_file_that_is_broken_that_is_said_and_no_hint_is_spent(workspace):
    written(workspace, l1_norm="return (")
    said = hint(workspace)
    assert "SyntaxError" in said
    assert "exercises/linalg/norms.py" in said
    assert "mlpath hint linalg/norms PART" in said
    assert not load(workspace).hints


def test_of_what_is_done_there_is_nothing_to_hint_at(workspace):
    workspace.file(NORMS).write_text(NORMS.reference.read_text())
    assert hint(workspace).startswith("linalg/norms is done: there is nothing to be helped with")
    assert not load(workspace).hints


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("PCA.fit", "PCA.fit"),
        ("fit", "PCA.fit"),
        ("pca.FIT", "PCA.fit"),
        ("partial", "PCA.partial_fit"),
        ("axes", "axes_by_covariance"),
    ],
)
def test_a_short_name_is_enough_where_only_one_part_is_called_so(name, part):
    assert meant(name, PARTS, "linalg/pca") == part


def test_a_short_name_of_several_parts_asks_which():
    with pytest.raises(CurriculumError, match=r"'forward' may be Encoder\.forward or Decoder\.forward: which one\?"):
        meant("forward", ["Encoder.forward", "Decoder.forward"], "an/exercise")


def test_a_mistyped_part_gets_a_suggestion_and_the_list():
    with pytest.raises(CurriculumError) as caught:
        meant("transfrom", PARTS, "linalg/pca")
    assert str(caught.value) == (
        "linalg/pca has no part 'transfrom'; did you mean PCA.transform? Its parts: " + ", ".join(PARTS)
    )
    with pytest.raises(CurriculumError, match=r"no part 'zzz'\. Its parts: fix_signs"):
        meant("zzz", PARTS, "linalg/pca")
