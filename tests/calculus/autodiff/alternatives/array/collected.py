"""Another way: sums axis by axis, products by einsum, rows in loops, and adjoints collected from the children."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from mlpath.calculus.finite_differences.gradients import gradient_mismatch

Array = Float[np.ndarray, "..."]
VJP = Callable[[Array], Array | float]
Axes = int | tuple[int, ...] | None


class Variable:  # given: what an array remembers, and the operators, which call the functions below
    """An array that knows what it was made from."""

    __slots__ = ("parents", "value", "vjps")
    __array_ufunc__ = None  # NumPy's arrays leave the operators to this class

    def __init__(self, value: Any, parents: tuple["Variable", ...] = (), vjps: tuple[VJP, ...] = ()) -> None:
        value = _real(value, "value")
        if not parents:
            if not np.isfinite(value).all():
                raise ValueError(f"value must be finite, got {value}")
            value = value.copy()
        value.flags.writeable = False
        self.value, self.parents, self.vjps = value, parents, vjps

    def __repr__(self) -> str:
        text = np.array2string(self.value, precision=4, threshold=20, separator=", ", prefix="Variable(")
        return f"Variable({text})"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def dtype(self) -> np.dtype:
        return self.value.dtype

    @property
    def T(self) -> "Variable":
        return transpose(self)

    def __len__(self) -> int:
        return len(self.value)

    def __add__(self, other: Any) -> "Variable":
        return add(self, other)

    __radd__ = __add__

    def __neg__(self) -> "Variable":
        return multiply(self, -1)

    def __sub__(self, other: Any) -> "Variable":
        return add(self, multiply(other, -1))

    def __rsub__(self, other: Any) -> "Variable":
        return add(other, multiply(self, -1))

    def __mul__(self, other: Any) -> "Variable":
        return multiply(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "Variable":
        return divide(self, other)

    def __rtruediv__(self, other: Any) -> "Variable":
        return divide(other, self)

    def __pow__(self, exponent: float) -> "Variable":
        return power(self, exponent)

    def __matmul__(self, other: Any) -> "Variable":
        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> "Variable":
        return matmul(other, self)

    def __getitem__(self, key: Any) -> "Variable":
        return index(self, key)

    def sum(self, axis: Axes = None, keepdims: bool = False) -> "Variable":
        """Return the sum along some axes, by `reduce_sum`."""
        return reduce_sum(self, axis, keepdims)

    def mean(self, axis: Axes = None, keepdims: bool = False) -> "Variable":
        """Return the mean along some axes."""
        total = reduce_sum(self, axis, keepdims)
        return total * (total.value.size / self.value.size)

    def max(self, axis: Axes = None, keepdims: bool = False) -> "Variable":
        """Return the largest along some axes, by `reduce_max`."""
        return reduce_max(self, axis, keepdims)

    def reshape(self, *shape: int) -> "Variable":
        """Return the same entries in another shape, by `reshape`."""
        return reshape(self, shape)


Operand = Variable | Array | float


def _real(values: Any, name: str, dtype: Any = np.float64) -> np.ndarray:  # given: argument checks
    """Return an array of floats; whole numbers and Python's get the dtype. Refuse booleans, complex numbers, objects."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be made of real numbers, got the dtype {array.dtype}")
    return array.astype(dtype) if array.dtype.kind != "f" or isinstance(values, float) else array


def _values(*operands: Operand) -> list[np.ndarray]:  # given: the arrays of operands
    """Return the arrays of Variables, and copies of constants, which their owner may change later."""
    dtypes = [a.dtype for a in operands if isinstance(a, Variable)]
    beside = np.result_type(*dtypes) if dtypes else np.float64
    return [a.value if isinstance(a, Variable) else np.array(_real(a, "a constant", beside)) for a in operands]


def _with_axes(gradient: Array, axis: Axes, keepdims: bool) -> np.ndarray:  # given: what a reduction took away
    """Return the gradient of a reduction with the axes that it lacks put back, of length 1."""
    return gradient if keepdims or axis is None else np.expand_dims(gradient, axis)


