"""The questions of an exercise."""

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.questions import ask
from mlpath.workbench.workspace import Workspace, init

NORMS = exercises()["linalg/norms"]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    list(init(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


def asked():
    console = Console(file=io.StringIO(), width=10_000)
    ask(NORMS, console)
    return console.file.getvalue()


def test_where_nobody_can_answer_all_three_come_with_their_answers(workspace):
    said = asked()
    assert [said.count(f"{i} of 3: ") for i in (1, 2, 3)] == [1, 1, 1]
    assert said.count("\nAnswer\n") == 3
    for question in NORMS.details.questions:
        assert question.answer.split("`")[0].split("$")[0].strip()[:30] in said
    assert "Enter" not in said


def test_a_prediction_is_best_made_before_writing(workspace):
    assert "before you begin to write" in asked()
    file = workspace.file(NORMS)
    file.write_text(NORMS.stub.replace('raise NotImplementedError("not written yet: l1_norm")', "return 1.0"))
    said = asked()
    assert "were you right?" in said
    assert "before you begin to write; it" not in said


def test_outside_of_a_workspace_questions_are_asked_all_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = asked()
    assert "1 of 3: " in said
    assert "begin to write" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_in_a_terminal_each_answer_waits_for_enter(workspace):
    import pty

    terminal, theirs = pty.openpty()
    code = "from mlpath.workbench.cli import app; app(['ask', 'norms'])"
    environment = os.environ | {"TERM": "dumb"}
    child = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)

    def until(text):
        said = b""
        while text not in said:
            said += os.read(terminal, 1000)
        return said.decode(errors="replace")

    assert "\nAnswer\r\n" not in until(b"press Enter. ")
    os.write(terminal, b"my answer\n")
    said = until(b"press Enter. ")
    assert said.count("\nAnswer\r\n") == 1
    assert "2 of 3" in said
    os.write(terminal, b"\x04")  # Ctrl-D: enough
    assert child.wait(10) == 0
    os.close(terminal)
