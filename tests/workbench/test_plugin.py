"""What `pytest exercises/` says and does, on real files that a learner might write."""

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from mlpath.workbench.curriculum import exercises

ROOT = Path(__file__).parents[2]
NORMS = exercises()["linalg/norms"]
L1 = "return float(np.abs(x).sum())"
FIRST = "test_l1_norm_adds_the_absolute_values"


class Workspace:
    """A clone in miniature: the tests, the settings, and one learner's files."""

    def __init__(self, root):
        self.root = root
        shutil.copy(ROOT / "pyproject.toml", root)
        for id_ in ("linalg/norms", "linalg/pca"):
            self.write(id_)
            (root / exercises()[id_].tests).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / exercises()[id_].tests, root / exercises()[id_].tests)

    def write(self, id_="linalg/norms", append="", **bodies):
        """Write the stub, with `bodies` in the place of its holes."""
        text = exercises()[id_].stub
        for part, body in bodies.items():
            hole = f'raise NotImplementedError("not written yet: {part}")'
            assert hole in text
            text = text.replace(hole, body.replace("\n", "\n    "))
        file = self.root / exercises()[id_].file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + append)

    def solve(self, id_, change=("", "")):
        """Write the reference as the learner's file, changed in one place."""
        source = exercises()[id_].reference.read_text()
        assert change[0] in source
        (self.root / exercises()[id_].file).write_text(source.replace(*change))

    def run(self, *arguments, **env):
        command = [sys.executable, "-m", "pytest", *(arguments or ["exercises"]), "-p", "no:randomly"]
        settings = {**os.environ, "COLUMNS": "120", **env}
        done = subprocess.run(command, cwd=self.root, env=settings, capture_output=True, text=True, timeout=120)
        self.out = done.stdout + done.stderr
        return done.returncode


@pytest.fixture
def work(tmp_path):
    return Workspace(tmp_path)


# ------------------------------------------------- not started, in progress, done


def test_a_fresh_tree_is_greeted_and_is_no_failure(work):
    assert work.run() == 0
    assert "Linear algebra" in work.out
    assert "0 of 2 done, 2 not started" in work.out
    assert "Start with linalg/norms" in work.out
    assert "write l1_norm, then run  pytest exercises/linalg/norms.py" in work.out
    assert "2 not started in" in work.out
    assert "FAILED" not in work.out
    assert "no tests ran" not in work.out


def test_an_untouched_stub_that_is_named_runs_and_fails(work):
    assert work.run(NORMS.file) == 1
    assert "linalg/norms: 0 of 8 parts" in work.out
    assert "not written yet: lp_norm (" in work.out
    assert "Traceback" not in work.out


def test_comments_and_imports_do_not_start_an_exercise(work):
    work.write(append="\n# I shall begin tomorrow.\nimport math\n")
    assert work.run() == 0
    assert "2 not started" in work.out


def test_a_started_exercise_counts_its_parts_and_names_what_is_missing(work):
    work.write(l1_norm=L1)
    assert work.run() == 1
    assert "linalg/norms: 1 of 8 parts" in work.out
    assert "not written yet: max_norm (" in work.out
    assert "not written yet: l1_norm" not in work.out
    assert "FAILURES" not in work.out
    assert "write max_norm, then run" in work.out


def test_only_the_first_failure_is_shown_in_full_and_the_others_are_counted(work):
    work.write(l1_norm="return float(x.sum())", max_norm="return float(x.max())")
    assert work.run() == 1
    assert (
        "l1_norm([1, -2, 4.5]) returned 3.5\nexpected by equation (1): 7.5\n  tests/linalg/test_norms.py:" in work.out
    )
    assert "max_norm([" not in work.out
    assert "to be mended: l1_norm (" in work.out
    assert "to be mended: max_norm (" in work.out
    assert "mend l1_norm, then run" in work.out
    assert "1 failed, " in work.out
    assert " failed later" in work.out


def test_a_solved_exercise_is_done_and_the_next_is_named(work):
    work.solve("linalg/norms")
    assert work.run() == 0
    assert "linalg/norms: done, all 8 parts" in work.out
    assert "1 of 2 done, 1 not started" in work.out
    assert "Start with linalg/pca" in work.out


