"""The check of an exercise finds what is missing; each of its demands is broken once here."""

import shutil
from pathlib import Path

import msgspec
import pytest

from mlpath.workbench import curriculum
from mlpath.workbench.check import changed, missing, proven
from mlpath.workbench.curriculum import exercises, problems
from mlpath.workbench.patterns import Pattern
from mlpath.workbench.proofs import difference
from mlpath.workbench.records import load, save

ROOT = Path(__file__).parents[2]
SECTIONS = ("Idea", "Maths", "Worked example", "Plan", "Pitfalls", "Cost", "Go further", "References")
NOTE = "\n\n".join(f"## {section}\n\nText \\tag{{1}}, https://doi.org/10.1/x" for section in SECTIONS)
FUNCTION = '''

def {name}(x: Float[np.ndarray, " n"]) -> float:
    """Return the {name}.

    Parameters
    ----------
    x : ndarray
        Numbers.

    Returns
    -------
    float
        One number.

    Raises
    ------
    ValueError
        If `x` is empty.

    Examples
    --------
    >>> {name}(np.array([3.0, 1.0, 2.0]))
    {example}
    """
    # given: the check
    if not x.size:
        raise ValueError(f"x must not be empty, got {{x}}")
    # yours
    return float(x.{call}())
'''
REFERENCE = f'r"""A topic.\n\n{NOTE}\n"""\n\nimport numpy as np\nfrom jaxtyping import Float\n' + "".join(
    FUNCTION.format(name=name, call=call, example=example)
    for name, call, example in (("largest", "max", 3.0), ("smallest", "min", 1.0), ("total", "sum", 6.0))
)
TESTS = """
import numpy as np
import pytest

from mlpath.zoo.topic import largest, smallest, total

X = np.array([3.0, -1.0, 7.0, 0.5])


def test_largest_is_found():
    assert largest(X) == 7, f"largest({X}) returned {largest(X)}"


@pytest.mark.given
def test_largest_refuses_nothing():
    with pytest.raises(ValueError, match="x"):
        largest(X[:0])


def test_smallest_is_found():
    assert smallest(X) == -1, f"smallest({X}) returned {smallest(X)}"


def test_total_is_found():
    assert total(X) == 9.5, f"total({X}) returned {total(X)}"
"""
HINT = '\n[hints.{name}]\nnudge = "n"\nidea = "i"\nnearly = "a"\n'
QUESTION = '\n[[questions]]\nkind = "{kind}"\nask = "?"\nanswer = "!"\n'
MISTAKE = '\n[[mistakes]]\nname = "{name}"\nreplace = "x.{name}()"\nby = "x[0]"\nsays = "s"\n'
METADATA = (
    'title = "A topic"\ndifficulty = 1\nminutes = 30\nneeds = []\nwithout = ["numpy.linalg"]\n'
    + "".join(HINT.format(name=name) for name in ("largest", "smallest", "total"))
    + "".join(QUESTION.format(kind=kind) for kind in ("predict", "why", "what if"))
    + "".join(MISTAKE.format(name=name) for name in ("max", "min", "sum"))
)
ALTERNATIVE = REFERENCE.replace("x.max()", "sorted(x)[-1]")
FILES = {
    "reference": "src/mlpath/zoo/topic.py",
    "metadata": "src/mlpath/zoo/topic.toml",
    "tests": "tests/zoo/test_topic.py",
    "alternative": "tests/zoo/alternatives/topic/by_sorting.py",
}
TEXTS = {"reference": REFERENCE, "metadata": METADATA, "tests": TESTS, "alternative": ALTERNATIVE}


class Clone:
    """A clone with one exercise, zoo/topic."""

    def __init__(self, root, replacements):
        self.root = root
        for key, path in FILES.items():
            text = TEXTS[key]
            for old, new in replacements.get(key, ()):
                assert old in text
                text = text.replace(old, new)
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (root / "src/mlpath/zoo/__init__.py").write_text("")
        (root / "src/mlpath/curriculum.toml").write_text('[[track]]\ntitle = "T"\nexercises = ["zoo/topic"]\n')
        shutil.copy(ROOT / "pyproject.toml", root)
        self.exercise = exercises()["zoo/topic"]
        (root / "exercises/zoo").mkdir(parents=True)
        (root / "exercises/zoo/topic.py").write_text(self.exercise.stub)

    def missing(self):
        """What it lacks, with proofs made now."""
        return proven(self.exercise, self.root)


