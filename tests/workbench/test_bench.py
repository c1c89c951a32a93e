"""The benchmark harness, on a clock of its own: nothing here depends on how fast the machine is."""

import ast
import math
import sys
import tomllib
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mlpath.workbench.bench import (
    LIBRARIES,
    BenchmarkError,
    Beside,
    Case,
    Record,
    Row,
    bench,
    close,
    draw,
    interval,
    measure,
    measure_file,
    table,
    write_docs,
)
from mlpath.workbench.curriculum import Exercise, exercises

ROOT = Path(__file__).parents[2]
FILES = sorted(set((ROOT / "benchmarks").rglob("bench_*.py")) - set((ROOT / "benchmarks/workbench").iterdir()))
SCRIPTS = [file for file in FILES if file.name == "bench_quality.py"]  # the stated quality of trained models


class Clock:
    """Stands still but for what calls of its works take, each time up to a tenth more."""

    def __init__(self):
        self.now, self.calls, self.rng = 0.0, [], np.random.default_rng(0)

    def __call__(self):
        return self.now

    def work(self, name, seconds, result=1.0):
        def call():
            self.calls.append(name)
            self.now += seconds * (1 + self.rng.uniform(0, 0.1))
            return result

        return call


@pytest.fixture
def clock():
    return Clock()


def row(case="a case", ratio=2.0, limit=4.0, others=()):
    beside = Beside("the peer", 1e-3, ratio, 0.9 * ratio, 1.1 * ratio)
    return Row(case, 1e-3 * ratio, beside, [Beside(name, 1e-3, r, r, r) for name, r in others], limit)


def test_ours_that_takes_twice_as_long_has_a_ratio_of_about_two(clock):
    case = Case("twice", clock.work("ours", 0.02), "theirs", clock.work("theirs", 0.01), close(1e-9))
    found = measure(case, 20, clock)
    assert found.seconds == pytest.approx(0.02, rel=0.05) and found.peer.seconds == pytest.approx(0.01, rel=0.05)
    assert found.peer.ratio == pytest.approx(2, rel=0.05)
    assert 1.8 < found.peer.low < found.peer.high < 2.2
    assert found.peer.low <= found.peer.ratio <= found.peer.high


def test_contestants_take_turns_after_a_call_to_check_and_one_to_see_how_long_it_takes(clock):
    works = {name: clock.work(name, 0.01) for name in "opq"}
    measure(Case("turns", works["o"], "p", works["p"], close(1e-9), {"q": works["q"]}), 3, clock)
    assert "".join(clock.calls) == "opq" * 5


def test_a_fast_call_is_repeated_within_a_round_and_its_time_is_that_of_one(clock):
    case = Case("fast", clock.work("ours", 1e-3), "theirs", clock.work("theirs", 0.01), close(1e-9))
    found = measure(case, 3, clock)
    assert clock.calls.count("theirs") == 2 + 3
    assert 2 + 3 * 4 < clock.calls.count("ours") <= 2 + 3 * 5
    assert found.seconds == pytest.approx(1e-3, rel=0.1)


def test_the_ratio_is_that_of_the_least_times(clock):
    slow_at_first = iter([0.1] * 12 + [0.02] * 10)

    def ours():
        clock.now += next(slow_at_first)
        return 1.0

    found = measure(Case("a noisy start", ours, "theirs", clock.work("theirs", 0.01), close(1e-9)), 20, clock)
    assert found.peer.ratio == pytest.approx(2, rel=0.05)


def test_others_are_timed_beside_ours(clock):
    others = {"slow": clock.work("slow", 0.08), "fast": clock.work("fast", 0.01)}
    case = Case("others", clock.work("ours", 0.02), "theirs", clock.work("theirs", 0.01), close(1e-9), others)
    found = measure(case, 20, clock)
    assert [b.name for b in found.others] == ["slow", "fast"]
    assert [b.ratio for b in found.others] == pytest.approx([0.25, 2], rel=0.05)


