"""The command line of learners; that of authors is `mlpath dev`.

What a command does stands in a module of its own, which is imported when the command is called: `mlpath` starts at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises, find
from mlpath.workbench.dev import dev
from mlpath.workbench.workspace import Workspace, WorkspaceError, find_workspace

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    pretty_exceptions_enable=False,
    help="Learn machine learning by writing it. Without a command: your progress, and what comes next.",
)
app.add_typer(dev, name="dev")


def completed(incomplete: str) -> Iterator[str]:
    """Yield the IDs that what is typed so far may become: whole ones, and short names that are unique."""
    for id_ in exercises():
        if id_.startswith(incomplete):
            yield id_
        elif (name := id_.rpartition("/")[2]).startswith(incomplete) and _is_unique(name):
            yield name


def _is_unique(name: str) -> bool:
    try:
        return bool(find(name))
    except CurriculumError:
        return False


Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        autocompletion=completed,
        help="An exercise, such as linalg/pca; pca is enough where it is unique.",
    ),
]
OptionalId = Annotated[
    str, typer.Argument(metavar="[ID]", autocompletion=completed, help="An exercise; without it, the one you are at.")
]


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what a user can mend into one sentence, without a traceback."""
    try:
        yield
    except (CurriculumError, WorkspaceError) as error:
        raise SystemExit(str(error)) from None


def chosen(id_: str) -> tuple[Workspace, Exercise]:
    """Return where we are and the exercise that is meant: without an ID, the one that the learner is at."""
    from mlpath.workbench.overview import current

    workspace = find_workspace()
    return workspace, find(id_) if id_ else current(workspace)


def console() -> "Console":
    """Return a console that heeds NO_COLOR and pipes."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Learn machine learning by writing it."""
    if context.invoked_subcommand is None:
        from mlpath.workbench.overview import show_overview

        with plainly():
            show_overview(find_workspace(), console())


@app.command("list")
def list_(
    words: Annotated[
        list[str] | None, typer.Argument(help="Only what has all these words in its track, ID or title.")
    ] = None,
) -> None:
    """Every exercise, by track: what it is, how hard, how long, and how far you are."""
    from mlpath.workbench.overview import show_list

    with plainly():
        show_list(find_workspace(), console(), words or [])


@app.command("next")
def next_() -> None:
    """What to do next: the part you are at, or the next exercise whose prerequisites you have."""
    from mlpath.workbench.overview import show_next

    with plainly():
        show_next(find_workspace(), console())


@app.command()
def check(
    id_: OptionalId = "",
    json: Annotated[
        bool, typer.Option("--json", help="The verdict as data, for scripts; docs/verdict.md says how.")
    ] = False,
) -> None:
    """Run the tests of an exercise on your file, and say how far you are. Exit status 0: passed."""
    from mlpath.workbench.verdict import run, show, to_json

    with plainly():
        workspace, exercise = chosen(id_)
        verdict = run(workspace, exercise)
    if json:
        typer.echo(to_json(verdict))
    else:
        show(verdict, workspace, console())
    raise typer.Exit(0 if verdict.passed else 1)


@app.command()
def watch(
    id_: OptionalId = "",
    poll: Annotated[bool, typer.Option("--poll", help="Look at the file twice a second: for network drives.")] = False,
) -> None:
    """Run the tests whenever you save your file. Ctrl-C ends it."""
    from mlpath.workbench.watch import watch as watched

    with plainly():
        workspace, exercise = chosen(id_)
        watched(workspace, exercise, console(), poll=poll)


@app.command()
def hint(
    id_: OptionalId = "",
    part: Annotated[str, typer.Argument(help="A function, such as PCA.fit; without it, the first that fails.")] = "",
    tier: Annotated[
        int, typer.Argument(min=0, max=3, help="1 is a nudge, 3 is nearly the answer; 0: one more than last time.")
    ] = 0,
) -> None:
    """Help with one part of an exercise, a tier at a time."""
    from mlpath.workbench.hints import show_hint

    with plainly():
        workspace, exercise = chosen(id_)
        show_hint(workspace, exercise, part, tier, console())


@app.command()
def notes(id_: OptionalId = "") -> None:
    """The study note of an exercise, with its mathematics made legible in a terminal."""
    from mlpath.workbench.notes import show_note

    with plainly():
        show_note(chosen(id_)[1], console())


@app.command()
def ask(id_: OptionalId = "") -> None:
    """Three questions on an exercise; think, then press Enter for the answer."""
    from mlpath.workbench.questions import ask as asked

    with plainly():
        asked(chosen(id_)[1], console())


@app.command()
def solution(
    id_: OptionalId = "",
    other: Annotated[bool, typer.Option("--other", help="Other right solutions, of another structure.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Show it even if you have not passed.")] = False,
) -> None:
    """The reference beside your file, part by part; after a pass, also how fast both are."""
    from mlpath.workbench.solution import show_solution

    with plainly():
        workspace, exercise = chosen(id_)
        show_solution(workspace, exercise, console(), other=other, yes=yes)


@app.command()
def figure(
    id_: OptionalId = "",
    mine: Annotated[bool, typer.Option("--mine", help="Drawn by your code, beside that of the reference.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; figures/ in your workspace, if left out.")
    ] = None,
) -> None:
    """Draw the figure of an exercise into a file, and say where it is. Some train networks, which takes minutes."""
    from mlpath.workbench.figure import draw

    with plainly():
        workspace, exercise = chosen(id_)
        draw(workspace, exercise, console(), mine=mine, out=out)


@app.command()
def reset(id_: Id) -> None:
    """Begin an exercise anew. A copy of what you have written is kept in .mlpath/backups/."""
    from mlpath.workbench.workspace import reset as begun_anew

    with plainly():
        typer.echo(begun_anew(find_workspace(), find(id_)))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one that an older version has made.")],
) -> None:
    """Lay out the exercises and their tests in a folder. What you have written there is never touched."""
    from mlpath.workbench.workspace import init as laid_out

    with plainly():
        for line in laid_out(folder):
            typer.echo(line)


@app.command()
def doctor() -> None:
    """Look whether all is well: Python, packages, the workspace, its version, the shell's completion."""
    from mlpath.workbench.doctor import examine

    raise typer.Exit(0 if examine(console()) else 1)
