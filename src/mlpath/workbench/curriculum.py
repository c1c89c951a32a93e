"""The exercises: their tracks and order, where their files are, and what is said about each."""

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

import mlpath
from mlpath.workbench.stubs import make_stub, parts

T = TypeVar("T")
PACKAGE = Path(mlpath.__file__).parent
CURRICULUM = PACKAGE / "curriculum.toml"


class CurriculumError(Exception):
    """A file of the curriculum is wrong; the message is one line that says where and how."""


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A table of a `.toml` in which no other keys are allowed."""


class Hint(Strict):
    """Three tiers of help with one part."""

    nudge: str
    idea: str
    nearly: str


class Question(Strict):
    """Something to think about, with its answer."""

    kind: Literal["predict", "why", "what if"]
    ask: str
    answer: str


class Mistake(Strict):
    """A patch of the reference that learners are known to write, and what to say to it."""

    name: str
    replace: str
    by: str
    says: str


class Equivalent(Strict):
    """A mutant of the reference that no test could reject, and why."""

    replace: str
    by: str
    why: str


class Details(Strict):
    """What an exercise's `.toml` holds."""

    title: str
    difficulty: Annotated[int, msgspec.Meta(ge=1, le=5)]
    minutes: Annotated[int, msgspec.Meta(ge=5, le=120)]
    hints: dict[str, Hint]
    questions: Annotated[list[Question], msgspec.Meta(min_length=3)]
    mistakes: Annotated[list[Mistake], msgspec.Meta(min_length=3)]
    needs: list[str] = []
    without: list[str] = []
    after: str = ""
    equivalents: list[Equivalent] = []


class Track(Strict):
    """Exercises in the order in which to learn them."""

    title: str
    exercises: list[str]


class Tracks(Strict):
    """What `curriculum.toml` holds."""

    track: list[Track]


@dataclass(frozen=True)
class Exercise:
    """One path, repeated in mirrored trees."""

    id: str

    @property
    def module(self) -> str:
        """The reference's module: `mlpath.linalg.pca`."""
        return "mlpath." + self.id.replace("/", ".")

    @property
    def file(self) -> str:
        """The learner's file, from the root of a clone or workspace."""
        return f"exercises/{self.id}.py"

    @property
    def tests(self) -> str:
        """The shared tests, from the root."""
        room, _, name = self.id.rpartition("/")
        return f"tests/{room}/test_{name}.py"

    @property
    def alternatives(self) -> str:
        """The folder of other right solutions, from the root."""
        room, _, name = self.id.rpartition("/")
        return f"tests/{room}/alternatives/{name}"

    @property
    def benchmark(self) -> str:
        """The reference beside its production peer, from the root."""
        room, _, name = self.id.rpartition("/")
        return f"benchmarks/{room}/bench_{name}.py"

    @property
    def reference(self) -> Path:
        """Where the reference is installed."""
        return PACKAGE / f"{self.id}.py"

    @cached_property
    def details(self) -> Details:
        """What the `.toml` says; a CurriculumError where it is wrong."""
        return _read(self.reference.with_suffix(".toml"), Details)

    @cached_property
    def holes(self) -> dict[str, int]:
        """What the learner writes, in order: qualified names, and their lines in the bare stub."""
        return parts(make_stub(self.reference.read_text(encoding="utf-8")))

    @property
    def parts(self) -> list[str]:
        """The names of what the learner writes, in order."""
        return list(self.holes)

    @cached_property
    def stub(self) -> str:
        """The stub, made anew from the reference."""
        header = [f"{len(self.holes)} parts to write. Test them with: pytest {self.file}"]
        if self.details.without:
            header.append(f"To be written without: {', '.join(self.details.without)}")
        return make_stub(self.reference.read_text(encoding="utf-8"), header)


@cache
def tracks() -> list[Track]:
    """Return the tracks of `curriculum.toml`."""
    return _read(CURRICULUM, Tracks).track


@cache
def exercises() -> dict[str, Exercise]:
    """Return every exercise by its ID, in learning order."""
    return {id_: Exercise(id_) for track in tracks() for id_ in track.exercises}


def find(id_: str) -> Exercise:
    """Return the exercise of this ID; the last part of it is enough where only one ends so."""
    every = exercises()
    if id_ in every:
        return every[id_]
    ends = [e for e in every if e.endswith("/" + id_)]
    if len(ends) == 1:
        return every[ends[0]]
    raise CurriculumError(unknown(id_))


def unknown(id_: str) -> str:
    """Say that there is no such exercise, and which ones may be meant.

    Examples
    --------
    >>> unknown("exercises/linalg/PCA.py")
    "there is no exercise 'exercises/linalg/PCA.py'; did you mean linalg/pca?"
    """
    *others, last = _near(id_) or [""]
    meant = f"{', '.join(others)} or {last}" if others else last
    return f"there is no exercise {id_!r}" + (f"; did you mean {meant}?" if meant else "")


def _near(id_: str) -> list[str]:
    """Return up to three IDs: those of the same name, or that it is a piece of, or else of a name that is spelt alike."""
    every, typed = list(exercises()), id_.lower().removeprefix("exercises/").removesuffix(".py").strip("/")
    name = typed.rpartition("/")[2]
    same = [e for e in every if f"/{e}".endswith(f"/{name}")]
    around = [e for e in every if len(typed) > 2 and typed in e]
    alike = difflib.get_close_matches(name, {e.rpartition("/")[2]: None for e in every}, n=3, cutoff=0.7)
    near = same or around or [e for other in alike for e in every if e.endswith(f"/{other}")]
    if len(near) > 3 and "/" in typed:
        near.sort(key=lambda e: -difflib.SequenceMatcher(None, typed, e).ratio())
    return near[:3] or difflib.get_close_matches(typed, every, n=1)


def problems() -> list[str]:
    """Say what is wrong with the curriculum as a whole, one line each."""
    seen: dict[str, int] = {}
    found = []
    for track in tracks():
        for id_ in track.exercises:
            if id_ in seen:
                found.append(f"curriculum.toml: {id_} is listed twice")
            seen[id_] = len(seen)
    for id_ in seen:
        exercise = Exercise(id_)
        if not exercise.reference.exists():
            found.append(f"curriculum.toml: {id_} has no reference src/mlpath/{id_}.py")
            continue
        try:
            needs = exercise.details.needs
        except CurriculumError as error:
            found.append(str(error))
            continue
        for need in needs:
            if need not in seen:
                found.append(f"{id_}.toml: needs {need!r}, which is no exercise of the curriculum")
            elif seen[need] >= seen[id_]:
                found.append(f"{id_}.toml: needs {need}, which the curriculum puts after it")
    for file in sorted(PACKAGE.rglob("*.toml")):
        id_ = file.relative_to(PACKAGE).with_suffix("").as_posix()
        if file != CURRICULUM and id_ not in seen:
            found.append(f"{id_}.toml: the exercise is in no track of curriculum.toml")
    return found


def _read(file: Path, kind: type[T]) -> T:
    name = file.relative_to(PACKAGE) if file.is_relative_to(PACKAGE) else file
    try:
        data: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CurriculumError(f"{name}: the file is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise CurriculumError(f"{name}: {error}") from None
    for part, hint in (data.get("hints") or {}).items() if isinstance(data.get("hints"), dict) else ():
        try:
            msgspec.convert(hint, Hint)
        except msgspec.ValidationError as error:
            raise CurriculumError(f"{name}: hints.{part}: {error}") from None
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise CurriculumError(f"{name}: {error}") from None
