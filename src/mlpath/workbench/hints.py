"""Help with one part of an exercise, a tier at a time."""

import difflib
from collections.abc import Collection
from typing import TYPE_CHECKING

from mlpath.workbench.curriculum import CurriculumError, Exercise
from mlpath.workbench.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console

TIERS = {"nudge": "a nudge", "idea": "the idea", "nearly": "nearly the answer"}


def show_hint(workspace: Workspace, exercise: Exercise, part: str, tier: int, console: "Console") -> None:
    """Print a hint and remember that it was shown.

    Without a part it is for the one to go on with, by what the tests say; with tier 0, it is one more than last time.
    """
    from rich.text import Text

    from mlpath.workbench.notes import Prose
    from mlpath.workbench.progress import load, record_hint

    hints = exercise.details.hints
    part = meant(part, hints, exercise.id) if part else _to_do(workspace, exercise, console)
    if not part:
        return
    shown = load(workspace).hints.get(exercise.id, {}).get(part, 0)
    tier = tier or min(shown + 1, len(TIERS))
    name = list(TIERS)[tier - 1]
    console.print(Text.assemble((part, "bold"), f" in {exercise.id}, hint {tier} of {len(TIERS)}: {TIERS[name]}"))
    console.print()
    console.print(Prose(getattr(hints[part], name)))
    console.print()
    record_hint(workspace, exercise, part, tier)
    if tier < len(TIERS):
        further = "" if tier >= shown else f" {tier + 1}"
        console.print(Text.assemble("More:  ", (f"mlpath hint {exercise.id} {part}{further}", "cyan")), soft_wrap=True)
    else:
        rest = Text.assemble("That was the last one. What may help still:  ", (f"mlpath notes {exercise.id}", "cyan"))
        console.print(rest, soft_wrap=True)


def meant(name: str, parts: Collection[str], id_: str) -> str:
    """Return the part that a name stands for: the method's name is enough where only one part is called so.

    Examples
    --------
    >>> meant("fit", ["fix_signs", "PCA.fit"], "linalg/pca")
    'PCA.fit'
    """
    small = name.lower()
    for fits in (
        [part for part in parts if part == name],
        [part for part in parts if small in (part.lower(), part.lower().rpartition(".")[2])],
        [part for part in parts if part.lower().rpartition(".")[2].startswith(small)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            break
    if len(fits) > 1:
        raise CurriculumError(f"{name!r} may be {' or '.join(fits)}: which one?")
    by_name = {key: part for part in parts for key in (part.rpartition(".")[2].lower(), part.lower())}
    near = dict.fromkeys(by_name[key] for key in difflib.get_close_matches(small, by_name, n=2))
    suggestion = f"; did you mean {' or '.join(near)}?" if near else "."
    raise CurriculumError(f"{id_} has no part {name!r}{suggestion} Its parts: {', '.join(parts)}")


def _to_do(workspace: Workspace, exercise: Exercise, console: "Console") -> str:
    """Return the part to go on with, or say why there is none."""
    from mlpath.workbench.progress import is_started
    from mlpath.workbench.verdict import run

    if workspace.file(exercise).exists() and not is_started(workspace, exercise):
        return exercise.parts[0]
    if console.is_terminal:  # a spinner would be a thread, and the tests run in a fork
        console.print("Running the tests, to see which part is to be done ...\n", markup=False, highlight=False)
    verdict = run(workspace, exercise)
    by_name = f"mlpath hint {exercise.id} PART, of: {', '.join(exercise.details.hints)}"
    said = ""
    if verdict.passed:
        said = f"{exercise.id} is done: there is nothing to be helped with. For a single part: {by_name}"
    elif verdict.status == "could not be tested":
        reason = verdict.first.message if verdict.first else "It could not be tested."
        said = f"{reason}\n\nMend this first; or name a part: {by_name}"
    elif verdict.to_do not in exercise.details.hints:
        what = f"{verdict.first.test} fails, which" if verdict.first else "What fails"
        said = f"{what} is about no single part. Name the one you are at: {by_name}"
    if said:
        console.print(said, markup=False, highlight=False)
    return "" if said else verdict.to_do