@pytest.fixture
def clone(package):
    return lambda **replacements: Clone(package.parents[1], replacements)


def test_a_complete_exercise_lacks_nothing(clone):
    whole = clone()
    assert whole.missing() == []
    assert problems() == []


def test_proofs_are_recorded_and_made_anew_where_the_code_changes_but_not_its_prose(clone):
    whole = clone()
    assert missing(whole.exercise, whole.root) == ["its proofs are not up to date: run mlpath dev check zoo/topic"]
    whole.missing()
    record = whole.root / "src/mlpath/zoo/topic.proof.json"
    first = record.read_text()
    assert missing(whole.exercise, whole.root) == []
    reference, tests = whole.root / FILES["reference"], whole.root / FILES["tests"]
    reference.write_text(REFERENCE.replace("Return the largest", "Return the greatest"))
    tests.write_text(f"# What is largest?\n{TESTS}")
    (whole.root / whole.exercise.file).write_text(curriculum.Exercise("zoo/topic").stub)
    assert missing(curriculum.Exercise("zoo/topic"), whole.root) == []
    tests.write_text(TESTS.replace("0.5])", "0.75])").replace("9.5", "9.75"))
    again = curriculum.Exercise("zoo/topic")
    assert missing(again, whole.root) == ["its proofs are not up to date: run mlpath dev check zoo/topic"]
    assert proven(again, whole.root) == []
    assert record.read_text() != first


def test_a_record_that_says_something_else_than_a_new_run_is_found(clone):
    whole = clone()
    whole.missing()
    assert changed(whole.exercise, whole.root) is None
    old = load(whole.exercise)
    assert old.mutants.made == 6
    others = {name: old.mistakes["sum" if name == "max" else "max"] for name in old.mistakes}
    save(whole.exercise, msgspec.structs.replace(old, mistakes=others))
    assert changed(whole.exercise, whole.root) == "3 of 3 mistakes fail otherwise, such as max"


def test_a_record_holds_with_a_sample_of_the_mutants_but_not_if_they_live_or_a_mistake_passes(clone):
    whole = clone()
    whole.missing()
    old = load(whole.exercise)
    assert changed(whole.exercise, whole.root, sample=slice(1, None, 2)) is None
    alive = msgspec.structs.replace(old.mutants, made=3, killed=2, survivors=["- x\n+ y"])
    assert difference(old, msgspec.structs.replace(old, mutants=alive)) == (
        "1 of 3 mutants are alive that were killed, such as\n- x\n+ y\n"
    )
    assert difference(msgspec.structs.replace(old, mutants=alive), old) is None
    passes = old.mistakes | {"max": Pattern("0", {})}
    assert difference(old, msgspec.structs.replace(old, mistakes=passes)) == "mistake max passes all tests"


def test_mutants_that_live_are_counted_unless_they_are_declared_equivalent(clone):
    weak = [("assert total(X) == 9.5", "assert total(X) > 2")]
    whole = clone(tests=weak)
    lacks = whole.missing()
    assert any("of 6 mutants only 5 are killed (83%)" in line for line in lacks), lacks
    declared = '\n[[equivalents]]\nreplace = "x.sum()"\nby = "x.mean()"\nwhy = "for the sake of the test"\n'
    (whole.root / FILES["metadata"]).write_text(METADATA + declared)
    lacks = proven(curriculum.Exercise("zoo/topic"), whole.root)
    assert "1 of 6 mutants are declared equivalent; at most 10% may be" in lacks
    assert not any("killed" in line for line in lacks)