def _topological_order(y: Variable) -> list[Variable]:  # given: as for scalars
    """Return all that `y` was made from, parents first, and `y` last."""
    order, met, stack = [], set(), [(y, False)]
    while stack:
        v, on_the_way_back = stack.pop()
        if on_the_way_back:
            order.append(v)
        elif v not in met:
            met.add(v)
            stack.append((v, True))
            stack.extend((parent, False) for parent in v.parents)
    return order


def record(value: Array, *origins: tuple[Operand, VJP]) -> Variable:  # given: the graph
    """Return the result of an operation, which remembers its Variables and forgets its constants."""
    kept = [(a, vjp) for a, vjp in origins if isinstance(a, Variable)]
    return Variable(value, tuple(a for a, _ in kept), tuple(vjp for _, vjp in kept))


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array | float:
    """Return the gradient of an array from that of the array that it was broadcast to, equation (4)."""
    # given: the check
    behind = gradient.shape[gradient.ndim - len(shape) :]
    if gradient.ndim < len(shape) or any(n not in (1, m) for n, m in zip(shape, behind)):
        raise ValueError(f"shape must broadcast to that of the gradient, {gradient.shape}, got {shape}")
    # yours
    while gradient.ndim > len(shape):
        gradient = np.add.reduce(gradient, axis=0)
    for i, n in enumerate(shape):
        if gradient.shape[i] != n:
            gradient = np.add.reduce(gradient, axis=i, keepdims=True)
    return gradient


def add(a: Operand, b: Operand) -> Variable:  # given: an example of broadcasting
    """Return the sum of two arrays, with broadcasting."""
    x, y = _values(a, b)
    return record(x + y, (a, lambda g: unbroadcast(g, x.shape)), (b, lambda g: unbroadcast(g, y.shape)))


def divide(a: Operand, b: Operand) -> Variable:  # given
    """Return the quotient of two arrays, with broadcasting."""
    x, y = _values(a, b)
    value = x / y
    by_a, by_b = lambda g: unbroadcast(g / y, x.shape), lambda g: unbroadcast(-g * value / y, y.shape)
    return record(value, (a, by_a), (b, by_b))


def power(a: Operand, exponent: float) -> Variable:  # given
    """Return the entries of an array, each to the same power."""
    if not isinstance(exponent, int | float) or isinstance(exponent, bool):
        raise ValueError(f"exponent must be a plain number, got {exponent!r}")
    (x,) = _values(a)
    return record(x**exponent, (a, lambda g: g * exponent * x ** (exponent - 1) if exponent else np.zeros_like(x)))


def exp(a: Operand) -> Variable:  # given: an example of a function of each entry
    """Return the exponential function of each entry."""
    (x,) = _values(a)
    value = np.exp(x)
    return record(value, (a, lambda g: g * value))


def log(a: Operand) -> Variable:  # given
    """Return the natural logarithm of each entry."""
    (x,) = _values(a)
    return record(np.log(x), (a, lambda g: g / x))


def tanh(a: Operand) -> Variable:  # given
    """Return the hyperbolic tangent of each entry."""
    (x,) = _values(a)
    value = np.tanh(x)
    return record(value, (a, lambda g: g * (1 - value**2)))


def relu(a: Operand) -> Variable:  # given
    """Return the positive part of each entry. At 0 the slope counts as 0."""
    (x,) = _values(a)
    return record(np.maximum(x, 0), (a, lambda g: g * (x > 0)))


def reshape(a: Operand, shape: tuple[int, ...]) -> Variable:  # given
    """Return the same entries in another shape."""
    (x,) = _values(a)
    return record(x.reshape(shape), (a, lambda g: g.reshape(x.shape)))


def transpose(a: Operand, axes: tuple[int, ...] | None = None) -> Variable:  # given: an example of moving entries
    """Return an array with its axes in another order."""
    (x,) = _values(a)
    back = None if axes is None else tuple(int(i) for i in np.argsort([i % x.ndim for i in axes]))
    return record(x.transpose(axes), (a, lambda g: g.transpose(back)))