def test_a_part_of_the_tests_makes_no_exercise_done(work):
    work.solve("linalg/norms")
    assert work.run("exercises", "-k", "l1_norm") == 0
    assert "done, all" not in work.out
    assert "tests run" in work.out
    assert work.run(f"{NORMS.file}::{FIRST}") == 0
    assert "linalg/norms: 1 of " in work.out
    assert "1 passed" in work.out


def test_one_exercise_does_not_hide_the_verdict_of_another(work):
    work.write(append="\nimport os\nos._exit(0)\n", l1_norm=L1)
    work.solve("linalg/pca")
    assert work.run() == 1
    assert "linalg/pca: done" in work.out
    assert "importing your file ended Python with exit status 0" in work.out


# --------------------------------------------------------------- the ways of pytest


def test_options_of_pytest_work(work):
    work.write(l1_norm=L1, max_norm="return float(x.max())")
    assert work.run("exercises", "-x") == 1
    assert "stopping after 1 failures" in work.out
    assert work.run("exercises", "--lf") == 1
    assert "passed" not in work.out.splitlines()[-1]
    assert work.run("exercises/linalg", "-v") == 1
    assert f"{NORMS.file}::{FIRST} PASSED" in work.out
    assert "NOT WRITTEN YET" in work.out
    assert work.run("exercises", "--collect-only", "-q") == 0
    assert f"{NORMS.file}::{FIRST}" in work.out
    assert work.run("exercises", "--junitxml=out.xml") == 1
    suite = ElementTree.parse(work.root / "out.xml").getroot()[0]
    assert int(suite.get("failures", 0)) > 0
    assert suite[0].get("name") == FIRST


def test_xdist_gives_the_same_verdict(work):
    work.write(l1_norm=L1, max_norm="return float(x.max())")
    assert work.run("exercises", "-n2") == 1
    assert "linalg/norms: 1 of 8 parts\n    to be mended: max_norm (" in work.out
    assert "0 of 2 done, 1 not started" in work.out


@pytest.mark.parametrize("way", ["--in-process", "--fresh-process"])
def test_other_ways_to_run_give_the_same_verdict(work, way):
    work.write(l1_norm=L1, max_norm="return float(x.max())")
    assert work.run("exercises", way) == 1
    assert "linalg/norms: 1 of 8 parts\n    to be mended: max_norm (" in work.out
    assert "max_norm([" in work.out


def test_any_file_can_be_taken_for_a_solution(work):
    shutil.copy(NORMS.reference, work.root / "elsewhere.py")
    assert work.run("--as", "norms", "elsewhere.py") == 0
    assert "linalg/norms: done" in work.out


def test_other_modules_stay_the_reference(work):
    work.write("linalg/norms", l1_norm="return 1e9")
    work.write(
        "linalg/pca",
        append="\nfrom mlpath.linalg.norms import l1_norm\nassert l1_norm(np.array([1.0])) == 1, 'not the reference'\n",
    )
    work.run("exercises/linalg/pca.py")
    assert "not the reference" not in work.out
    assert "linalg/pca: 0 of " in work.out


# ----------------------------------------------------- code that hangs, crashes, floods


MISBEHAVIOUR = {
    "loop": ("while True:\n    pass", "the test took more than 2 s in max_norm, line "),
    "native loop": (
        "a = np.ones((2000, 2000))\nwhile True:\n    a = a @ a",
        "the test took more than 2 s in max_norm, line ",
    ),
    "_exit": ("import os\nos._exit(3)", "the test ended Python with exit status 3"),
    "exit": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "crash": ("import ctypes\nctypes.string_at(0)", "the test crashed Python (SIGSEGV) in max_norm, line "),
    "interrupt": ("raise KeyboardInterrupt", "your code raised KeyboardInterrupt"),
    "flood": ("while True:\n    print('flood' * 100)", "printed or wrote more than fits"),
}


