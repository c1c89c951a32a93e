"""Slips: larger changes of a reference, with the sentence that a learner would read."""

import ast

import pytest

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.slips import AT_MOST, slips

HEAD = """
import numpy as np


def f(x: Array, y: Array, n: int, name: str):
"""


def found(*lines):
    """The slips of a function, as its lines behind the first, with their sentences."""
    source = HEAD + "".join(f"    {line}\n" for line in lines)
    return {
        "; ".join(line.strip() for line in slip.source[len(HEAD) :].splitlines()): slip.says
        for slip in slips(source, at_most=10_000)
    }


@pytest.mark.parametrize(
    ("line", "slip", "says"),
    [
        ("return x / (x + n)", "(x / x + n)", "brackets were missing"),
        ("return x ** (1 / n)", "(x ** 1 / n)", "brackets were missing"),
        ("return (x + y) * n", "(x + y * n)", "brackets were missing"),
        ("return n * x * x", "(n * x)**2", "a factor were squared too"),
        ("return n * x ** 3", "((n * x) ** 3)", "a factor stood under a power that does not belong there"),
        ("return x @ x", "(x @ x)**0.5", "a length stood where its square belongs"),
        ("return x / n", "(x / n**0.5)", "something were divided by a root too many"),
        ("return x / n", "(x / n**2)", "something were divided by a square"),
        ("return x + y", "(x + 2 * y)", "a term were twice as large"),
        ("return x - y", "(0.5 * x - y)", "a term were half as large"),
        ("return n if x is None else x", "n if (not x) else x", "0, False or nothing were taken for None"),
        ("return n if x.any() else y", "y", "a special case were left out"),
        ("return np.stack([x, y])", "np.stack([y, x])", "two neighbours in a list had changed places"),
        ("return x.T[::-1]", "x[::-1].T", "an array were cut or reversed before it is transposed, not after"),
        ("return x[:n]", "x.T[:n]", "there were a transpose too many"),
        ("return np.log(np.mean(x))", "np.mean(np.log(x))", "`log` and `mean` had changed places"),
        ("return x.exp().mean()", "x.mean().exp()", "`mean` and `exp` had changed places"),
        ("return np.exp(x / n)", "(np.exp(x) / n)", "a factor stood outside of `exp` that belongs inside"),
        ("return np.sqrt(x) / np.sqrt(y)", "return x / y", "the roots were missing"),
    ],
)
def test_each_kind_of_slip_is_made_and_has_its_sentence(line, slip, says):
    made = found(line)
    text = slip if slip.startswith("return ") else f"return {slip}"
    same = [other for other in made if ast.dump(ast.parse(other.strip())) == ast.dump(ast.parse(text))]
    assert [made[other] for other in same] == [says], f"{list(made)}"


def test_steps_change_places_where_the_second_needs_the_first():
    assert (
        found("x = x + n", "y = x * n", "return y")["y = x * n; x = x + n; return y"] == "two steps had changed places"
    )
    assert "y = y * n; x = x + n; return x" not in found("x = x + n", "y = y * n", "return x")


def test_special_cases_are_left_out_or_always_taken():
    made = found("if not x.any():", "    return y", "return x")
    assert made["pass; return x"] == "a special case were left out"
    assert made["return y; return x"] == "a condition were not asked"


def test_an_attribute_stands_for_another_of_the_same_variable():
    made = found("z = x.mean_ - x.sd_", "return x.total()")
    assert made["z = x.mean_ - x.mean_; return x.total()"] == "`mean_` stood where `sd_` belongs"
    assert not any("total_" in slip or "x.mean_()" in slip for slip in made)


def test_a_helper_is_changed_for_one_caller_alone():
    source = "def _mean(x):\n    return x.sum() / len(x)\n\n\ndef f(x):\n    return _mean(x)\n\n\ndef g(x):\n    return _mean(x)\n"
    of_g = [slip for slip in slips(source) if slip.part == "g" and "len(x)" not in slip.source[-40:]]
    assert any(slip.says == "a factor or a division were missing" for slip in of_g)
    for slip in of_g:
        values = {}
        exec(slip.source, values)
        assert slip.source.startswith("def _mean(x):\n    return x.sum() / len(x)\n")
        assert "return _mean(x)" in slip.source.partition("def f")[2].partition("def g")[0]


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda exercise: exercise.id)
def test_slips_of_references_are_python_each_once_and_no_more_than_some(exercise):
    made = slips(exercise.reference.read_text())
    assert 0 < len(made) <= AT_MOST
    assert len({slip.source for slip in made}) == len(made)
    for slip in made[:20]:
        ast.parse(slip.source)
        assert slip.part in {*exercise.parts, *exercise.reference.read_text().replace("(", " ").split()}
