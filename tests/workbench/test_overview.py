"""Where the learner is: by track, as a list, and what comes next."""

import io
import os
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from mlpath.workbench.curriculum import CurriculumError, exercises, tracks
from mlpath.workbench.overview import current, show_list, show_next, show_overview, unlocked
from mlpath.workbench.progress import Pass, Progress, record_pass
from mlpath.workbench.workspace import Workspace, WorkspaceError

ROOT = Path(__file__).parents[2]
NORMS, PCA, DESCENT = (exercises()[id_] for id_ in ("linalg/norms", "linalg/pca", "optim/gradient_descent"))
ALGEBRA = tracks()[0]
OPTIMISATION = next(track for track in tracks() if track.title == "Optimisation")


@pytest.fixture
def workspace(tmp_path):
    """A workspace in which nothing is begun."""
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("workbench", "__pycache__"))
    for exercise in exercises().values():
        (tmp_path / exercise.file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / exercise.file).write_text(exercise.stub, encoding="utf-8")
    return Workspace(tmp_path)


def begin(workspace, exercise):
    """Write the first part of an exercise, wrongly."""
    file = workspace.file(exercise)
    hole = f'raise NotImplementedError("not written yet: {exercise.parts[0]}")'
    file.write_text(file.read_text(encoding="utf-8").replace(hole, "return 0"), encoding="utf-8")


def shown(show, workspace, *arguments, width=80, terminal=False, encoding="utf-8"):
    """What is printed, without trailing blanks."""
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    # In a terminal that knows no colours, so that words can be read off.
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None, _environ={"TERM": "dumb"})
    show(workspace, console, *arguments)
    out.seek(0)
    return "\n".join(line.rstrip() for line in out.read().splitlines())


def test_who_has_not_begun_reads_three_lines(workspace):
    said = shown(show_overview, workspace, terminal=True)
    assert len(said.splitlines()) == 3
    assert "Begin with linalg/norms: open exercises/linalg/norms.py, write l1_norm" in said
    assert "mlpath watch" in said


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_by_track_with_the_next_step_in_one_line(workspace, terminal):
    record_pass(workspace, NORMS)
    begin(workspace, PCA)
    lines = shown(show_overview, workspace, terminal=terminal).splitlines()
    first, second = ALGEBRA, tracks()[1]
    *title, bar, one, of, count, begun, word = lines[0].split()
    assert (title, one, of, count, begun, word) == (
        first.title.split(),
        "1",
        "of",
        f"{len(first.exercises)},",
        "1",
        "begun",
    )
    assert bar == "━" * bar.count("━") + "·" * bar.count("·")
    assert len(bar) == 24
    assert abs(bar.count("━") - 24 / len(first.exercises)) < 1
    assert lines[1].split() == [*second.title.split(), "·" * 24, "0", "of", f"{len(second.exercises)}"]
    assert f"1 of {len(exercises())} exercises passed." in lines
    assert lines[-1] == f"Go on with linalg/pca: write {PCA.parts[1]}, then  mlpath watch"
    assert max(map(len, lines)) <= 80


def test_a_terminal_without_unicode_gets_bars_of_ascii(workspace):
    for id_ in ALGEBRA.exercises:
        record_pass(workspace, exercises()[id_])
    said = shown(show_overview, workspace, encoding="cp1252")
    assert f"{'=' * 24}  " in said
    assert "." * 24 in said
    assert said.isascii()


def test_what_was_saved_last_is_what_the_learner_is_at(workspace):
    for seconds, exercise in enumerate((DESCENT, PCA)):
        begin(workspace, exercise)
        os.utime(workspace.file(exercise), (1e9 + seconds, 1e9 + seconds))
    assert current(workspace) == PCA
    os.utime(workspace.file(DESCENT), (2e9, 2e9))
    assert current(workspace) == DESCENT
    record_pass(workspace, DESCENT)
    assert current(workspace) == PCA


def test_the_next_one_is_the_first_that_is_ready(workspace):
    passed: set[str] = set()
    for _ in exercises():
        now = current(workspace)
        ready = [e for e in exercises().values() if e.id not in passed and passed.issuperset(e.details.needs)]
        assert now == ready[0], f"after {sorted(passed)}"
        record_pass(workspace, now)
        passed.add(now.id)