def concatenate(arrays: Iterable[Operand], axis: int = 0) -> Variable:  # given
    """Return arrays one after the other along an axis."""
    arrays = list(arrays)
    values = _values(*arrays)
    ends = np.cumsum([x.shape[axis] for x in values])[:-1]
    vjps = [lambda g, i=i: np.split(g, ends, axis)[i] for i in range(len(values))]
    return record(np.concatenate(values, axis), *zip(arrays, vjps))


def multiply(a: Operand, b: Operand) -> Variable:
    """Return the product of two arrays, entry by entry and with broadcasting, equations (3) and (4)."""
    # given: the arrays
    x, y = _values(a, b)

    # yours
    # (x y) = (x + 0) (0 + y): broadcast first, by operations that know how to go back
    def product(u: Operand, v: Operand) -> Variable:
        x, y = (w.value if isinstance(w, Variable) else w for w in (u, v))
        return record(x * y, (u, lambda g: g * y), (v, lambda g: g * x))

    zeros = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=x.dtype)
    return product(
        add(a, zeros) if isinstance(a, Variable) else x + zeros, add(b, zeros) if isinstance(b, Variable) else y + zeros
    )


def matmul(a: Operand, b: Operand) -> Variable:
    """Return the matrix product of two arrays as `@` has it, equation (5)."""
    # given: the arrays, and the check
    x, y = _values(a, b)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(f"a and b must have at least one axis each, got the shapes {x.shape} and {y.shape}")
    # yours
    m, p = "m" * (x.ndim > 1), "p" * (y.ndim > 1)
    left, right = f"...{m}k", f"...k{p}"
    if x.ndim == 1:
        left = "k"
    if y.ndim == 1:
        right = "k"
    out = f"...{m}{p}"

    def by(wanted: str, shape: tuple[int, ...], other: str, factor: np.ndarray) -> VJP:
        def vjp(g: np.ndarray) -> np.ndarray:
            terms = f"...{wanted.removeprefix('...')}"
            return unbroadcast(np.einsum(f"{out},{other}->{terms}", g, factor), shape)

        return vjp

    return record(
        np.einsum(f"{left},{right}->{out}", x, y), (a, by(left, x.shape, right, y)), (b, by(right, y.shape, left, x))
    )


