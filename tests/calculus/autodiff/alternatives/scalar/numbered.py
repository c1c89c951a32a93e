"""Another way: number the values as they are made; that is a topological order."""

import math
from collections.abc import Callable
from itertools import count
from numbers import Real

_NUMBERS = count()


class Var:  # given: what a number remembers, and the operators, which call the functions below
    """A number that knows what it was made from."""

    __slots__ = ("number", "parents", "slopes", "value")
    __array_ufunc__ = None  # NumPy's numbers leave the operators to this class

    def __init__(self, value: float, parents: tuple["Var", ...] = (), slopes: tuple[float, ...] = ()) -> None:
        if type(value) is not float:
            if not isinstance(value, Real) or isinstance(value, bool):
                raise ValueError(f"value must be a real number, got {value!r}")
            value = float(value)
        if not math.isfinite(value):
            raise ValueError(f"value must be finite, got {value}")
        if len(parents) != len(slopes):
            raise ValueError(f"slopes must be as many as the parents, {len(parents)}, got {len(slopes)}")
        self.value, self.parents, self.slopes = value, parents, slopes
        self.number = next(_NUMBERS)

    def __repr__(self) -> str:
        return f"Var({self.value})"

    def __add__(self, other: "Number") -> "Var":
        return add(self, other)

    def __radd__(self, other: "Number") -> "Var":
        return add(other, self)

    def __neg__(self) -> "Var":
        return multiply(-1.0, self)

    def __sub__(self, other: "Number") -> "Var":
        return add(self, multiply(-1.0, other))

    def __rsub__(self, other: "Number") -> "Var":
        return add(other, multiply(-1.0, self))

    def __mul__(self, other: "Number") -> "Var":
        return multiply(self, other)

    def __rmul__(self, other: "Number") -> "Var":
        return multiply(other, self)

    def __truediv__(self, other: "Number") -> "Var":
        return divide(self, other)

    def __rtruediv__(self, other: "Number") -> "Var":
        return divide(other, self)

    def __pow__(self, other: "Number") -> "Var":
        return power(self, other)

    def __rpow__(self, other: "Number") -> "Var":
        return power(other, self)

    def __lt__(self, other: "Number") -> bool:
        return self.value < _var(other).value

    def __le__(self, other: "Number") -> bool:
        return self.value <= _var(other).value

    def __gt__(self, other: "Number") -> bool:
        return self.value > _var(other).value

    def __ge__(self, other: "Number") -> bool:
        return self.value >= _var(other).value


Number = Var | float


def _var(number: Number) -> Var:  # given: constants
    """Return a Var as it is, and a plain number as a Var without parents; refuse anything else."""
    return number if isinstance(number, Var) else Var(number)


def exp(a: Number) -> Var:  # given: an example of a function of one number
    """Return the exponential function of a number, which is its own slope."""
    a = _var(a)
    value = math.exp(a.value)
    return Var(value, (a,), (value,))


def log(a: Number) -> Var:  # given: another example
    """Return the natural logarithm of a number."""
    a = _var(a)
    if not a.value > 0:
        raise ValueError(f"a must be positive, got {a}")
    return Var(math.log(a.value), (a,), (1 / a.value,))


def sin(a: Number) -> Var:  # given: another example
    """Return the sine of a number."""
    a = _var(a)
    return Var(math.sin(a.value), (a,), (math.cos(a.value),))


def add(a: Number, b: Number) -> Var:
    """Return the sum of two numbers with its parents and slopes, equation (2)."""
    # given: constants
    a, b = _var(a), _var(b)
    # yours
    return Var(a.value + b.value, (a, b), (1.0, 1.0))


def multiply(a: Number, b: Number) -> Var:
    """Return the product of two numbers with its parents and slopes, equation (3)."""
    # given: constants
    a, b = _var(a), _var(b)
    # yours
    slopes = b.value, a.value
    return Var(slopes[0] * slopes[1], (a, b), slopes)


def divide(a: Number, b: Number) -> Var:
    """Return the quotient of two numbers with its parents and slopes, equation (4)."""
    # given: constants, and the check
    a, b = _var(a), _var(b)
    if b.value == 0:
        raise ValueError(f"b must not be 0, got {b}")
    # yours
    value = a.value / b.value
    return Var(value, (a, b), (1 / b.value, -value / b.value))


def power(a: Number, b: Number) -> Var:
    """Return a power with its parents and slopes, equation (5) and what follows it."""
    # given: constants, and the check
    a, b = _var(a), _var(b)
    if (a.value < 0 and b.value % 1) or (a.value == 0 and b.value != 0 and b.value < 1):
        raise ValueError(f"b must be such that the power and its slope exist, got {a} ** {b}")
    # yours
    value = a.value**b.value
    by_base = 0.0 if b.value == 0 else b.value * math.pow(a.value, b.value - 1)
    if a.value < 0:
        return Var(value, (a, b), (by_base, math.nan))
    return Var(value, (a, b), (by_base, value * math.log(a.value) if a.value else 0.0))


def tanh(a: Number) -> Var:
    """Return the hyperbolic tangent of a number with its parent and slope, equation (6)."""
    # given: constants
    a = _var(a)
    # yours
    value = math.tanh(a.value)
    return Var(value, (a,), (1 - value**2,))


def topological_order(y: Var) -> list[Var]:
    """Return all that a number was made from in a topological order, equation (8)."""
    # given: the check
    if not isinstance(y, Var):
        raise ValueError(f"y must be a Var, got {y!r}")
    # yours
    found, stack = {y}, [y]
    while stack:
        for parent in stack.pop().parents:
            if parent not in found:
                found.add(parent)
                stack.append(parent)
    return sorted(found, key=lambda v: v.number)


def backward(y: Var) -> dict[Var, float]:
    """Return the adjoints of all that a number was made from, equation (7)."""
    # given: the check
    if not isinstance(y, Var):
        raise ValueError(f"y must be a Var, got {y!r}")
    # yours
    adjoints = dict.fromkeys(topological_order(y), 0.0)
    adjoints[y] = 1.0
    for v in sorted(adjoints, key=lambda v: -v.number):
        owed = adjoints[v]
        for i, parent in enumerate(v.parents):
            adjoints[parent] = adjoints[parent] + owed * v.slopes[i]
    return adjoints


def grad(f: Callable[..., Number]) -> Callable[..., tuple[float, ...]]:
    """Return the function that computes the gradient of a function."""

    def gradient(*x: float) -> tuple[float, ...]:
        inputs = [Var(number) for number in x]
        adjoints = backward(_var(f(*inputs)))
        return tuple(adjoints.get(v, 0.0) for v in inputs)

    return gradient
