"""Benchmarks: a reference beside its production peer, equal in quality first, then timed side by side.

The file `benchmarks/ROOM/bench_NAME.py` of an exercise has a function `cases()` that yields a `Case` for each comparison.
Its docstring says what is compared; it stands above the table in `docs/benchmarks.md`.

Each file is measured in a fresh process, on one thread. Ours, the peer and the others take turns, so that all of them see
the same noise, and their least times are compared: noise only ever adds. Times are the processor's, which stand still while
another process runs: on a machine with twice as many processes as cores, ratios were up to 1.2 times apart from run to run,
by the wall clock up to 1.8 times.
"""

import gc
import importlib.metadata
import importlib.util
import math
import multiprocessing
import os
import platform
import sys
import textwrap
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import msgspec
import numpy as np

from mlpath.workbench.curriculum import Exercise, exercises

Call = Callable[[], Any]
LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "arviz-stats",
    "blackjax",
    "cma",
    "diffusers",
    "emcee",
    "jax",
    "numpy-ml",
    "tensorly",
)
BLOCK_SECONDS = 0.005  # a fast call is repeated for so long: the clock and a cold start then count little
NO_RATIO_ABOVE = 4.0


class BenchmarkError(Exception):
    """A benchmark that gives no times; the message says why."""


@dataclass(frozen=True)
class Case:
    """Ways to the same result. `check(result, peer's result)` raises unless both are equally good.

    `others` are educational libraries. `limit` is the ratio of ours to the peer that should not be exceeded. Where calls of
    ours and of the peer do not yield equally much, `worth` says how much each does, and times are per unit of it.
    """

    name: str
    ours: Call
    peer_name: str
    peer: Call
    check: Callable[[Any, Any], None]
    others: Mapping[str, Call] = field(default_factory=dict)
    limit: float = NO_RATIO_ABOVE
    worth: tuple[float, float] = (1.0, 1.0)


def close(rtol: float, atol: float = 0.0) -> Callable[[Any, Any], None]:
    """Return a check that two results are the same numbers, up to these tolerances."""

    def check(result: Any, expected: Any) -> None:
        np.testing.assert_allclose(result, expected, rtol=rtol, atol=atol)

    return check


class Beside(msgspec.Struct):
    """Something that ours was timed beside: its least seconds, and how many times as long ours takes."""

    name: str
    seconds: float
    ratio: float
    low: float
    high: float


class Row(msgspec.Struct):
    """What was measured in one case."""

    case: str
    seconds: float
    peer: Beside
    others: list[Beside]
    limit: float


class Record(msgspec.Struct):
    """What was measured of one exercise, and where."""

    about: str
    setting: str
    rows: list[Row]


# ------------------------------------------------------------------ measuring


def measure(case: Case, rounds: int, clock: Callable[[], float] = process_time) -> Row:
    """Check that all results are equally good, then time the calls in turn, so many rounds."""
    if case.others and case.worth != (1.0, 1.0):
        raise BenchmarkError("with `worth`, there is no place for others")
    names = ["ours", case.peer_name, *case.others]
    calls = [case.ours, case.peer, *case.others.values()]
    results = [call() for call in calls]
    for name, result in zip(names, results):
        try:
            case.check(result, results[1])
        except AssertionError as error:
            raise BenchmarkError(f"{name} and {case.peer_name} are not equally good: {str(error).strip()}") from None
    del results
    repeats = [min(10_000, math.ceil(BLOCK_SECONDS / max(_timed(call, 1, clock), 1e-9))) for call in calls]
    gc.collect()
    gc.disable()
    try:
        times = [[_timed(call, n, clock) for call, n in zip(calls, repeats)] for _ in range(rounds)]
    finally:
        gc.enable()
    ours, *rest = (np.array(times) / (*case.worth, *([1.0] * len(case.others)))).T
    peer, *others = [
        Beside(name, float(theirs.min()), float(ours.min() / theirs.min()), *interval(ours, theirs))
        for name, theirs in zip(names[1:], rest)
    ]
    return Row(case.name, float(ours.min()), peer, others, case.limit)