def test_next_says_what_it_is_and_what_to_do(workspace):
    begin(workspace, PCA)
    said = shown(show_next, workspace)
    assert said.startswith("linalg/pca: Principal component analysis\ndifficulty 2 of 5, 90 minutes\n")
    assert "It builds on linalg/norms, which you have not passed." in said
    assert said.endswith(f"Go on with linalg/pca: write {PCA.parts[1]}, then  mlpath watch")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("return 0", "return ("), "mend line"),
        (
            lambda text: text.replace("raise NotImplementedError(", "print("),
            "see what the tests say, then  mlpath check",
        ),
    ],
)
def test_the_step_is_read_off_the_file(workspace, change, said):
    begin(workspace, NORMS)
    file = workspace.file(NORMS)
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    assert said in shown(show_overview, workspace)


def test_when_all_is_passed_it_says_so(workspace):
    for exercise in exercises().values():
        record_pass(workspace, exercise)
    for show in (show_overview, show_next):
        assert "You have passed them all." in shown(show, workspace)
    with pytest.raises(WorkspaceError, match="you have passed every exercise"):
        current(workspace)


def test_a_pass_of_earlier_tests_is_told_from_one_of_these(workspace):
    for exercise in (NORMS, PCA):
        record_pass(workspace, exercise)
    tests = workspace.root / NORMS.tests
    tests.write_text(tests.read_text(encoding="utf-8") + "\n\ndef test_more():\n    pass\n", encoding="utf-8")
    by_id = states(shown(show_list, workspace))
    assert (by_id["linalg/norms"], by_id["linalg/pca"]) == ("passed*", "passed")
    assert "with an earlier version of the tests" in shown(show_list, workspace)
    said = shown(show_overview, workspace)
    assert "linalg/norms was passed with an earlier version of the tests:  mlpath check linalg/norms" in said
    assert f"2 of {len(exercises())} exercises passed." in said


def test_when_nothing_is_new_what_passed_earlier_tests_comes_next(workspace):
    for exercise in exercises().values():
        record_pass(workspace, exercise)
    tests = workspace.root / PCA.tests
    tests.write_text(tests.read_text(encoding="utf-8") + "\n\ndef test_more():\n    pass\n", encoding="utf-8")
    assert current(workspace) == PCA
    assert "You have passed them all" not in shown(show_overview, workspace)


def states(listed):
    lines = [line.strip() for line in listed.splitlines() if line.startswith("  ") and " of 5 " in line]
    return {line.split()[0]: line.partition(" min ")[2].strip() for line in lines}


def test_the_list_tells_what_is_ready_from_what_is_not_yet(workspace):
    before = states(shown(show_list, workspace))
    assert before.keys() == exercises().keys()
    assert (before["linalg/norms"], before["linalg/pca"]) == ("ready", "not yet")
    record_pass(workspace, NORMS)
    begin(workspace, DESCENT)
    after = states(shown(show_list, workspace))
    assert (after["linalg/norms"], after["linalg/pca"]) == ("passed", "ready")
    assert (after["optim/gradient_descent"], after["optim/momentum"]) == ("started", "not yet")


def test_the_list_gives_title_difficulty_and_minutes(workspace):
    lines = [line.split() for line in shown(show_list, workspace).splitlines()]
    assert ["linalg/norms", "Vector", "and", "matrix", "norms", "1", "of", "5", "40", "min", "ready"] in lines


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_cut_or_broken_in_a_terminal(workspace, width):
    said = shown(show_list, workspace, width=width, terminal=True)
    for exercise in exercises().values():
        assert f"  {exercise.id} " in said
        assert exercise.details.title in said
    assert max(map(len, said.splitlines())) <= width
    lines = [line for line in said.splitlines() if " of 5 " in line]
    assert len(lines) == len(exercises())


def test_a_pipe_gets_one_line_an_exercise(workspace):
    lines = shown(show_list, workspace, "ddpm").splitlines()
    assert sum("models/generative/ddpm/" in line for line in lines) == 5
    assert any(line.startswith("  models/generative/ddpm/unet ") and "Diffusion: the U-Net" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("linear algebra", set(ALGEBRA.exercises)),
        ("alg", set(ALGEBRA.exercises)),  # the beginning of a word is enough
        (["PRINCIPAL"], {"linalg/pca"}),
        ("linalg ready", {id_ for id_ in ALGEBRA.exercises if not exercises()[id_].details.needs}),
        (["optim", "not yet"], {id_ for id_ in OPTIMISATION.exercises if exercises()[id_].details.needs}),
    ],
)
def test_words_choose_by_track_id_title_and_state(workspace, words, found):
    assert states(shown(show_list, workspace, words)).keys() == found