def test_two_mistakes_that_look_alike_must_say_the_same(clone):
    twin = MISTAKE.format(name="max").replace('name = "max"', 'name = "twin"').replace('says = "s"', 'says = "{}"')
    whole = clone()
    (whole.root / FILES["metadata"]).write_text(METADATA + twin.format("another thing"))
    lacks = proven(curriculum.Exercise("zoo/topic"), whole.root)
    assert "mistake max looks to the tests like twin: a learner would not be told which" in lacks
    (whole.root / FILES["metadata"]).write_text(METADATA + twin.format("s"))
    assert proven(curriculum.Exercise("zoo/topic"), whole.root) == []


@pytest.mark.parametrize(
    ("key", "old", "new", "said"),
    [
        ("metadata", "[hints.total]", "[hints.sum]", "hints: none for total"),
        ("metadata", 'kind = "why"', 'kind = "what if"', "questions: there should be one of each kind"),
        ("metadata", 'replace = "x.max()"', 'replace = "x.size"', "mistake max: the text to replace occurs 3 times"),
        ("metadata", '"numpy.linalg"', '"numpy.ndarray"', "uses numpy.ndarray, which this exercise asks you to do without"),
        ("metadata", 'replace = "x.max()"\nby = "x[0]"', 'replace = "x.max()"\nby = "x.max(axis=0)"', "mistake max passes all tests"),
        ("reference", "## Pitfalls", "## Traps", "note: its sections are"),
        ("reference", "https://doi.org/10.1/x", "a book", "note: no reference has a DOI"),
        ("reference", "\\tag{1}", "", "note: its equations are not numbered"),
        ("reference", "x : ndarray\n        Numbers.", "y : ndarray\n        Numbers.", "docstring of largest: Parameters {'x'} not documented"),
        ("reference", 'Float[np.ndarray, " n"]', "np.ndarray", "signature of largest: x is an array without a shape"),
        ("reference", "Raises\n    ------\n    ValueError", "Notes\n    -----\n    ValueError", "it raises ValueError, and has no such line"),
        ("reference", "    3.0\n", "    4.0\n", "doctest of largest fails"),
        ("reference", ">>> total", "e.g. total", "docstring of total: no doctest"),
        ("tests", "def test_total_is_found", "def test_sum_is_found", "test_sum_is_found: the name begins with no part"),
        ("tests", "def test_total_is_found", "def test_smallest_total", "no test is about total"),
        ("tests", "from mlpath.zoo.topic import largest, smallest, total", "import mlpath.zoo.topic\nfrom mlpath.zoo.topic import *", "import the module under test once"),
        ("tests", "@pytest.mark.given\n", "", "the stub passes test_largest_refuses_nothing"),
        ("tests", "assert total(X) == 9.5", "assert total(X) == 9.25", "the reference fails test_total_is_found"),
        ("alternative", "sorted(x)[-1]", "sorted(x)[0]", "alternative by_sorting.py fails test_largest_is_found"),
    ],
)  # fmt: skip
def test_each_demand_is_checked(clone, key, old, new, said):
    lacks = clone(**{key: [(old, new)]}).missing()
    assert any(said in line for line in lacks), lacks


def test_tests_must_come_in_the_order_of_the_parts(clone):
    swapped = [("test_largest_is", "test_X_is"), ("test_total_is", "test_largest_is"), ("test_X_is", "test_total_is")]
    lacks = clone(
        tests=[*swapped, ("@pytest.mark.given\ndef test_largest", "@pytest.mark.given\ndef test_total")]
    ).missing()
    assert any("the tests take the parts in the order total, smallest, largest" in line for line in lacks), lacks


def test_a_stale_stub_is_found(clone):
    whole = clone()
    file = whole.root / "exercises/zoo/topic.py"
    file.write_text(file.read_text() + "\n")
    assert whole.missing() == ["exercises/zoo/topic.py is not what the reference gives: run mlpath dev stubs"]


def test_an_alternative_is_needed(clone):
    whole = clone()
    shutil.rmtree(whole.root / "tests/zoo/alternatives")
    assert whole.missing() == ["no alternative solution in tests/zoo/alternatives/topic"]