def reduce_sum(a: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Return the sum of an array along some axes, equation (6)."""
    # given: the array
    (x,) = _values(a)

    # yours
    def vjp(g: np.ndarray) -> np.ndarray:
        copies = np.empty_like(x)
        copies[...] = _with_axes(g, axis, keepdims)
        return copies

    return record(np.add.reduce(x, axis=None if axis is None else axis, keepdims=keepdims), (a, vjp))


def reduce_max(a: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Return the largest entries of an array along some axes, equation (7)."""
    # given: the array
    (x,) = _values(a)
    # yours
    axes = (
        tuple(range(x.ndim))
        if axis is None
        else tuple(i % x.ndim for i in (axis if isinstance(axis, tuple) else (axis,)))
    )
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    rows = x.transpose(rest + axes).reshape(*(x.shape[i] for i in rest), -1)
    best = rows.max(axis=-1)

    def vjp(g: np.ndarray) -> np.ndarray:
        gradient = np.zeros_like(rows)
        g = np.asarray(g).reshape(best.shape)
        for place in np.ndindex(best.shape):
            (ties,) = np.nonzero(rows[place] == best[place])
            gradient[(*place, ties)] = g[place] / len(ties)
        return gradient.reshape([x.shape[i] for i in rest + axes]).transpose(np.argsort(rest + axes))

    kept = [1 if i in axes else n for i, n in enumerate(x.shape)]
    return record(best.reshape(kept) if keepdims else best, (a, vjp))


def index(a: Operand, key: Any) -> Variable:
    """Return what stands at some places of an array, equation (8)."""
    # given: the array, and a copy of the key, which its owner may change later
    (x,) = _values(a)
    key = tuple(
        np.array(k) if isinstance(k, list | np.ndarray) else k for k in (key if isinstance(key, tuple) else (key,))
    )

    # yours
    places = np.arange(x.size).reshape(x.shape)[key].ravel()

    def collect(g: np.ndarray) -> np.ndarray:
        return np.bincount(places, weights=np.ravel(g), minlength=x.size).reshape(x.shape).astype(x.dtype)

    return record(x[key], (a, collect))


def log_sum_exp(a: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Return the logarithm of the sum of the exponentials of the entries along some axes, equation (9)."""
    # given: the array
    (x,) = _values(a)
    # yours
    top = x.max(axis=axis, keepdims=True)
    total = add(log(reduce_sum(exp(add(a, -top)), axis, keepdims=True)), top)
    return total if keepdims else reshape(total, x.sum(axis=axis).shape)


def backward(y: Variable, gradient: Array | None = None) -> dict[Variable, Array]:
    r"""Return the adjoints of all that a result was made from, equation (10)."""
    # given: the checks
    if not isinstance(y, Variable):
        raise ValueError(f"y must be a Variable, got {type(y).__name__}")
    if gradient is None and y.value.size != 1:
        raise ValueError(f"gradient must be given for a y that is not a single number but of shape {y.shape}")
    start = np.ones_like(y.value) if gradient is None else _real(gradient, "gradient").astype(y.dtype)
    if start.shape != y.shape:
        raise ValueError(f"gradient must have the shape of y, {y.shape}, got {start.shape}")
    # yours
    order = _topological_order(y)[::-1]
    children: dict[Variable, list[tuple[Variable, VJP]]] = {v: [] for v in order}
    for v in order:
        for parent, vjp in zip(v.parents, v.vjps):
            children[parent].append((v, vjp))
    adjoints = {y: start}
    for v in order[1:]:
        adjoints[v] = np.zeros_like(v.value)
        for child, vjp in children[v]:
            adjoints[v] = adjoints[v] + np.asarray(vjp(adjoints[child])).astype(v.dtype)
    return adjoints


def value_and_grad(f: Callable[..., Variable]) -> Callable[..., tuple[float, tuple[Array, ...]]]:  # given
    """Return the function that computes a function and its gradient."""

    def evaluate(*x: Any) -> tuple[float, tuple[np.ndarray, ...]]:
        inputs = [Variable(array) for array in x]
        y = f(*inputs)
        if not isinstance(y, Variable) or y.shape != ():
            raise ValueError(f"f must return a Variable of shape (), got {y!r}")
        adjoints = backward(y)
        return float(y.value), tuple(np.array(adjoints.get(v, np.zeros_like(v.value))) for v in inputs)

    return evaluate


def check_gradient(  # given
    f: Callable[..., Variable], *x: Array, n_directions: int = 10, rng: np.random.Generator
) -> float:
    """Return how badly the gradients of a function fit differences of its values along random directions."""
    arrays = [_real(array, "x").astype(np.float64) for array in x]
    ends = np.cumsum([array.size for array in arrays])[:-1]
    weights = rng.normal(size=f(*map(Variable, arrays)).shape)

    def at(flat: np.ndarray) -> tuple[list[Variable], Variable]:
        inputs = [Variable(part.reshape(array.shape)) for part, array in zip(np.split(flat, ends), arrays)]
        return inputs, f(*inputs)

    def value(flat: np.ndarray) -> float:
        return float((at(flat)[1].value * weights).sum())

    def gradient(flat: np.ndarray) -> np.ndarray:
        inputs, y = at(flat)
        adjoints = backward(y, weights)
        return np.concatenate([np.ravel(adjoints.get(v, np.zeros(v.shape))) for v in inputs])

    flat = np.concatenate([array.ravel() for array in arrays])
    return gradient_mismatch(value, gradient, flat, n_directions=n_directions, rng=rng)