@pytest.mark.parametrize(
    ("kind", "way"), [*((kind, "") for kind in MISBEHAVIOUR), ("loop", "--fresh-process"), ("_exit", "--fresh-process")]
)
def test_code_that_misbehaves_costs_its_own_tests_only(work, kind, way):
    body, said = MISBEHAVIOUR[kind]
    work.write(l1_norm=L1, max_norm=body, equivalence_constants="return 1.0, 2.0")
    assert work.run("exercises", "--seconds", "2", *([way] if way else [])) == 1
    assert said in work.out
    assert "linalg/norms: 1 of 8 parts" in work.out
    assert "not written yet: induced_norm" in work.out
    assert len(work.out) < 20_000, "the flood was not cut"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("while True: pass", "importing your file took more than 2 s at line "),
        ("import os; os._exit(2)", "importing your file ended Python with exit status 2"),
        ("import sys; sys.exit(2)", "SystemExit: 2\n  exercises/linalg/norms.py:"),
        ("y = undefined + 1", "NameError: name 'undefined' is not defined\n  exercises/linalg/norms.py:"),
        ("del max_norm", "there is no `max_norm` in your file any more, and the tests import it"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_in_one_failure(work, code, said):
    work.write(l1_norm=L1, append=f"\n{code}\n")
    assert work.run("exercises", "--seconds", "2") == 1
    assert said in work.out
    assert "1 failed, " in work.out
    assert " not run, " in work.out


def test_a_module_of_the_learners_own_cannot_end_the_run(work):
    (work.root / "mine.py").write_text("import os\nos._exit(0)\n")
    work.write(l1_norm=L1, append="\nimport mine\n")
    assert work.run("exercises", PYTHONPATH=str(work.root)) == 1
    assert "importing your file ended Python with exit status 0" in work.out


def test_no_process_is_left_behind(work):
    mark = f"left-behind-{os.getpid()}"
    work.write(
        l1_norm=f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', '{mark}'])\n{L1}"
    )
    work.run()
    deadline = time.monotonic() + 5
    while (left := _processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def _processes(mark):
    return [p for p in Path("/proc").glob("[0-9]*/cmdline") if _reads(p, mark)]


def _reads(path, mark):
    try:
        return mark.encode() in path.read_bytes() and b"sleep" in path.read_bytes()
    except OSError:
        return False


# --------------------------------------------------------------- clear refusals


def test_importing_the_solution_is_refused_with_file_and_line(work):
    work.write(l1_norm="from mlpath.linalg.norms import l1_norm as theirs\nreturn theirs(x)")
    assert work.run() == 1
    assert "imports mlpath.linalg.norms, which is the solution of this exercise" in work.out
    assert "exercises/linalg/norms.py:" in work.out


def test_names_that_are_ruled_out_are_refused(work):
    work.write(l1_norm="return np.linalg.norm(x, 1)")
    assert work.run() == 1
    assert "uses numpy.linalg.norm, which this exercise asks you to do without" in work.out


def test_a_syntax_error_is_one_clear_line(work):
    work.write(l1_norm=L1, append="\ndef f(:\n    pass\n")
    assert work.run() == 1
    assert "exercises/linalg/norms.py:" in work.out
    assert "SyntaxError: invalid syntax\n    def f(:" in work.out
    assert "Traceback" not in work.out


def test_a_missing_test_file_is_one_clear_line(work):
    (work.root / NORMS.tests).unlink()
    work.write(l1_norm=L1)
    assert work.run() == 1
    assert "tests/linalg/test_norms.py is missing" in work.out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("minutes = ", "linalg/norms.toml: Invalid value (at line "),
        ('minutes = "40"', "linalg/norms.toml: Expected `int`, got `str` - at `$.minutes`"),
    ],
)
def test_a_broken_toml_is_one_clear_line(work, line, said):
    shutil.copytree(ROOT / "src", work.root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    metadata = work.root / "src/mlpath/linalg/norms.toml"
    metadata.write_text(metadata.read_text().replace("minutes = 40", line))
    work.write(l1_norm=L1)
    assert work.run("exercises", PYTHONPATH=str(work.root / "src")) == 1
    assert said in work.out
    assert "Traceback" not in work.out
    assert "1 failed, 1 not started in" in work.out


def test_a_file_of_no_exercise_is_told_what_may_be_meant(work):
    (work.root / "exercises/linalg/norm.py").write_text("x = 1\n")
    assert work.run() == 1
    assert "there is no exercise 'linalg/norm'; did you mean linalg/norms?" in work.out


def test_writing_to_an_argument_is_reported_as_such(work):
    work.write(l1_norm="x *= -1\nreturn float(np.abs(x).sum())")
    assert work.run() == 1
    assert "l1_norm changed an array that it was given" in work.out


def test_an_error_in_the_learners_code_shows_the_learners_line(work):
    work.write(l1_norm="return float(np.abs(x).smu())")
    assert work.run() == 1
    assert "AttributeError: 'numpy.ndarray' object has no attribute 'smu'" in work.out
    assert "in l1_norm\n    return float(np.abs(x).smu())" in work.out


def test_a_users_thread_settings_do_no_harm(work):
    work.solve("linalg/pca")
    assert work.run("exercises", OMP_NUM_THREADS="4", OPENBLAS_NUM_THREADS="4") == 0


# ------------------------------------------------------------------ diagnosis


PCA_ID = "linalg/pca"
UNKNOWN = ("scores @ self.components_ + self.mean_", "np.sin(scores) @ self.components_ + self.mean_")
DIVIDES = ("variances = (singular_values / (n_samples - 1) ** 0.5) ** 2", "variances = singular_values**2 / n_samples")
SAID = "it looks like this: Your variances are too small by the factor (n - 1) / n: equation (5) divides by n - 1."


def test_a_known_mistake_is_named_in_whatever_way_it_is_written(work):
    work.solve(PCA_ID, DIVIDES)
    assert work.run(f"exercises/{PCA_ID}.py") == 1
    assert SAID in work.out


def test_a_known_mistake_is_named_while_later_parts_are_not_written(work):
    work.solve(PCA_ID, DIVIDES)
    file = work.root / exercises()[PCA_ID].file
    source = file.read_text()
    start = source.index("        n_before, n_new = ")
    end = source.index("    def fit_transform")
    hole = '        raise NotImplementedError("not written yet: PCA.partial_fit")\n\n'
    file.write_text(source[:start] + hole + source[end:])
    assert work.run(f"exercises/{PCA_ID}.py") == 1
    assert "not written yet: PCA.partial_fit" in work.out
    assert SAID in work.out


def test_a_mistake_that_does_what_a_small_change_of_the_reference_does_is_described(work):
    work.solve(PCA_ID, (DIVIDES[0], "variances = singular_values**2 / (n_samples + 1)"))
    assert work.run(f"exercises/{PCA_ID}.py") == 1
    assert "it looks like this: as if something were added that should be subtracted." in work.out


def test_an_unknown_mistake_is_not_named(work):
    work.solve(PCA_ID, (DIVIDES[0], "variances = singular_values**2 / (n_samples + 37)"))
    assert work.run(f"exercises/{PCA_ID}.py") == 1
    assert "to be mended: PCA.fit" in work.out
    assert "it looks like this" not in work.out


def test_a_run_of_some_tests_names_a_mistake_only_if_they_tell_it_from_the_others(work):
    work.solve(PCA_ID, DIVIDES)
    assert work.run(f"exercises/{PCA_ID}.py", "-k", "fix_signs") == 0
    assert "it looks like this" not in work.out


def test_what_only_later_tests_can_tell_is_said_at_the_end(work):
    old = "        return self._learn(X - mean, mean, len(X))\n"
    new = """        self._learn(X - mean, mean, len(X))
        self.total_variance_ *= 0.873
        self.explained_variance_ratio_ = self.explained_variance_ / (self.total_variance_ or 1.0)
        return self
"""
    work.solve(PCA_ID, (old, new))
    assert work.run(f"exercises/{PCA_ID}.py") == 1
    assert "a later test says why: Every entry is 1.14548 times what is expected." in work.out


def test_an_open_prerequisite_is_suggested_where_something_fails_for_no_known_cause(work):
    work.solve(PCA_ID, DIVIDES)
    work.run(f"exercises/{PCA_ID}.py")
    assert "it rests on" not in work.out
    work.solve(PCA_ID, UNKNOWN)
    work.run(f"exercises/{PCA_ID}.py")
    assert "if the idea is unclear: it rests on linalg/norms, which you have not finished" in work.out
    work.solve("linalg/norms")
    work.run(f"exercises/{PCA_ID}.py")
    assert "it rests on" not in work.out


def test_no_prerequisite_is_suggested_where_most_tests_of_a_part_pass(work):
    work.solve(PCA_ID, ("return X if X.dtype in (np.float32, np.float64) else", "return"))
    assert work.run(f"exercises/{PCA_ID}.py") == 1
    assert "it rests on" not in work.out


def test_changed_tests_name_no_mistake(work):
    work.solve(PCA_ID, DIVIDES)
    tests = work.root / exercises()[PCA_ID].tests
    tests.write_text(tests.read_text() + "\n\ndef test_partial_fit_another_day():\n    pass\n")
    assert work.run(f"exercises/{PCA_ID}.py") == 1
    assert "it looks like this" not in work.out
