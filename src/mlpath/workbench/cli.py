"""The command line of learners; that of authors is `mlpath dev`."""

from typing import Annotated

import typer

from mlpath.workbench.curriculum import CurriculumError, find
from mlpath.workbench.dev import dev

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Learn machine learning by writing it.",
)
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