def interval(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Return what holds 95 % of the ratios of minima, over half as many rounds, drawn at random.

    Half, since the least of as many as there are is, in two of three draws, the very same number.
    """
    picks = np.random.default_rng(0).integers(len(ours), size=(2000, max(1, len(ours) // 2)))
    low, high = np.quantile(ours[picks].min(axis=1) / theirs[picks].min(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _timed(call: Call, repeats: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats


# --------------------------------------------------------------------- running


def measure_file(file: Path, helpers: Path, rounds: int) -> Record:
    """Measure all cases of a file; `helpers` is the folder of what several such files import."""
    sys.path.append(str(helpers))
    where = file.name
    try:
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)
        rows = []
        for case in module.cases():
            where = case.name
            rows.append(measure(case, rounds))
            where = f"after {case.name}"
    except BenchmarkError as error:
        raise BenchmarkError(f"{where}: {error}") from None
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "mlpath":
            raise BenchmarkError(f"{where}: {error}") from None
        raise BenchmarkError(f"{error.name} is not installed; it comes with: pip install -e '.[bench]'") from None
    except AssertionError as error:
        raise BenchmarkError(f"{where}: {error}") from None
    except Exception:  # the traceback is for the author, and need not survive the way to the parent
        raise BenchmarkError(f"{where}:\n{traceback.format_exc()}") from None
    return Record((module.__doc__ or "").strip(), setting(), rows)


def setting() -> str:
    """Say when and on what this is measured."""
    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    versions = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"{date.today()}, {cpu} ({os.cpu_count()} cores, one thread used), {', '.join(versions)}"


def bench(chosen: list[Exercise], root: Path, *, rounds: int = 20, write: bool = True) -> bool:
    """Measure exercises that have a benchmark and print what comes out; return whether all went well.

    With `write`, the results replace those of the same exercises in `docs/benchmarks.json`, and the table and the chart are
    drawn anew. A ratio above its limit is shown, and is no failure: times depend on the machine.
    """
    files = {exercise.id: file for exercise in chosen if (file := root / exercise.benchmark).exists()}
    if not files:
        print(f"no benchmark of {', '.join(exercise.id for exercise in chosen)}")
        return False
    records: dict[str, Record] = {}
    for id_, file in files.items():
        print(id_, flush=True)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
            try:
                records[id_] = fresh.submit(measure_file, file, root / "benchmarks", rounds).result()
            except BenchmarkError as error:
                print(textwrap.indent(str(error), "    "))
                continue
            except BrokenProcessPool:
                print("    its process died")
                continue
        for row in records[id_].rows:
            print(_line(row), flush=True)
    if write and records:
        write_docs(root, records)
    return len(records) == len(files)


def _line(row: Row) -> str:
    beside = "   ".join(f"{b.name} {_ms(b.seconds)} ms, ratio {_ratio(b)}" for b in [row.peer, *row.others])
    over = f"   above {row.limit:g}" if row.peer.ratio > row.limit else ""
    return f"    {row.case:<48} {_ms(row.seconds):>8} ms   {beside}{over}"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.3g}" if seconds < 1 else f"{1e3 * seconds:,.0f}"


def _ratio(b: Beside) -> str:
    digits = 2 if b.ratio >= 0.1 else 3
    return f"{b.ratio:.{digits}f} [{b.low:.{digits}f}, {b.high:.{digits}f}]"


# --------------------------------------------------------------------- writing

HEAD = """# Benchmarks

Made by `mlpath dev bench`; not edited by hand. `mlpath dev bench linalg/pca` measures one exercise and renews its rows alone.

Each reference is timed beside a production library that does the same job, after a check that both results are equally
good. One thread, a fresh process for each exercise, the garbage collector off; the contestants take turns, and a ratio is
that of their least processor times. In brackets is what 95 % of the ratios lie within, over half as many rounds, drawn at
random: it tells the noise of one run, not what another machine or another day would bring. Limits are shown where they are
exceeded, and never enforced. The last column has educational libraries where they do the same job, to the same check.

![Time of each reference divided by that of its peer](benchmarks.svg)
"""


def write_docs(root: Path, new: Mapping[str, Record]) -> None:
    """Put new records beside the old ones in `docs/benchmarks.json`, and draw the table and the chart from all."""
    file = root / "docs" / "benchmarks.json"
    records = msgspec.json.decode(file.read_bytes(), type=dict[str, Record]) if file.exists() else {}
    records |= new
    records = {id_: records[id_] for id_ in exercises() if id_ in records}
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(records), indent=1) + b"\n")
    file.with_suffix(".md").write_text(table(records), encoding="utf-8")
    draw(records, file.with_suffix(".svg"))


def table(records: Mapping[str, Record]) -> str:
    """Return the document: how it was measured, a summary, and a table for each exercise."""
    settings: dict[str, list[str]] = {}
    for id_, record in records.items():
        settings.setdefault(record.setting, []).append(id_)
    lines = [HEAD]
    for where, ids in settings.items():
        lines.append(f"Measured {where}{'' if len(settings) == 1 else ': ' + ', '.join(ids)}.\n")
    lines += ["| exercise | cases | median ratio | largest ratio | above the limit |", "|---|--:|--:|--:|--:|"]
    for id_, record in records.items():
        ratios = [row.peer.ratio for row in record.rows]
        over = sum(row.peer.ratio > row.limit for row in record.rows)
        lines.append(f"| {id_} | {len(ratios)} | {median(ratios):.2f} | {max(ratios):.2f} | {over} |")
    for id_, record in records.items():
        lines += ["", f"## {id_}", "", record.about, ""]
        lines.append("| case | ours, ms | peer | peer, ms | ours ÷ peer | limit | ours ÷ educational library |")
        lines.append("|---|--:|---|--:|--:|--:|---|")
        for row in record.rows:
            limit = f"{row.limit:g}" + (" **exceeded**" if row.peer.ratio > row.limit else "")
            others = "; ".join(f"{b.name}, {_ms(b.seconds)} ms: {_ratio(b)}" for b in row.others)
            cells = [row.case, _ms(row.seconds), row.peer.name, _ms(row.peer.seconds), _ratio(row.peer), limit, others]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw(records: Mapping[str, Record], file: Path) -> None:
    """Draw all ratios on a logarithmic axis: a band for each exercise, a line in it for each case."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator

    heights = [math.sqrt(len(record.rows)) for record in records.values()]
    figure = Figure(figsize=(8, 1.6 + 0.32 * sum(heights)), layout="constrained")
    axes = figure.add_subplot()
    top = 0.0
    for record, height in zip(records.values(), heights):
        gap = height / (len(record.rows) + 1)
        for i, row in enumerate(record.rows, start=1):
            y = top + i * gap
            axes.plot([row.limit] * 2, [y - gap / 2, y + gap / 2], color="tab:red", lw=1.5, label="limit")
            for b, colour, marker in [(row.peer, "tab:blue", "o"), *[(b, "tab:orange", "D") for b in row.others]]:
                label = "production peer" if b is row.peer else "educational library"
                axes.plot([b.low, b.high], [y, y], color=colour, lw=1)
                axes.plot([b.ratio], [y], marker, color=colour, ms=3.5, ls="", label=label)
        top += height
        axes.axhline(top, color="0.85", lw=0.8)
    ends = np.cumsum(heights)
    axes.set_yticks(ends - np.array(heights) / 2, list(records))
    axes.tick_params(axis="y", length=0)
    axes.set(
        xscale="log", ylim=(top, 0), xlabel="time of the reference ÷ time of the other (left of 1: ours is faster)"
    )
    axes.axvline(1, color="0.3", lw=1, zorder=1)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["left", "right", "top"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles))
    figure.legend(unique.values(), unique.keys(), loc="outside upper center", ncols=3, frameon=False)
    with mpl.rc_context({"svg.hashsalt": "mlpath"}):  # the same figures give the same file
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else {}, dpi=150)
