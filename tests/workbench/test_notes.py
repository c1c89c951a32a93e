"""Notes in a terminal."""

import io
import os
import re

import pytest
from rich.console import Console

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.formulas import cells
from mlpath.workbench.notes import Prose, note_of, show_note

EVERY = pytest.mark.parametrize("exercise", exercises().values(), ids=lambda exercise: exercise.id)
CODE = re.compile(r"`[^`]*`")


def printed(thing, width=80, **how):
    console = Console(file=io.StringIO(), width=width, **how)
    console.print(thing)
    return console.file.getvalue()


@EVERY
@pytest.mark.parametrize("width", [80, 120])
def test_no_latex_is_left_of_a_note_and_no_line_is_too_wide(exercise, width):
    text = printed(Prose(note_of(exercise)), width)
    assert max(map(cells, text.splitlines())) <= min(width, 100)
    shown = CODE.sub("", text)
    assert not re.findall(r"\\\w+|[\\$]|[_^]\{|\*\*", shown)
    assert shown.count("{") == CODE.sub("", note_of(exercise)).count(r"\{")
    assert re.findall(r"\((\d+)\)$", text, re.MULTILINE)[-1:] or r"\tag" not in note_of(exercise)


@EVERY
def test_a_note_keeps_all_its_sections_and_numbers(exercise):
    note, text = note_of(exercise), printed(Prose(note_of(exercise)))
    for heading in re.findall(r"^## (.+)$", note, re.MULTILINE):
        assert f"\n{heading}\n{'-' * len(heading)}\n" in text
    for tag in re.findall(r"\\tag\{(\d+)\}", note):
        assert re.search(rf" \({tag}\)$", text, re.MULTILINE)


def test_code_keeps_its_marks_where_there_are_no_colours():
    assert printed(Prose("Call `fit` with $x_1$.")) == "Call `fit` with x₁.\n"
    assert "`" not in printed(Prose("Call `fit`."), force_terminal=True, color_system="standard")


def test_colours_are_those_of_the_terminal_and_never_its_background():
    text = printed(
        Prose("## Idea\n\n`a` [b](c) **d**\n\n```python\nx = 1\n```"), force_terminal=True, color_system="truecolor"
    )
    codes = {code for run in re.findall(r"\x1b\[([\d;]+)m", text) for code in run.split(";")}
    assert codes
    assert not codes & {"30", "37", "38", "48", "97", *map(str, range(40, 48))}


def test_dollars_in_code_are_no_formulas():
    assert printed(Prose("`a$b` and `c$d`")) == "`a$b` and `c$d`\n"


def test_a_short_formula_is_not_broken():
    lines = printed(Prose("word " * 4 + "$a = b + c$"), width=26).splitlines()
    assert lines == ["word word word word", "a = b + c"]


def test_what_a_formula_holds_means_nothing_to_markdown():
    assert printed(Prose("$a * b * c$, $0 < b > 1$, $x^*_1$")) == "a * b * c, 0 < b > 1, x₁*\n"


def test_a_table_keeps_names_whole():
    rows = "| part | takes |\n|---|---|\n| `PCA.inverse_transform` | " + "many words " * 10 + "|\n"
    assert "`PCA.inverse_transform`   many words" in printed(Prose(rows), width=70)


def test_a_note_goes_to_a_pager_in_a_terminal_only(monkeypatch):
    shown = []
    monkeypatch.setattr("pydoc.pager", shown.append)
    norms = exercises()["linalg/norms"]
    piped = Console(file=io.StringIO(), width=80)
    show_note(norms, piped)
    assert not shown
    assert piped.file.getvalue().startswith("Norms: how long is a vector")
    terminal = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    show_note(norms, terminal)
    assert not terminal.file.getvalue()
    assert "Norms: how long is a vector" in shown[0]


def test_a_pager_shows_colours_as_such(monkeypatch):
    monkeypatch.setattr("pydoc.pager", lambda _: None)
    monkeypatch.setenv("LESS", "-i")
    show_note(exercises()["linalg/norms"], Console(file=io.StringIO(), width=80, height=24, force_terminal=True))
    assert os.environ["LESS"] == "-i -R"
