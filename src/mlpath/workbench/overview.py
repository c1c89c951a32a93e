"""Where the learner is: progress by track, the list of all exercises, and what comes next."""

import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from mlpath.workbench import curriculum
from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises, tracks
from mlpath.workbench.progress import State, load, state
from mlpath.workbench.stubs import parts
from mlpath.workbench.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from rich.console import Console

Standing = Literal["passed", "passed*", "started", "ready", "not yet"]

BAR = 24
STYLES = {"passed": "green", "passed*": "green", "started": "bold", "ready": "", "not yet": "dim"}
MEANINGS = {
    "passed*": "passed*  with an earlier version of the tests; try them:  mlpath check ID",
    "not yet": "not yet  it builds on exercises that you have not passed; begin it if you like",
}


class Facts(msgspec.Struct):
    """What a list says about an exercise: the first lines of its `.toml`."""

    title: str
    difficulty: int
    minutes: int
    needs: list[str] = []


@dataclass
class Standings:
    """How far the learner is with each exercise."""

    workspace: Workspace
    states: dict[str, State]

    @cached_property
    def passed(self) -> set[str]:
        """The IDs of what is passed, be it with earlier tests."""
        return {id_ for id_, how in self.states.items() if how.startswith("passed")}

    @property
    def started(self) -> list[Exercise]:
        """What is begun and not passed; first what was saved last."""
        begun = [exercises()[id_] for id_, how in self.states.items() if how == "started"]
        return sorted(begun, key=lambda exercise: -self.workspace.file(exercise).stat().st_mtime_ns)

    def of(self, id_: str) -> Standing:
        """Return how far the learner is with an exercise, in a word."""
        match self.states[id_]:
            case "passed" | "started" as word:
                return word
            case "passed an earlier version":
                return "passed*"
        return "ready" if self.is_ready(id_) else "not yet"

    def is_ready(self, id_: str) -> bool:
        """Whether all that an exercise needs is passed."""
        return self.passed.issuperset(facts(id_).needs)

    def current(self) -> Exercise | None:
        """Return what to do next: what is begun, or else is ready, or else was passed with earlier tests."""
        if started := self.started:
            return started[0]
        new = [id_ for id_, how in self.states.items() if how == "not started"]
        old = [id_ for id_, how in self.states.items() if how == "passed an earlier version"]
        following = next((id_ for id_ in new if self.is_ready(id_)), None) or next(iter([*new, *old]), None)
        return exercises()[following] if following else None


def standings(workspace: Workspace) -> Standings:
    """Return how far the learner is; each file of theirs is read once at most."""
    progress = load(workspace)
    return Standings(workspace, {id_: state(workspace, exercise, progress) for id_, exercise in exercises().items()})


def facts(id_: str) -> Facts:
    """Return what a list says about an exercise.

    Examples
    --------
    >>> facts("linalg/pca").needs
    ['linalg/norms']
    """
    return _facts(id_, curriculum.PACKAGE / f"{id_}.toml")


@cache
def _facts(id_: str, file: Path) -> Facts:
    # To read the hints of 900 exercises takes seconds: tables come last in TOML, so the first lines are enough.
    try:
        head = re.split(r"^\[", file.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[0]
        return msgspec.convert(tomllib.loads(head), Facts)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError):
        details = exercises()[id_].details  # says what is wrong, if anything is
        return Facts(details.title, details.difficulty, details.minutes, details.needs)


def current(workspace: Workspace) -> Exercise:
    """Return the exercise that the learner is at: begun and not passed, and saved last; else the next one."""
    exercise = standings(workspace).current()
    if exercise is None:
        raise WorkspaceError("you have passed every exercise; say which one you mean, for example linalg/pca")
    return exercise


def unlocked(exercise: Exercise, passed: Collection[str]) -> list[Exercise]:
    """Return the exercises that are ready by this pass: they need it, and what else they need is passed.

    Examples
    --------
    >>> [e.id for e in unlocked(exercises()["optim/momentum"], {"optim/gradient_descent"})]
    ['optim/adaptive']
    >>> unlocked(exercises()["optim/momentum"], set())
    []
    """
    have = {*passed, exercise.id}
    needs = {id_: facts(id_).needs for id_ in exercises() if id_ not in have}
    return [exercises()[id_] for id_, need in needs.items() if exercise.id in need and have.issuperset(need)]


# ------------------------------------------------------------------ what is shown


def show_overview(workspace: Workspace, console: "Console") -> None:
    """Print the progress by track, and the next step."""
    now = standings(workspace)
    if set(now.states.values()) == {"not started"}:
        _welcome(now, console)
        return
    width = max(len(track.title) for track in tracks())
    full, empty = ("━", "·") if _speaks_unicode(console) else ("=", ".")
    for track in tracks():
        every, done = len(track.exercises), len(now.passed.intersection(track.exercises))
        begun = sum(now.states[id_] == "started" for id_ in track.exercises)
        filled = min(round(BAR * done / max(1, every)), BAR if done == every else BAR - 1) or min(done, 1)
        bar = f"[green]{full * filled}[/][dim]{empty * (BAR - filled)}[/]"
        also = f", {begun} begun" if begun else ""
        _print(console, f"{_escape(track.title):<{width}}  {bar}  {done:>3} of {every}{also}")
    _print(console, "")
    _print(console, f"{len(now.passed)} of {len(now.states)} exercises passed.")
    _say_older(now, console)
    _say_next(now, console)