def test_words_that_nothing_has_are_said(workspace):
    with pytest.raises(CurriculumError, match="no exercise has linear and zebra in its track"):
        shown(show_list, workspace, "linear zebra")


def test_unlocked_is_what_needs_this_and_nothing_else_that_is_open():
    bound = exercises()["models/generative/ddpm/bound"]
    forward, posterior = (exercises()[need] for need in bound.details.needs)
    assert bound not in unlocked(forward, set())
    assert posterior in unlocked(forward, set())
    assert unlocked(posterior, {forward.id}) == [bound]
    assert unlocked(posterior, {forward.id, bound.id}) == []


TOML = 'title = "Topic {i}"\ndifficulty = 2\nminutes = 45\nneeds = [{need}]\n\n[hints.f]\nnudge = "this is no whole exercise"\n'
STUB = (
    '"""Note."""\n\n# 1 parts to write. Test them\n\n\ndef f():\n    raise NotImplementedError("not written yet: f")\n'
)
OPENED = []  # while it is on: the files that are opened
WATCHING = []


@sys.addaudithook
def _note(event, arguments):
    if WATCHING and event == "open" and isinstance(arguments[0], str | os.PathLike):
        OPENED.append(os.fspath(arguments[0]))


@pytest.fixture
def many(package, forget):
    """900 exercises, each of which needs the one before; nothing but what a list needs is there."""
    ids = [f"room{i // 100}/topic{i}" for i in range(900)]
    root = package.parents[1]
    for i, id_ in enumerate(ids):
        for file in (package / f"{id_}.toml", root / f"exercises/{id_}.py"):
            file.parent.mkdir(parents=True, exist_ok=True)
        need = f'"{ids[i - 1]}"' if i else ""
        (package / f"{id_}.toml").write_text(TOML.format(i=i, need=need))
        (root / f"exercises/{id_}.py").write_text(STUB)
    tracks = [f'[[track]]\ntitle = "T{t}"\nexercises = {ids[100 * t : 100 * t + 100]}\n' for t in range(9)]
    (package / "curriculum.toml").write_text("".join(tracks))
    forget()
    return Workspace(root)


def test_900_exercises_are_listed_with_two_small_files_read_of_each(many):
    OPENED.clear()
    WATCHING.append(True)
    try:
        said = shown(show_list, many)
    finally:
        WATCHING.clear()
    assert said.count("not yet") >= 899
    ours = [file for file in OPENED if file.startswith(str(many.root))]
    assert len(ours) == len(set(ours))
    assert len([file for file in ours if file.endswith(".toml")]) == 901
    assert len([file for file in ours if "/exercises/" in file]) == 900
    assert len(ours) <= 1803  # and the progress


def test_a_bar_is_full_when_all_is_done_and_not_before(many):
    ids = [id_ for id_ in exercises() if id_.startswith("room0/")]
    passed = {id_: Pass("", "", "") for id_ in [*ids[:99], "room1/topic100"]}
    (many.root / ".mlpath").mkdir()
    (many.root / ".mlpath/progress.json").write_bytes(msgspec.json.encode(Progress(passed=passed)))
    lines = shown(show_overview, many).splitlines()
    assert [line.split()[1] for line in lines[:3]] == ["━" * 23 + "·", "━" + "·" * 23, "·" * 24]


def test_the_overview_of_900_exercises_reads_what_it_needs_of_one(many):
    file = many.root / "exercises/room3/topic300.py"
    file.write_text(STUB.replace("raise NotImplementedError", "print"))
    package = many.root / "src/mlpath/room3"
    (package / "topic300.py").write_text("def f():\n    return 1\n")
    (package / "topic300.toml").write_text((ROOT / "src/mlpath/linalg/norms.toml").read_text(encoding="utf-8"))
    OPENED.clear()
    WATCHING.append(True)
    try:
        said = shown(show_overview, many)
    finally:
        WATCHING.clear()
    assert "Go on with room3/topic300" in said
    assert [file for file in OPENED if file.endswith(".toml") and "room" in file] == [str(package / "topic300.toml")]
