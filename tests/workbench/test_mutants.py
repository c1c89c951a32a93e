"""Mutants of a reference."""

import ast

import pytest

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.mutants import mutants

HEAD = '''"""A note, 1 + 1."""

import numpy as np


def _given(x):  # given
    return x - 1


def f(x, y, n, axis):
    """Return 2 + 2."""
    # given: the check
    if x < 0:
        raise ValueError(f"x must not be negative, got {x}")
    # yours
'''


def bodies(*lines):
    """The bodies of f that differ from this one by a mutation."""
    source = HEAD + "".join(f"    {line}\n" for line in lines)
    return [
        "\n".join(line.strip() for line in m.source[len(HEAD) :].splitlines()) for m in mutants(source, at_most=None)
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return x + y", {"(x - y)": "something were subtracted that should be added", "x": "a term were missing"}),
        ("return x - y", {"(x + y)": "something were added", "(y - x)": "a difference had the wrong sign", "x": "a term"}),
        ("return x * y", {"(x / y)": "something were divided by", "x": "a factor or a division were missing"}),
        ("return x @ y", {"(x * y)": "arrays were multiplied entry by entry"}),
        ("return x ** y", {"(x * y)": "a number were multiplied by its exponent", "x": "a power or a root were missing"}),
        ("return x <= y", {"(x < y)": "a comparison went the other way where both sides are equal"}),
        ("return x and not y", {"(x or not y)": "`or` stood where `and` belongs", "x and y": "a condition were"}),
        ("return -x", {"x": "a minus sign were missing"}),
        ("return x[1:]", {"x[2:]": "a number or an index were 1 too large"}),
        ("return x[3]", {"x[4]": "a number or an index were 1 too large", "x[2]": "a number or an index were 1 too small"}),
        ("return x[::-1]", {"x": "an order were not reversed", "x[::1]": "a minus sign", "x[::-2]": "a number"}),
        ("return x > 0.5", {"(x >= 0.5)": "a comparison went the other way", "x > 1.0": "a constant were twice too large"}),
        ("return x.T", {"x": "a transpose were missing"}),
        ("return x if y else n", {"(x if not y else n)": "a condition were the wrong way round"}),
        ("return np.dot(x, y)", {"np.dot(y, x)": "the first two arguments of `dot` had changed places"}),
        ("return np.maximum(x, y)", {"np.minimum(x, y)": "`minimum` stood where `maximum` belongs"}),
        ("return np.var(x, ddof=1)", {"np.var(x)": "`ddof` were left out of a call of `var`", "np.var(x, ddof=2)": "a number"}),
        (
            "return x.sum(axis=0)",
            {
                "x.sum()": "`axis` were left out of a call of `sum`",
                "x.sum(axis=1)": "`sum` went along the wrong axis",
                "x.mean(axis=0)": "`mean` stood where `sum` belongs",
            },
        ),
        ("return np.sqrt(x)", {"x": "`sqrt` were missing"}),
        ("return x.copy()", {"x": "`copy` were missing"}),
        ("return float(x)", {}),
        ("return x.to(device=y)", {}),
        ("return range(n)", {"range(n - 1)": "a loop were one round short", "n": "`range` were missing"}),
        ("return [True, 'text', 0]", {"[False, 'text', 0]": "False stood where True belongs", "[True, 'text', 1]": "a number"}),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_made_and_has_its_sentence(line, expected):
    found = {
        m.source[len(HEAD) :].strip().removeprefix("return "): m.says
        for m in mutants(f"{HEAD}    {line}\n", at_most=None)
    }
    assert found.keys() == expected.keys()
    for text, says in expected.items():
        assert found[text].startswith(says)


def test_old_values_stand_for_new_ones():
    source = HEAD.replace("def f(x, y, n, axis)", "def f(x, state, n, axis)")
    source += "    mean = x\n    return mean\n"
    found = {m.source[len(source) - 13 :].strip(): m.says for m in mutants(source, at_most=None)}
    assert "an old value stood where the new one belongs" in found["return state.mean"]


def test_statements_are_dropped_where_python_would_not_notice():
    assert "y -= x\nreturn y" in bodies("y += x", "return y")
    assert "pass\nreturn y" in bodies("y += x", "return y")
    assert bodies("z = x", "return z") == []
    assert bodies("x = y", "return x") == ["pass\nreturn x"]
    assert "pass\nreturn x" in bodies("x.append(y)", "return x")
    assert "for i in n:\ncontinue" in bodies("for i in n:", "    break")


def test_only_what_the_learner_writes_is_changed():
    source = HEAD + "    return x\n"
    assert mutants(source, at_most=None) == []


def test_a_sample_of_many_is_always_the_same_and_in_order():
    source = exercises()["linalg/pca"].reference.read_text()
    every, some = mutants(source, at_most=None), mutants(source, at_most=20)
    assert len(some) == 20 < len(every)
    assert some == mutants(source, at_most=20)
    places = [every.index(mutant) for mutant in some]
    assert places == sorted(places)


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda exercise: exercise.id)
def test_mutants_of_references_are_python_and_differ_in_one_statement(exercise):
    source = exercise.reference.read_text()
    sample = mutants(source, at_most=25)
    assert sample
    for mutant in sample:
        ast.parse(mutant.source)
        assert any(line.startswith("-") for line in mutant.diff.splitlines())
        assert mutant.source != source
