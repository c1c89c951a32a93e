"""The command line: hints for learners, stubs and checks for authors."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mlpath.workbench.curriculum import CurriculumError, exercises, find, problems
from mlpath.workbench.stubs import is_untouched

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Learn machine learning by writing it.",
)
dev = typer.Typer(no_args_is_help=True, help="For authors of exercises.")
app.add_typer(dev, name="dev")

Id = Annotated[
    str, typer.Argument(metavar="ID", help="An exercise, such as linalg/pca; pca is enough where it is unique.")
]
TIERS = ("nudge", "idea", "nearly")


@app.callback()
def main() -> None:
    """Learn machine learning by writing it."""


@app.command()
def hint(
    id_: Id,
    part: Annotated[str, typer.Argument(help="The function you are at, such as PCA.fit.")] = "",
    tier: Annotated[int, typer.Argument(min=1, max=3, help="1 is a nudge, 3 is nearly the answer.")] = 1,
) -> None:
    """Help with one part of an exercise, a tier at a time."""
    try:
        exercise = find(id_)
        hints = exercise.details.hints
    except CurriculumError as error:
        raise SystemExit(str(error)) from None
    if part not in hints:
        asked = f"{exercise.id} has no part {part!r}. " if part else ""
        typer.echo(f"{asked}There are hints for: {', '.join(hints)}")
        raise typer.Exit(1 if part else 0)
    typer.echo(getattr(hints[part], TIERS[tier - 1]))
    if tier < len(TIERS):
        typer.echo(f"\nMore: mlpath hint {id_} {part} {tier + 1}")


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
        old = file.read_text(encoding="utf-8") if file.exists() else None
        if old == new:
            continue
        if check:
            problems.append(f"out of date: {exercise.file}; run: mlpath dev stubs")
        elif old is not None and not is_untouched(old):
            problems.append(f"kept as it is, because something has been written in it: {exercise.file}")
        else:
            if old is not None:
                _back_up(file, root)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(new, encoding="utf-8")
            typer.echo(f"written: {exercise.file}")
    if problems:
        raise SystemExit("\n".join(problems))


def _back_up(file: Path, root: Path) -> None:
    """Copy a learner's file to .mlpath/backups/, under the time of day, before it is replaced."""
    name = f"{file.stem}.{datetime.now():%Y%m%d-%H%M%S-%f}.py"
    copy = root / ".mlpath" / "backups" / file.relative_to(root).parent / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, copy)


@dev.command()
def check(ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None) -> None:
    """Say what exercises lack: the check that CI runs over all of them."""
    from mlpath.workbench.check import missing

    try:
        chosen = [find(id_) for id_ in ids] if ids else list(exercises().values())
        found = {"curriculum": problems()} if not ids else {}
    except CurriculumError as error:
        raise SystemExit(str(error)) from None
    found |= {exercise.id: missing(exercise, Path.cwd()) for exercise in chosen}
    for name, lacks in found.items():
        typer.echo(f"{name}: {'complete' if not lacks else ''}" + "".join(f"\n    {line}" for line in lacks))
    if any(found.values()):
        raise SystemExit(1)
