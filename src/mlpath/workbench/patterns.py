"""Recognise a known mistake by what fails and with which values.

Of each mistake the proofs record which tests fail, and the fingerprints of the first few failures. A learner's run is taken
for a mistake if it fails the same of those tests that could run, with the same values, and if no other mistake fits as well.
"""

import math
import re
import zlib
from collections.abc import Mapping, Sequence

import msgspec

FINGERPRINTS = 6  # of each mistake
NUMBERS = 12  # of each fingerprint
TOLERANCE = 2e-3
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)\b\.?", re.IGNORECASE)
SAME_AT_LEAST = 0.6
RAN = {"passed", "failed", "given"}


class Pattern(msgspec.Struct):
    """What a mistake does to the shared tests."""

    fails: str
    """The tests that fail, one bit each: a hexadecimal number whose lowest bit is the first test."""
    said: dict[int, str]
    """The fingerprints of the first failures, by the numbers of the tests."""

    def numbers(self) -> set[int]:
        """Return the numbers of the tests that fail."""
        bits = int(self.fails, 16)
        return {i for i in range(bits.bit_length()) if bits >> i & 1}

    def is_like(self, other: "Pattern") -> bool:
        """Whether the same tests fail, with the same values."""
        same = self.said.keys() & other.said.keys()
        return self.fails == other.fails and all(alike(self.said[i], other.said[i]) for i in same)


def fingerprint(error: BaseException) -> str:
    """Return a short text for a failure: a hash of its words, and its first numbers.

    Of an exception only its kind counts, as its message depends on how the code is written; of what goes by chance, nothing.
    """
    if type(error).__name__ == "StatisticalFailure":  # its module would load NumPy
        return "chance"
    if not isinstance(error, AssertionError):
        return type(error).__name__
    text = re.split(r"(?:^|\n)(?:assert |Why\? )", str(error))[0]
    words = "".join(NUMBER.sub("#", text).split())
    found = NUMBER.findall(text)
    telling = [number for number in found if not number.lstrip("+-").isdigit()] or found  # not counts and indices
    numbers = [f"{float(number.rstrip('.')):.4g}" for number in telling[:NUMBERS]]
    return " ".join([f"{zlib.crc32(words.encode()):08x}", *numbers])


def pattern(tests: Sequence[str], failed: Sequence[str], said: Mapping[str, str], keep: int = FINGERPRINTS) -> Pattern:
    """Return what to record of a run in which some of the tests failed; only the first few fingerprints are kept."""
    numbers = sorted(tests.index(test) for test in failed)
    return Pattern(f"{sum(1 << i for i in numbers):x}", {i: said.get(tests[i], "") for i in numbers[:keep]})


def steady(said: Mapping[str, str], elsewhere: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprints but for those that another machine changes: what rounding decides tells nothing."""
    return {test: text for test, text in said.items() if test not in elsewhere or alike(text, elsewhere[test])}


def is_telling(said: Mapping[int, str]) -> bool:
    """Whether fingerprints hold two numbers of three digits or more: zeros and ones come out of too many mistakes."""
    return sum(_has_digits(number) for text in said.values() for number in text.split()[1:]) >= 2


def _has_digits(number: str) -> bool:
    return len(re.sub(r"e.*|[-+.]", "", number).strip("0")) >= 3


def recognise(
    patterns: Sequence[Pattern],
    tests: Sequence[str],
    outcomes: Mapping[str, str],
    said: Mapping[str, str],
    *,
    nearly: bool = False,
) -> list[int]:
    """Return which of the patterns fit a run.

    `tests` are all tests in their order, `outcomes` what came of those that were run, and `said` the fingerprints. A pattern
    fits nearly if most failures are the same, one run fails nothing that the other does not, and telling values agree: so
    does a slip in one function that the record has in a helper of several.
    """
    ran = {i for i, test in enumerate(tests) if outcomes.get(test) in RAN}
    failed = {i for i in ran if outcomes[tests[i]] == "failed"}
    mine = {i: said.get(tests[i], "") for i in failed}
    own = _own_numbers(patterns) if nearly else {}

    def fits(known: Pattern) -> bool:
        theirs = known.numbers() & ran
        same = failed & known.said.keys()
        if not all(alike(known.said[i], mine[i]) for i in same):
            return False
        if not nearly:
            return theirs == failed
        nested = theirs <= failed or failed <= theirs
        many = len(theirs & failed) >= SAME_AT_LEAST * len(theirs | failed)
        numbers = [
            number
            for i in same
            for j, number in enumerate(mine[i].split()[1:])
            if j in own.get((i, mine[i].split()[0]), ())
        ]
        return nested and many and min(failed) in same and sum(map(_has_digits, numbers)) >= 2

    return [i for i, known in enumerate(patterns) if fits(known)] if failed else []


def _own_numbers(patterns: Sequence[Pattern]) -> dict[tuple[int, str], set[int]]:
    """Of each test and its words, which numbers differ from mistake to mistake: the others are what was expected."""
    rows: dict[tuple[int, str], list[list[str]]] = {}
    for known in patterns:
        for i, text in known.said.items():
            words, *numbers = text.split() or [""]
            rows.setdefault((i, words), []).append(numbers)
    return {key: {j for j, column in enumerate(zip(*every)) if len(set(column)) > 1} for key, every in rows.items()}


def alike(a: str, b: str) -> bool:
    """Whether two fingerprints have the same words, and numbers that agree to some three digits."""
    (words_a, *numbers_a), (words_b, *numbers_b) = a.split() or [""], b.split() or [""]
    if words_a != words_b or len(numbers_a) != len(numbers_b):
        return False
    pairs = [(float(x), float(y)) for x, y in zip(numbers_a, numbers_b)]
    noise = 1e-9 * max((abs(x) for pair in pairs for x in pair if math.isfinite(x)), default=0.0)
    return all(
        x == y or (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=TOLERANCE, abs_tol=noise)
        for x, y in pairs
    )
