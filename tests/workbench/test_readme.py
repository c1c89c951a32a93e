"""The README tells the truth: its transcript is what a learner would see today."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlpath.workbench.curriculum import exercises

ROOT = Path(__file__).parents[2]
MISTAKE = "axes-in-columns"  # of linalg/pca


@pytest.fixture
def learner(tmp_path):
    """A scratch copy in which linalg/norms is solved and linalg/pca is, but for a mistake."""
    for name in ("pyproject.toml", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    for exercise in exercises().values():
        file = tmp_path / exercise.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(exercise.stub)
    norms, pca = exercises()["linalg/norms"], exercises()["linalg/pca"]
    (tmp_path / norms.file).write_text(norms.reference.read_text())
    mistake = next(m for m in pca.details.mistakes if m.name == MISTAKE)
    (tmp_path / pca.file).write_text(pca.reference.read_text().replace(mistake.replace, mistake.by))
    return tmp_path


def test_the_transcript_is_what_a_learner_would_see(learner):
    command = [sys.executable, "-m", "pytest", "exercises/", "-q", "-p", "no:cacheprovider", "--color=no"]
    terminal = {key: value for key, value in os.environ.items() if key not in ("CI", "BUILD_NUMBER")} | {
        "COLUMNS": "80"
    }
    printed = subprocess.run(command, cwd=learner, env=terminal, capture_output=True, text=True, timeout=120).stdout
    printed = re.sub(r" in [\d.]+s", " in 2.0s", printed)
    shown = re.search(
        r"<!-- transcript.*?```console\n\$ pytest exercises/ -q\n(.*?)```\n<!-- end",
        (ROOT / "README.md").read_text(),
        re.DOTALL,
    )
    assert shown, "README.md has no transcript"
    assert shown[1].split() == printed.split(), f"README.md shows another run; today's is\n{printed}"


def test_every_track_is_named():
    text = (ROOT / "README.md").read_text()
    for id_ in exercises():
        assert f"`{id_}`" in text or f"`{id_.rpartition('/')[0]}/`" in text, f"README.md does not name {id_}"
