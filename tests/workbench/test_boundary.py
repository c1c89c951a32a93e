"""The guard at the boundary of the learner's functions."""

from dataclasses import dataclass, make_dataclass
from types import ModuleType

import numpy as np
import pytest
from jaxtyping import Float

from mlpath.workbench.boundary import BoundaryError, guard


@dataclass(frozen=True)
class State:
    position: Float[np.ndarray, "n_chains dim"]
    weight: Float[np.ndarray, " n_chains"]


class Model:
    def transform(self, x: Float[np.ndarray, "n_samples n_features"]) -> Float[np.ndarray, "n_samples 2"]: ...


def project(x: Float[np.ndarray, "n_samples n_features"], n_parts: int) -> Float[np.ndarray, "n_samples {n_parts}"]: ...
def total(x: Float[np.ndarray, "n_samples n_features"]) -> float: ...
def split(x: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " d"] | None]: ...
def move(state: State) -> State: ...
def first(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]: ...
def plain(x): ...


X = np.arange(15.0).reshape(5, 3)
REFERENCE = ModuleType("mlpath.room.topic")
for member in (Model, project, total, split, move, first, plain, State):
    member.__module__ = REFERENCE.__name__
    setattr(REFERENCE, member.__name__, member)


def learner(**members):
    """A learner's module whose functions do what is given here."""
    module = ModuleType(REFERENCE.__name__)
    for name, function in members.items():
        function.__module__ = module.__name__
        function.__qualname__ = name
        setattr(module, name, function)
    guard(module, REFERENCE)
    return module


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (
            lambda x, n_parts: x[:, :n_parts].T,
            r"project returned float64 (2, 5), expected float (n_samples, {n_parts}) = (5, 2)",
        ),
        (lambda x, n_parts: x[:, 0], r"project returned float64 (5,), expected float (n_samples, {n_parts}) = (5, 2)"),
        (lambda x, n_parts: x[:, :n_parts].astype(int), r"project returned int64 (5, 2), expected float"),
        (lambda x, n_parts: x[:, :n_parts].tolist(), "project returned a list of 5, expected float"),
        (lambda x, n_parts: None, "project returned None (is a `return` missing?), expected float"),
    ],
)
def test_a_wrong_return_is_told_in_a_sentence(function, complaint):
    with pytest.raises(BoundaryError) as caught:
        learner(project=function).project(X, n_parts=2)
    assert complaint in str(caught.value)


def test_right_returns_pass():
    assert learner(project=lambda x, n_parts: x[:, :n_parts] + 0).project(X, 2).shape == (5, 2)
    assert learner(total=lambda x: np.float64(x.sum())).total(X) == X.sum()
    assert learner(split=lambda x: (x[:, 0] + 0, None)).split(X)[1] is None


def test_a_number_must_be_single():
    with pytest.raises(BoundaryError, match=r"total returned float64 \(3,\), expected a number"):
        learner(total=lambda x: x.sum(axis=0)).total(X)


def square(x: Float[np.ndarray, "n_samples n_features"]) -> Float[np.ndarray, "n_features n_features"]: ...
def means(x: Float[np.ndarray, "n_samples n_features"]) -> Float[np.ndarray, " n_features"]: ...
def both(
    x: Float[np.ndarray, "n_samples n_features"], y: Float[np.ndarray, " n_outputs"]
) -> Float[np.ndarray, " n_features"]: ...


for member in (square, means, both):
    member.__module__ = REFERENCE.__name__
    setattr(REFERENCE, member.__name__, member)


def test_an_axis_that_is_as_long_as_another_is_told():
    said = r"means returned float64 \(5,\), expected float \(n_features,\) = \(3,\); 5 is n_samples: is it the wrong axis\?$"
    with pytest.raises(BoundaryError, match=said):
        learner(means=lambda x: x.mean(axis=1)).means(X)


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [
        ("means", lambda x: x.mean(axis=1)[1:], (X,)),  # 4 is no axis
        ("means", lambda x: x.mean(axis=1, keepdims=True), (X,)),  # another number of axes
        ("square", lambda x: x @ x.T, (X,)),  # two axes are wrong
        ("both", lambda x, y: x[:, 0] + 0, (X, np.ones(5))),  # 5 is n_samples and n_outputs
    ],
)
def test_no_axis_is_named_where_that_is_a_guess(name, function, arguments):
    with pytest.raises(BoundaryError) as caught:
        getattr(learner(**{name: function}), name)(*arguments)
    assert "wrong axis" not in str(caught.value)


def test_tuples_and_dataclasses_are_looked_into():
    with pytest.raises(BoundaryError, match=r"a tuple whose item 1 is float64 \(5,\)"):
        learner(split=lambda x: (x[:, 0] + 0, x[:, 1] + 0)).split(X)
    with pytest.raises(BoundaryError, match="expected a tuple of 2"):
        learner(split=lambda x: x[:, 0] + 0).split(X)
    with pytest.raises(
        BoundaryError, match=r"State whose weight is float64 \(3,\), expected float \(n_chains,\) = \(5,\)"
    ):
        learner(move=lambda state: State(state.position + 1, state.position[0])).move(State(X, X[:, 0]))


def test_methods_are_guarded():
    class Mine:
        def transform(self, x):
            return x

    Mine.__module__ = Mine.transform.__module__ = REFERENCE.__name__
    module = ModuleType(REFERENCE.__name__)
    module.Model = Mine
    guard(module, REFERENCE)
    with pytest.raises(
        BoundaryError, match=r"Model.transform returned float64 \(5, 3\), expected float \(n_samples, 2\) = \(5, 2\)"
    ):
        module.Model().transform(X)


def test_writing_to_an_argument_is_told():
    def spoil(x):
        x -= x.mean()

    with pytest.raises(BoundaryError, match="plain changed an array that it was given"):
        learner(plain=spoil).plain(X.copy())


def test_writing_to_a_tensor_is_told():
    torch = pytest.importorskip("torch")

    def spoil(x):
        x.add_(1)

    with pytest.raises(BoundaryError, match="plain changed an array that it was given"):
        learner(plain=spoil).plain(torch.ones(3))


def test_wrong_arguments_raise_the_functions_own_error():
    def mine(x, n_parts):
        raise ValueError("x must have shape (n_samples, n_features)")

    with pytest.raises(ValueError, match="n_samples") as caught:
        learner(project=mine).project(np.ones(3), n_parts=2)
    assert not getattr(caught.value, "__notes__", [])


def test_what_was_right_before_is_checked_again_where_kinds_differ():
    results = iter([np.ones(5), np.ones(5), np.ones((5, 1)), np.ones(3)])
    mine = learner(first=lambda x: next(results))
    assert mine.first(X).shape == mine.first(X).shape == (5,)
    for shape in (r"\(5, 1\)", r"\(3,\)"):
        with pytest.raises(BoundaryError, match=f"first returned float64 {shape}, expected float"):
            mine.first(X)


def test_an_axis_that_an_argument_names_is_checked_each_time():
    mine = learner(project=lambda x, n_parts: x[:, :2] + 0)
    assert mine.project(X, 2).shape == (5, 2)
    with pytest.raises(BoundaryError, match="project returned"):
        mine.project(X, 3)


def test_a_dataclass_with_slots_is_checked_as_any_other():
    slotted = make_dataclass("State", ["position", "weight"], slots=True)
    mine = learner(move=lambda state: slotted(X + 1, X[:, 0] + 1))
    assert mine.move(slotted(X, X[:, 0])).position.shape == (5, 3)
    assert mine.move(slotted(X, X[:, 0])).weight.shape == (5,)
