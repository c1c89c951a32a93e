"""What is shown after a pass: what was graded besides correctness, and where to go from here."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from mlpath.workbench.curriculum import Exercise, exercises
from mlpath.workbench.overview import facts, standings, unlocked
from mlpath.workbench.workspace import Workspace, installed

if TYPE_CHECKING:
    from rich.console import Console

    from mlpath.workbench.seen import Seen
    from mlpath.workbench.verdict import Verdict

ALIKE = 1.3  # two runs of the same file differ by as much
NAMED = 3  # of the exercises that a pass opens
ROUNDS = 2  # in one there is too much noise
EXTREMES = {
    "overflow": "numbers whose squares overflow or vanish",
    "infinite": "infinities or NaN",
    "empty": "arrays without entries",
}


def show_after(verdict: "Verdict", workspace: Workspace, console: "Console") -> None:
    """Print what was graded, and what there is to see, to try and to do next."""
    from rich.markup import escape

    from mlpath.workbench.seen import SECONDS, Look

    exercise = exercises()[verdict.exercise]
    say = partial(console.print, highlight=False, emoji=False, soft_wrap=not console.is_terminal)
    is_quick = verdict.seconds < SECONDS  # else it would come to no end
    with Look(workspace, exercise) if is_quick else nullcontext() as look:
        tests = sum(part.tests for part in verdict.parts) + (verdict.others.tests if verdict.others else 0)
        say(f"{_count(len(verdict.parts), 'part')}, {_count(tests, 'test')}, all passed.")
        if text := " ".join(exercise.details.after.split()):
            say()
            console.print(escape(text), highlight=False, emoji=False)
        lines = list(graded(look and look.result()))  # while the child looks, there is something to read
    if lines:
        say()
        say("Besides being right:")
        for line in lines:
            say(f"  {line}")
    say()
    for command, what in commands(workspace, exercise):
        say(f"[bold]{command}[/]  {what}")
    say()
    if opened := unlocked(exercise, standings(workspace).passed):
        say("This opens:")
        for new in opened[:NAMED]:
            about = facts(new.id)
            say(f"  {new.id}: {escape(about.title)} (difficulty {about.difficulty} of 5, {about.minutes} minutes)")
        if more := opened[NAMED:]:
            say(f"  and {len(more)} more:  [bold]mlpath list[/]")
    else:
        say("What comes next:  [bold]mlpath next[/]")


def commands(workspace: Workspace, exercise: Exercise) -> list[tuple[str, str]]:
    """Return the commands that are worth while after a pass of this exercise, of one width, and what each is for."""
    from mlpath.workbench.figure import gallery_of

    found = []
    if gallery_of(exercise, workspace) is not None:
        found.append((f"mlpath figure {exercise.id} --mine", "the figure, drawn by your code"))
    note = exercise.reference.read_text(encoding="utf-8")
    if "## Go further" in note:
        found.append((f"mlpath notes {exercise.id}", "an experiment to try, in 'Go further'"))
    if any(any((root / exercise.alternatives).glob("*.py")) for root in (workspace.root, installed("."))):
        found.append((f"mlpath solution {exercise.id} --other", "how others go about it"))
    found.append((f"mlpath ask {exercise.id}", f"{len(exercise.details.questions)} questions"))
    width = max(len(command) for command, _ in found)
    return [(f"{command:<{width}}", what) for command, what in found]


def graded(seen: "Seen | None") -> Iterator[str]:
    r"""Yield what was seen of a learner's code besides its results, a sentence each.

    Examples
    --------
    >>> from mlpath.workbench.seen import Seen
    >>> print(*graded(Seen(arrays=3, mine=0.30, reference=0.10, rounds=2)), sep="\n")
    All 3 arrays that your functions were given are as they were.
    Your code takes the tests 3.0 times as long as the reference does.
    """
    if seen is None:
        return
    if seen.arrays:
        yield f"All {seen.arrays:,} arrays that your functions were given are as they were."
    if told := [f"{EXTREMES[kind]} ({_count(count, 'test')})" for kind, count in seen.extremes.items()]:
        yield f"It works at extremes: {', '.join(told)}."
    if seen.mine and seen.reference and seen.rounds >= ROUNDS:
        ratio = seen.mine / seen.reference
        if ratio > ALIKE:
            yield f"Your code takes the tests {ratio:.1f} times as long as the reference does."
        elif ratio < 1 / ALIKE:
            yield f"Your code is faster: with the reference, the tests take {1 / ratio:.1f} times as long."
        else:
            yield "Your code is as fast as the reference, in these tests."


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
