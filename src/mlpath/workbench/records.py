"""The record of what an exercise proves, `NAME.proof.json` beside its reference, and what it tells a learner."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mlpath.workbench.curriculum import Exercise, exercises
from mlpath.workbench.patterns import Pattern, is_telling, recognise


class Likeness(msgspec.Struct):
    """What a mutant does to the tests, and what to say of code that does the same."""

    part: str
    says: str
    pattern: Pattern


class Mutants(msgspec.Struct):
    """How many small changes of the reference the tests notice."""

    made: int
    killed: int
    equivalent: int
    """Declared so in the `.toml`, each with its reason, and alive indeed."""
    survivors: list[str]
    """The others, as differences."""
    likenesses: list[Likeness] = []
    """Of the killed, those whose tests fail with values."""

    @property
    def share(self) -> float:
        """The killed among those that can be."""
        return self.killed / max(1, self.made - self.equivalent)

    def __str__(self) -> str:
        equivalent = f", {self.equivalent} equivalent" if self.equivalent else ""
        return f"{self.killed} of {self.made} mutants killed{equivalent}, {len(self.survivors)} survived ({self.share:.1%})"


class Power(msgspec.Struct):
    """How often tests that go by chance reject what they should, over many seeds."""

    seeds: int
    false_rejections: int
    """Of the reference, by any test."""
    rejections: dict[str, int]
    """Of the mistakes that only such tests reject."""


class Proof(msgspec.Struct):
    """The record of one exercise."""

    digest: str
    tests: str
    """How many tests there are, and a hash of their names."""
    reference: list[str]
    """The tests that the reference fails: none."""
    stub: dict[str, str]
    """Tests that the stub passes, or fails otherwise than by NotImplementedError: none."""
    mistakes: dict[str, Pattern]
    alternatives: dict[str, list[str]]
    """The tests that each alternative fails: none."""
    mutants: Mutants
    errors: dict[int, float]
    """Of the tests that go by chance, by their numbers, the probability that a right solution fails them."""
    power: Power | None = None


def record_of(exercise: Exercise) -> Path:
    """Return where the record of an exercise is."""
    return exercise.reference.with_suffix(".proof.json")


def load(exercise: Exercise) -> Proof | None:
    """Return the record of an exercise, if there is one that can be read."""
    try:
        return msgspec.json.decode(record_of(exercise).read_bytes(), type=Proof)
    except (OSError, msgspec.DecodeError):
        return None


def save(exercise: Exercise, proof: Proof) -> None:
    """Write the record of an exercise."""
    text = msgspec.json.format(msgspec.json.encode(proof), indent=1)
    record_of(exercise).write_bytes(text + b"\n")


def name_tests(tests: Sequence[str]) -> str:
    """Return what tells a list of tests from another one: their number, and a hash of their names."""
    return f"{len(tests)} {zlib.crc32(' '.join(tests).encode()):08x}"


def table() -> str:
    """Return the table of what all exercises prove, in Markdown, from their records."""
    lines = [
        "# What the exercises prove",
        "",
        "Made by `mlpath dev check` from the records beside the references. A mutant is a reference with one small change; it is",
        "killed if the shared tests fail. Equivalent mutants are declared one by one, with the reason. The tests that go by chance",
        "fail a right solution with at most the probability in the column before the last, for fixed seeds once and for all. The",
        "last column is for mistakes that only these tests can reject: the least share of seeds with which they do.",
        "",
        "| exercise | tests | mistakes rejected | alternatives accepted | mutants killed | equivalent | by chance | power |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for exercise in exercises().values():
        proof = load(exercise)
        if proof is None:
            continue
        rejected = sum(bool(known.numbers()) for known in proof.mistakes.values())
        accepted = sum(not failed for failed in proof.alternatives.values())
        found, error = proof.mutants, sum(proof.errors.values())
        power = min(proof.power.rejections.values(), default=None) if proof.power else None
        cells = [
            exercise.id,
            proof.tests.partition(" ")[0],
            f"{rejected} of {len(proof.mistakes)}",
            f"{accepted} of {len(proof.alternatives)}",
            f"{found.killed} of {found.made - found.equivalent} ({found.share:.0%})",
            str(found.equivalent),
            f"{error:.0e}" if error else "",
            "" if power is None or proof.power is None else f"{power} of {proof.power.seeds}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def known_mistake(
    exercise: Exercise, tests: Sequence[str], outcomes: Mapping[str, str], said: Mapping[str, str]
) -> str | None:
    """Return what to say where a run looks like a known mistake, or like a mutant; the tests are node IDs, in order.

    Nothing is said where it looks like several that say different things.
    """
    proof = load(exercise)
    if proof is None or proof.tests != name_tests([test.partition("::")[2] for test in tests]):
        return None
    says = {mistake.name: mistake.says for mistake in exercise.details.mistakes}
    known = [(says.get(name, ""), pattern) for name, pattern in proof.mistakes.items()]
    alike = [
        (_as_if(exercise, likeness), likeness.pattern)
        for likeness in proof.mutants.likenesses
        if is_telling(likeness.pattern.said)
    ]
    for nearly in (False, True):
        for candidates in (known, alike):
            patterns = [pattern for _, pattern in candidates]
            if found := {candidates[i][0] for i in recognise(patterns, tests, outcomes, said, nearly=nearly)}:
                return f"it looks like this: {found.pop()}" if len(found) == 1 else None
    return None


def _as_if(exercise: Exercise, likeness: Likeness) -> str:
    where = f", in {likeness.part}," if likeness.part in exercise.parts else ""
    return f"as if{where} {likeness.says}."