def show_next(workspace: Workspace, console: "Console") -> None:
    """Print the exercise that comes next, and the step to take."""
    now = standings(workspace)
    exercise = now.current()
    if exercise is not None:
        about = facts(exercise.id)
        _print(console, f"[bold]{exercise.id}[/]: {_escape(about.title)}")
        _print(console, f"difficulty {about.difficulty} of 5, {about.minutes} minutes")
        if missing := [need for need in about.needs if need not in now.passed]:
            _print(console, f"It builds on {_list(missing)}, which you have not passed.")
        _print(console, "")
    _say_next(now, console)


def show_list(workspace: Workspace, console: "Console", words: str | Sequence[str] = "") -> None:
    """Print every exercise, by track, or those that have all `words`, or their beginnings, in track, ID, title or state."""
    asked = [word.casefold() for word in (words.split() if isinstance(words, str) else " ".join(words).split())]
    now = standings(workspace)
    shown: dict[str, list[str]] = {}
    for track in tracks():
        for id_ in track.exercises:
            text = f"{track.title} {id_} {facts(id_).title} {now.of(id_)}".casefold()
            if all(re.search(rf"(?<![a-z0-9]){re.escape(word)}", text) for word in asked):
                shown.setdefault(track.title, []).append(id_)
    if not shown:
        raise CurriculumError(
            f"no exercise has {_list(asked, 'and')} in its track, ID, title or state: mlpath list shows all"
        )
    for i, (title, ids) in enumerate(shown.items()):
        if i:
            _print(console, "")
        done = len(now.passed.intersection(ids))
        _print(console, f"[bold]{_escape(title)}[/]  {done} of {len(ids)} passed")
        for line in _lines(ids, now, console.width if console.is_terminal else 1000):
            _print(console, line)
    there = {now.of(id_) for ids in shown.values() for id_ in ids}
    if notes := [text for word, text in MEANINGS.items() if word in there]:
        _print(console, "")
        for note in notes:
            _print(console, f"[dim]{note}[/]")


def _lines(ids: Sequence[str], now: Standings, width: int) -> Iterator[str]:
    """The lines of one track; where the titles do not fit between the other columns, each stands below its ID."""
    longest, widest = max(map(len, ids)), max(len(facts(id_).title) for id_ in ids)
    below = 2 + longest + 2 + widest + 2 + len("5 of 5  120 min  not yet") > width
    for id_ in ids:
        about, standing = facts(id_), now.of(id_)
        style = STYLES[standing]
        title = "" if below else f"{_escape(about.title)}{' ' * (widest - len(about.title))}  "
        line = f"  {id_:<{longest}}  {title}{about.difficulty} of 5  {about.minutes:>3} min  {standing}"
        yield f"[{style}]{line}[/]" if style else line
        if below:
            yield f"    {_escape(about.title)}"


def _welcome(now: Standings, console: "Console") -> None:
    """Three lines for who has not begun."""
    first = now.current()
    if first is None:
        return
    task, command = _step(now.workspace, first)
    _print(
        console,
        f"Welcome. Here are {len(exercises())} exercises in {len(tracks())} tracks:  [bold]mlpath list[/]  shows them.",
    )
    _print(console, f"Begin with [bold]{first.id}[/]: open {first.file}, {task},")
    _print(console, f"and type  [bold]{command}[/]  which runs the tests whenever you save.")


def _say_older(now: Standings, console: "Console") -> None:
    older = [id_ for id_, how in now.states.items() if how == "passed an earlier version"]
    if older:
        were = "was" if len(older) == 1 else "were"
        _print(
            console,
            f"{_list(older)} {were} passed with an earlier version of the tests:  [bold]mlpath check {older[0]}[/]",
        )


def _say_next(now: Standings, console: "Console") -> None:
    exercise = now.current()
    if exercise is None:
        _print(console, "You have passed them all. What a road!")
        _print(
            console,
            "Each note ends with an experiment, and  mlpath solution ID --other  shows how others went about it.",
        )
        return
    task, command = _step(now.workspace, exercise)
    verb = "Go on with" if now.states[exercise.id] == "started" else "Next is"
    _print(console, f"{verb} {exercise.id}: {task}, then  [bold]{command}[/]")


def _step(workspace: Workspace, exercise: Exercise) -> tuple[str, str]:
    """What is to be done about the current exercise, and what to type then, which is about this one without its ID."""
    try:
        holes = list(parts(workspace.file(exercise).read_text(encoding="utf-8", errors="replace")))
    except FileNotFoundError:
        return f"{exercise.file} is missing", f"mlpath reset {exercise.id}"
    except (SyntaxError, ValueError) as error:
        return f"mend line {getattr(error, 'lineno', 1)}, which Python can't read", "mlpath check"
    return (f"write {holes[0]}", "mlpath watch") if holes else ("see what the tests say", "mlpath check")


def _list(words: Sequence[str], link: str = "and") -> str:
    """`a`, `a and b`, `a, b and 3 more`."""
    if len(words) > 3:
        return f"{', '.join(words[:2])} {link} {len(words) - 2} more"
    return f" {link} ".join(", ".join(words).rsplit(", ", 1))


def _speaks_unicode(console: "Console") -> bool:
    return console.encoding.lower().startswith("utf")


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _print(console: "Console", line: str) -> None:
    """Print a line with markup; words are not cut, and where there is no terminal, lines are not either."""
    console.print(line, highlight=False, emoji=False, soft_wrap=not console.is_terminal)
