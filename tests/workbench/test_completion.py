"""The shell completes commands and IDs: whole ones, and names that are enough."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from mlpath.workbench.cli import completed
from mlpath.workbench.curriculum import exercises, find

COMMAND = "import sys; sys.argv[0] = 'mlpath'; from mlpath.workbench.cli import app; app(prog_name='mlpath')"


def mlpath(**environment):
    """What `mlpath` says to a shell that asks in this way."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND], env=os.environ | environment, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout


def asked_by_bash(line):
    words = line.split(" ")
    said = mlpath(_MLPATH_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    return said.split()


def asked_by_zsh(line):
    said = mlpath(_MLPATH_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=line)
    return re.findall(r'"([^"]+)"', said)


def asked_by_fish(line):
    environment = {"_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_ARGS": line}
    return [text.partition("\t")[0] for text in mlpath(_MLPATH_COMPLETE="complete_fish", **environment).splitlines()]


@pytest.mark.parametrize("ask", [asked_by_bash, asked_by_zsh, asked_by_fish])
def test_shells_are_told_the_ids(ask):
    assert ask("mlpath check linalg/norm") == ["linalg/norms"]


@pytest.mark.parametrize("ask", [asked_by_bash, asked_by_fish])
def test_short_names_and_commands_are_completed_too(ask):
    assert ask("mlpath hint nor") == ["norms"]
    assert set(ask("mlpath wa")) == {"watch"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_the_shell(shell):
    script = mlpath(_MLPATH_COMPLETE=f"source_{shell}")
    assert f"_MLPATH_COMPLETE=complete_{shell}" in script
    assert (done := syntax(shell, script)) is None or done.returncode == 0


def syntax(shell, script):
    """Have a shell that is there look at a script."""
    if shutil.which(shell) is None:
        return None
    return subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, timeout=60)


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="needs bash")
def test_a_real_bash_completes(tmp_path):
    command = tmp_path / "mlpath"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{COMMAND}" "$@"\n')
    command.chmod(0o755)
    script = f"{mlpath(_MLPATH_COMPLETE='source_bash')}\nCOMP_WORDS=(mlpath notes pc) COMP_CWORD=2\n"
    script += '_mlpath_completion mlpath\necho "${COMPREPLY[@]}"\n'
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash"], input=script, text=True, capture_output=True, env=environment, timeout=60)
    assert (done.stdout, done.stderr) == ("pca\n", "")


def test_what_is_completed_can_be_typed():
    for typed in ["", "linalg", "p", "models/generative/ddpm/", "un"]:
        for word in completed(typed):
            assert word.startswith(typed)
            assert find(word)
    assert list(completed("linalg/")) == [id_ for id_ in exercises() if id_.startswith("linalg/")]
    assert set(completed("")) >= set(exercises())
    assert list(completed("zebra")) == []
