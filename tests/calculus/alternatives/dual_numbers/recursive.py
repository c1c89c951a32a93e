"""Recursion along the chain, and rows and columns filled one by one."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

Numbers = Any  # an array, or a Dual where runs are nested
Function = Callable[[Any], Any]

LEVELS = itertools.count(1)  # `next(LEVELS)` is a level that no run has had


class Layer(NamedTuple):
    r"""A link of a chain of functions."""

    forward: Callable[[Any], Any]
    pullback: Callable[[Any, Any], Any]


class Dual(np.lib.mixins.NDArrayOperatorsMixin):  # given
    """An array of dual numbers: NumPy's operators and functions work on it by the rules of this module."""

    def __init__(self, value: Numbers, tangent: Numbers, level: int = 0) -> None:
        self.value = value if isinstance(value, Dual) else _numbers(value)
        self.tangent = _spread(tangent, self.value.shape)
        self.level = level

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        """Hand an operation of NumPy to its rule."""
        if method != "__call__" or options or not (ufunc in RULES or ufunc in COMPARISONS):
            name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise TypeError(f"dual numbers have no rule for numpy.{name}{' with options' * bool(options)}")
        if ufunc in COMPARISONS:
            return ufunc(*(x.value if isinstance(x, Dual) else x for x in operands))
        return RULES[ufunc](*operands)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        """Refuse to become an array, which would lose the tangent."""
        raise TypeError(
            "a Dual cannot become a plain array, as its tangent would be lost; use stack([...]) to put several together"
        )

    def __repr__(self) -> str:
        """Return the value and the tangent."""
        return f"Dual({self.value}, {self.tangent})"

    def __getitem__(self, index: Any) -> "Dual":
        """Return entries, with their tangents."""
        return self.each(lambda z: z[index])

    def __len__(self) -> int:
        """Return the length of the first axis."""
        return len(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the values."""
        return self.value.dtype

    @property
    def T(self) -> "Dual":
        """The transpose."""
        return self.each(lambda z: z.T)

    def sum(self, axis: Any = None, *, keepdims: bool = False, dtype: None = None, out: None = None) -> "Dual":
        """Return sums of entries, as NumPy's."""
        return self.each(lambda z: z.sum(axis=axis, keepdims=keepdims))

    def each(self, linear: Function) -> "Dual":
        """Return a linear function of the dual numbers: the same function of the values and of the tangents."""
        return Dual(linear(self.value), linear(self.tangent), self.level)


def _numbers(values: Any) -> np.ndarray:  # given: argument checks
    """Return an array of floats."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"dual numbers are made of real numbers, got an array of {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _spread(values: Any, shape: tuple[int, ...]) -> Any:  # given: broadcasts, without a copy
    """Return the values broadcast to a shape."""
    if isinstance(values, Dual):
        return Dual(_spread(values.value, shape), _spread(values.tangent, shape), values.level)
    return np.broadcast_to(_numbers(values), shape)


def _point(values: Any, name: str) -> Any:  # given: argument checks
    """Return a point, or a ValueError that says what is wrong with it. A Dual was checked when it was made."""
    if isinstance(values, Dual):
        return values
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be an array of real, finite numbers, got {values!r}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def of_shape(values: Any, name: str, like: Any) -> Any:  # given: argument checks
    """Return `values` as a point of the shape of `like`, or raise a ValueError."""
    values = _point(values, name)
    if values.shape != np.shape(like.value if isinstance(like, Dual) else like):
        raise ValueError(f"{name} must have the shape {np.shape(like)}, got {values.shape}")
    return values


def lift(x: Numbers, level: int, dtype: Any = None) -> Dual:  # given
    """Return `x` as a Dual of a level: what is not of that level is a constant, with tangent 0."""
    if isinstance(x, Dual) and x.level == level:
        return x
    return Dual(np.asarray(x, dtype) if isinstance(x, int | float) else x, np.float32(0), level)


def split(result: Numbers, level: int) -> tuple[Numbers, Numbers]:  # given
    """Return the value of a result and its tangent at a level: zeros where the result does not depend on that level."""
    if isinstance(result, Dual) and result.level == level:
        return result.value, result.tangent
    return (result, 0 * result) if isinstance(result, Dual) else (result, np.zeros_like(_numbers(result)))


def stack(parts: Sequence[Numbers]) -> Numbers:  # given
    """Return several numbers or arrays of one shape, some of them Duals, as one with a new first axis."""
    levels = [x.level for x in parts if isinstance(x, Dual)]
    if not levels:
        return np.stack([np.asarray(x) for x in parts])
    lifted = [lift(x, max(levels)) for x in parts]
    return Dual(stack([x.value for x in lifted]), stack([x.tangent for x in lifted]), max(levels))


def run(layers: Sequence[Layer], x: Numbers) -> Numbers:  # given
    """Return the value of a chain of layers."""
    for layer in layers:
        x = layer.forward(x)
    return x


def add(x: Dual, y: Dual) -> Dual:  # given: a rule, to see how one looks
    """Return the sum of two dual numbers of one level: values and tangents are added."""
    return Dual(x.value + y.value, x.tangent + y.tangent, x.level)


def multiply(x: Dual, y: Dual) -> Dual:
    """Return the product of two dual numbers, equation (1)."""
    terms = [x.tangent * y.value, y.tangent * x.value]
    return Dual(y.value * x.value, terms[0] + terms[1], y.level)


def divide(x: Dual, y: Dual) -> Dual:
    """Return the quotient of two dual numbers, equation (2). It squares nothing, so large and small values do no harm."""
    shrinks = y.tangent / y.value
    return Dual(x.value / y.value, x.tangent / y.value - (x.value / y.value) * shrinks, x.level)


def power(x: Dual, p: float) -> Dual:
    """Return a constant power of a dual number, equation (3)."""
    if p == 0:
        return Dual(0 * x.value + 1, 0 * x.tangent, x.level)
    if p == 1:
        return x
    return elementwise(lambda z: z**p, lambda z: z ** (p - 1) * p, x)


def elementwise(function: Function, slope: Function, x: Dual) -> Dual:
    """Return a function of one variable of each entry, equation (3)."""
    before, after = x.value, function(x.value)
    return Dual(after, x.tangent * slope(before), x.level)


def _matmul(x: Numbers, y: Numbers) -> Dual:  # given: the product rule, less what is known to vanish
    """Return a matrix product of which at least one factor is a Dual."""
    level = max(z.level for z in (x, y) if isinstance(z, Dual))
    if not (isinstance(x, Dual) and x.level == level):
        return y.each(lambda z: x @ z)
    if not (isinstance(y, Dual) and y.level == level):
        return x.each(lambda z: z @ y)
    return Dual(x.value @ y.value, x.value @ y.tangent + x.tangent @ y.value, level)


def _maximum(x: Dual, y: Dual) -> Dual:  # given: at a tie, the slope of the first
    """Return the larger of two dual numbers, with its tangent."""
    first = x.value >= y.value
    return Dual(np.maximum(x.value, y.value), first * x.tangent + ~first * y.tangent, x.level)


def _power(x: Numbers, y: Numbers) -> Dual:  # given
    """Return a power, of which base or exponent may be constant."""
    if isinstance(y, Dual):
        return np.exp(y * np.log(x))
    exponents = np.unique(np.asarray(y))
    if exponents.size != 1:
        raise ValueError(f"dual numbers are raised to one constant power at a time, got {y}")
    return power(x, exponents[0].item())


def _lifted(rule: Callable[[Dual, Dual], Dual]) -> Callable[[Numbers, Numbers], Dual]:  # given
    """Return a rule for two operands of which one may be a constant."""

    def lifted(x: Numbers, y: Numbers) -> Dual:
        level, dtype = max((z.level, z.dtype) for z in (x, y) if isinstance(z, Dual))
        return rule(lift(x, level, dtype), lift(y, level, dtype))

    return lifted


def _of_one(function: Function, slope: Function) -> Callable[[Dual], Dual]:  # given
    """Return the rule of a function of one variable."""
    return lambda x: elementwise(function, slope, x)


def jvp(f: Function, x: Numbers, v: Numbers) -> tuple[Numbers, Numbers]:
    """Return the value of a function and its Jacobian times a vector, in one run, equation (4)."""
    # given: the checks
    x = _point(x, "x")
    v = of_shape(v, "v", x)
    # yours
    level = next(LEVELS)
    result = f(Dual(x, v, level))
    return split(lift(result, level), level)


def vjp(layers: Sequence[Layer], x: Numbers, w: Numbers) -> tuple[Numbers, Numbers]:
    r"""Return the value of a chain of layers and a row vector times its Jacobian, equation (5)."""
    # given: the check
    x = _point(x, "x")
    # yours
    if len(layers) == 0:
        return x, of_shape(w, "w", x)
    value, w = vjp(layers[1:], layers[0].forward(x), w)
    return value, layers[0].pullback(x, w)


def jacobian(layers: Sequence[Layer], x: Float[np.ndarray, " n"]) -> Float[np.ndarray, "m n"]:
    """Return the Jacobian of a chain of layers, in as few runs as (6) allows."""
    # given: the checks
    x = _point(x, "x")
    if x.ndim != 1:
        raise ValueError(f"x must be a vector, got the shape {x.shape}")
    value = run(layers, x)
    if np.ndim(value) != 1:
        raise ValueError(f"layers must end in a vector, got the shape {np.shape(value)}")
    # yours
    result = np.zeros((len(value), len(x)), dtype=x.dtype)
    forward = len(value) >= len(x)
    for k in range(min(result.shape)):
        unit = np.zeros(len(x) if forward else len(value), dtype=x.dtype)
        unit[k] = 1
        if forward:
            result[:, k] = jvp(lambda z: run(layers, z), x, unit)[1]
        else:
            result[k] = vjp(layers, x, unit)[1]
    return result


def hessian_vector_product(layers: Sequence[Layer], x: Numbers, v: Numbers) -> tuple[Numbers, Numbers]:
    r"""Return the gradient of a chain of layers and its Hessian times a vector, in one run, equation (7)."""
    # given: the check
    if np.ndim(run(layers, _point(x, "x"))) != 0:
        raise ValueError("layers must end in a number, got a vector or more")
    # yours
    level = next(LEVELS)
    x = _point(x, "x")
    v = of_shape(v, "v", x)
    return split(vjp(layers, Dual(x, v, level), x.dtype.type(1))[1], level)


COMPARISONS = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.isfinite}
SLOPES: dict[np.ufunc, Function] = {
    np.exp: np.exp,
    np.expm1: np.exp,
    np.log: lambda z: 1 / z,
    np.log1p: lambda z: 1 / (1 + z),
    np.sin: np.cos,
    np.cos: lambda z: -np.sin(z),
    np.tanh: lambda z: 1 - np.tanh(z) ** 2,
    np.arctan: lambda z: 1 / (1 + z**2),
}
RULES: dict[np.ufunc, Callable[..., Dual]] = {
    np.add: _lifted(add),
    np.subtract: lambda x, y: x + (-y),
    np.multiply: _lifted(multiply),
    np.divide: _lifted(divide),
    np.maximum: _lifted(_maximum),
    np.matmul: _matmul,
    np.power: _power,
    np.square: lambda x: power(x, 2),
    np.sqrt: lambda x: power(x, 0.5),
    np.negative: lambda x: x.each(np.negative),
    np.positive: lambda x: x,
    **{function: _of_one(function, slope) for function, slope in SLOPES.items()},
}
