"""Three questions on an exercise, with their answers."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from mlpath.workbench.curriculum import Exercise, Question

if TYPE_CHECKING:
    from rich.console import Console

KINDS = {"predict": "Predict", "why": "Why", "what if": "What if"}


def ask(exercise: Exercise, console: "Console") -> None:
    """Ask the questions. In a terminal each answer waits for Enter; elsewhere it follows at once."""
    from rich.text import Text

    from mlpath.workbench.notes import Prose

    waits = console.is_terminal and sys.stdin.isatty()
    started = _is_started(exercise)
    questions = exercise.details.questions
    for i, question in enumerate(questions, start=1):
        console.print(Text.assemble((f"{i} of {len(questions)}: {KINDS[question.kind]}", "bold")))
        console.print(Prose(question.ask))
        if reminder := _reminder(question, started):
            console.print(Text(reminder, "italic"))
        console.print()
        if waits:
            try:
                console.input(Text("Think, type your answer if you like, then press Enter. ", "cyan"))
            except (EOFError, KeyboardInterrupt):
                console.print()
                return
        console.print(Text.assemble(("Answer", "bold green")))
        console.print(Prose(question.answer))
        if i < len(questions):
            console.print()


def _reminder(question: Question, started: bool | None) -> str:
    """Say when a question to predict something is worth most: before the learner has written anything."""
    if question.kind != "predict" or started is None:
        return ""
    if started:
        return "This one was to be thought about before you began to write: were you right?"
    return "Answer this one now, before you begin to write; it is worth most then."


def _is_started(exercise: Exercise) -> bool | None:
    """Whether the learner has begun to write; None where there is no workspace to tell."""
    from mlpath.workbench.progress import is_started
    from mlpath.workbench.workspace import WorkspaceError, find_workspace

    with suppress(WorkspaceError):
        return is_started(find_workspace(), exercise)
    return None