def test_times_are_per_unit_of_what_a_call_is_worth(clock):
    works = clock.work("ours", 0.01), clock.work("theirs", 0.02)
    found = measure(Case("worth", works[0], "theirs", works[1], close(1e-9), worth=(2.0, 10.0)), 20, clock)
    assert found.seconds == pytest.approx(0.005, rel=0.05) and found.peer.seconds == pytest.approx(0.002, rel=0.05)
    assert found.peer.ratio == pytest.approx(2.5, rel=0.05)


@pytest.mark.parametrize("worse", ["ours", "numpy-ml"])
def test_what_is_not_equally_good_is_named_and_nothing_is_timed(clock, worse):
    works = {name: clock.work(name, 0.01, 1.5 if name == worse else 1.0) for name in ("ours", "theirs", "numpy-ml")}
    case = Case("wrong", works["ours"], "theirs", works["theirs"], close(1e-9), {"numpy-ml": works["numpy-ml"]})
    with pytest.raises(BenchmarkError, match=f"^{worse} and theirs are not equally good: (.|\n)*0.5"):
        measure(case, 20, clock)
    assert clock.calls == ["ours", "theirs", "numpy-ml"]


def test_the_interval_covers_the_ratio_of_least_times_in_nine_runs_of_ten():
    """The noise is exponential, as a rough model: what disturbs a run only ever adds. 0.9 is 4 deviations below 0.95."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(300):
        ours, theirs = 2 + rng.exponential(0.2, size=20), 1 + rng.exponential(0.1, size=20)
        low, high = interval(ours, theirs)
        hits += low <= 2 <= high
    assert hits >= 270


def test_more_rounds_make_the_interval_narrower():
    rng = np.random.default_rng(0)
    ours, theirs = 2 + rng.exponential(0.2, size=500), 1 + rng.exponential(0.1, size=500)
    widths = [high - low for low, high in (interval(ours[:n], theirs[:n]) for n in (20, 500))]
    assert widths[1] < widths[0] / 4


# ---------------------------------------------------------------------- files

GOOD = '''"""What is compared."""
from answers import ANSWER
from mlpath.workbench.bench import Case, close


def cases():
    yield Case("one", lambda: ANSWER, "theirs", lambda: 42, close(1e-9))
'''


def lay_out(root, source):
    file = root / Exercise("linalg/norms").benchmark
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")
    (root / "benchmarks" / "answers.py").write_text("ANSWER = 42", encoding="utf-8")
    return file


def test_a_run_measures_in_a_fresh_process_and_writes_all_three_files(tmp_path, capsys):
    lay_out(tmp_path, GOOD)
    assert bench([Exercise("linalg/norms"), Exercise("linalg/pca")], tmp_path, rounds=2)
    assert "one" in capsys.readouterr().out
    assert {file.name for file in (tmp_path / "docs").iterdir()} == {
        f"benchmarks.{end}" for end in ("json", "md", "svg")
    }
    written = (tmp_path / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert "What is compared." in written and "| one |" in written and "numpy" in written


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import no_such_peer", "no_such_peer is not installed; it comes with: pip install -e '.[bench]'"),
        ("def cases():\n    assert False, 'the data are wrong'\n    yield", "bench_norms.py: the data are wrong"),
        (GOOD.replace("lambda: 42", "lambda: 43"), "one: ours and theirs are not equally good: "),
        (GOOD + "    assert False, 'later'", "after one: later"),
        (GOOD.replace("lambda: ANSWER", "lambda: 1 / 0"), "one:\nTraceback"),
        ("from mlpath.linalg import no_such", "cannot import name 'no_such'"),
        ("import mlpath.no_such", "bench_norms.py: No module named 'mlpath.no_such'"),
        ("x = 1", "has no attribute 'cases'"),
    ],
)
def test_a_file_that_gives_no_times_says_why(tmp_path, monkeypatch, source, says):
    file = lay_out(tmp_path, source)
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(BenchmarkError) as raised:
        measure_file(file, tmp_path / "benchmarks", 1)
    assert says in str(raised.value)


def test_a_benchmark_that_fails_is_one_of_the_run_and_writes_nothing(tmp_path, capsys):
    lay_out(tmp_path, "import no_such_peer")
    assert not bench([Exercise("linalg/norms")], tmp_path)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "    no_such_peer is not installed; it comes with: pip install -e '.[bench]'"
    ]
    assert not (tmp_path / "docs").exists()


def test_an_exercise_without_a_benchmark_is_said_to_have_none(tmp_path, capsys):
    assert not bench([Exercise("linalg/norms")], tmp_path)
    assert capsys.readouterr().out == "no benchmark of linalg/norms\n"


# -------------------------------------------------------------------- writing


@pytest.fixture
def no_chart(monkeypatch):
    monkeypatch.setattr("mlpath.workbench.bench.draw", lambda records, file: None)


@pytest.mark.usefixtures("no_chart")
def test_renewed_rows_leave_those_of_other_exercises_as_they_are(tmp_path):
    write_docs(tmp_path, {id_: Record("", "yesterday", [row(f"old {id_}")]) for id_ in ("linalg/pca", "linalg/norms")})
    write_docs(tmp_path, {"linalg/pca": Record("", "today", [row("new")])})
    text = (tmp_path / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert "| old linalg/norms |" in text and "| new |" in text and "old linalg/pca" not in text
    assert "Measured yesterday: linalg/norms." in text and "Measured today: linalg/pca." in text
    records = msgspec.json.decode((tmp_path / "docs/benchmarks.json").read_bytes(), type=dict[str, Record])
    assert list(records) == ["linalg/norms", "linalg/pca"], "in learning order"


@pytest.mark.usefixtures("no_chart")
def test_what_is_no_exercise_any_more_leaves_the_table(tmp_path):
    write_docs(tmp_path, {"linalg/gone": Record("", "", [row()]), "linalg/pca": Record("", "", [row()])})
    assert "linalg/gone" not in (tmp_path / "docs/benchmarks.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_chart")
def test_a_ratio_above_its_limit_is_shown_in_the_table(tmp_path):
    rows = [row("slow", 5.0), row("quick", 0.05, 1.5, others=[("numpy-ml", 0.4)])]
    write_docs(tmp_path, {"linalg/pca": Record("", "", rows)})
    text = (tmp_path / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert "| slow | 5 | the peer | 1 | 5.00 [4.50, 5.50] | 4 **exceeded** |  |" in text
    assert "| quick | 0.05 | the peer | 1 | 0.050 [0.045, 0.055] | 1.5 | numpy-ml, 1 ms: 0.40 [0.40, 0.40] |" in text
    assert "| linalg/pca | 2 | 2.52 | 5.00 | 1 |" in text


def test_the_same_records_give_the_same_chart(tmp_path):
    records = {"linalg/pca": Record("", "", [row(others=[("numpy-ml", 0.4)])])}
    for name in ("one.svg", "two.svg"):
        draw(records, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


# ------------------------------------------------------------- what there is


@pytest.mark.parametrize("file", FILES, ids=[file.relative_to(ROOT).as_posix() for file in FILES])
def test_a_benchmark_belongs_to_an_exercise_and_has_a_note_and_cases(file):
    tree = ast.parse(file.read_bytes())
    assert ast.get_docstring(tree)
    if file in SCRIPTS:
        return
    assert file in [ROOT / exercise.benchmark for exercise in exercises().values()]
    assert "cases" in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_versions_are_stated_of_all_peers():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = {requirement.partition(" ")[0] for requirement in extras["bench"]} - {"mlpath[torch]"}
    assert named and named <= set(LIBRARIES)


def test_the_document_is_what_its_records_give():
    records = msgspec.json.decode((ROOT / "docs/benchmarks.json").read_bytes(), type=dict[str, Record])
    assert all(math.isfinite(b.ratio) for record in records.values() for r in record.rows for b in [r.peer, *r.others])
    assert (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8") == table(records)
