"""The command line of authors: `mlpath dev ...`."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises, find, problems
from mlpath.workbench.stubs import is_untouched
from mlpath.workbench.workspace import Workspace, back_up, write

T = TypeVar("T")
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Exercises; all, if none is named.")]

dev = typer.Typer(no_args_is_help=True, help="For authors of exercises.")


@dev.command()
def stubs(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a stub is out of date.")] = False,
) -> None:
    """Make the stubs of a clone's exercises/ anew. A file in which something has been written is kept as it is."""
    root = Path.cwd()
    if not (root / "src" / "mlpath").is_dir():
        raise SystemExit("run this in the root of a clone of mlpath")
    problems = []
    for exercise in exercises().values():
        file = root / exercise.file
        try:
            new = exercise.stub
        except (CurriculumError, OSError, SyntaxError) as error:
            problems.append(f"no stub of {exercise.id}: {error}")
            continue
        old = file.read_text(encoding="utf-8", errors="replace") if file.exists() else None
        if old == new:
            continue
        if check:
            problems.append(f"out of date: {exercise.file}; run: mlpath dev stubs")
        elif old is not None and not is_untouched(old):
            problems.append(f"kept as it is, because something has been written in it: {exercise.file}")
        else:
            if old is not None:
                back_up(Workspace(root), file)
            write(file, new)
            typer.echo(f"written: {exercise.file}")
    if problems:
        raise SystemExit("\n".join(problems))


@dev.command()
def check(
    ids: Ids = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make all proofs anew, changed or not.")] = False,
) -> None:
    """Say what exercises lack: all that CI demands. Proofs are made anew where something has changed, and recorded."""
    chosen = _chosen(ids)
    found = {} if ids else {"curriculum": problems()}
    found |= {exercise.id: [] for exercise in chosen}
    for exercise, lacks in _in_parallel(_proven, chosen, fresh):
        found[exercise.id] = lacks
    for name, lacks in found.items():
        typer.echo(f"{name}: {'complete' if not lacks else ''}" + "".join(f"\n    {line}" for line in lacks))
    _write_table()
    if any(found.values()):
        raise SystemExit(1)


def _write_table() -> None:
    from mlpath.workbench.records import table

    if (docs := Path.cwd() / "docs").is_dir():
        (docs / "proofs.md").write_text(table(), encoding="utf-8")


def _proven(exercise: Exercise, root: Path, fresh: bool) -> list[str]:
    from mlpath.workbench.check import proven

    return proven(exercise, root, fresh=fresh, report=_report)


@dev.command()
def mutants(ids: Ids = None) -> None:
    """Make small mutants of references, run the shared tests on each, and show the survivors as differences."""
    for exercise, found in list(_in_parallel(_mutants, _chosen(ids))):
        for diff in found.survivors:
            typer.echo(diff + "\n")
        typer.echo(f"{exercise.id}: {found}")


def _mutants(exercise: Exercise, root: Path) -> Any:
    from mlpath.workbench.proofs import try_mutants

    return try_mutants(exercise, root, _report)


@dev.command()
def power(
    ids: Ids = None, seeds: Annotated[int, typer.Option(min=1, help="How many other seeds to try.")] = 100
) -> None:
    """Measure over many seeds how often the tests reject the reference, and the mistakes that only chance can tell."""
    for exercise, found in list(_in_parallel(_power, _chosen(ids), seeds)):
        typer.echo(f"{exercise.id}: the reference is rejected with {found.false_rejections} of {seeds} seeds")
        for name, count in found.rejections.items():
            typer.echo(f"    {name}: rejected with {count} of {seeds}")
    _write_table()


def _power(exercise: Exercise, root: Path, seeds: int) -> Any:
    from mlpath.workbench.check import with_power

    return with_power(exercise, root, seeds, _report).power


@dev.command()
def bench(
    ids: Ids = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each side is timed.")] = 20,
    write: Annotated[bool, typer.Option(help="Renew the table and the chart in docs/.")] = True,
) -> None:
    """Time references beside their production peers, on one thread, after a check that both are equally good."""
    from mlpath.workbench.bench import bench as measured

    raise typer.Exit(0 if measured(_chosen(ids), Path.cwd(), rounds=rounds, write=write) else 1)


@dev.command()
def new(id_: Annotated[str, typer.Argument(metavar="ID", help="Such as linalg/foo.")]) -> None:
    """Lay out a new exercise: its files, each with what belongs there, and its place at the end of a track."""
    from mlpath.workbench.layout import lay_out

    try:
        for line in lay_out(id_, Path.cwd()):
            typer.echo(line)
    except CurriculumError as error:
        raise SystemExit(str(error)) from None


def _chosen(ids: list[str] | None) -> list[Exercise]:
    try:
        return [find(id_) for id_ in ids] if ids else list(exercises().values())
    except CurriculumError as error:
        raise SystemExit(str(error)) from None


# ------------------------------------------------------------- in parallel

_said: Any = None  # where a worker puts what it is doing


def _report(what: str) -> None:
    _said.put(what)


def _listen(queue: Any) -> None:
    global _said
    _said = queue


def _in_parallel(work: Callable[..., T], chosen: list[Exercise], *arguments: object) -> Iterator[tuple[Exercise, T]]:
    """Yield what `work(exercise, root, *arguments)` returns for each exercise, as it comes; in a terminal with a bar."""
    from concurrent.futures import ProcessPoolExecutor, as_completed

    from mlpath.workbench.isolation import CAN_FORK

    context = multiprocessing.get_context("fork" if CAN_FORK else "spawn")
    queue = context.SimpleQueue()
    workers = min(os.cpu_count() or 1, len(chosen))
    with (
        ProcessPoolExecutor(workers, context, initializer=_listen, initargs=(queue,)) as pool,
        _bar(len(chosen), queue) as advance,
    ):
        futures = {pool.submit(work, exercise, Path.cwd(), *arguments): exercise for exercise in chosen}
        for future in as_completed(futures):
            advance()
            yield futures[future], future.result()


@contextmanager
def _bar(total: int, queue: Any) -> Iterator[Callable[[], None]]:
    """Show how many exercises are done, and what is being run."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)

        def follow() -> None:
            while (what := queue.get()) is not None:
                progress.update(task, description=what)

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            yield lambda: progress.advance(task)
        finally:
            queue.put(None)
            follower.join()
