r"""Dual numbers: forward-mode differentiation, and Hessians times vectors.

## Idea

A dual number carries a value and, beside it, how fast that value changes. Every operation works on both: a product
follows the product rule, a sine multiplies by a cosine. Code that was written for numbers, run on dual numbers, returns
its result and the exact derivative along one direction, in one go and without a step size. That is *forward mode*. Its
price is one run for each direction; running the chain rule backwards, *reverse mode*, pays one run for each output
instead. Together they give the product of a Hessian and a vector for the price of a few evaluations.

## Maths

**The algebra.** Take a symbol $\varepsilon$ that is not zero but has $\varepsilon^2 = 0$, and calculate with
$a + a'\varepsilon$. Then

$$(a + a'\varepsilon)(b + b'\varepsilon) = ab + (a b' + a' b)\,\varepsilon, \tag{1}$$

and the product rule appears by itself. To divide, look for the $c + c'\varepsilon$ which (1) turns into
$a + a'\varepsilon$ when it is multiplied by $b + b'\varepsilon$; the values give $c = a / b$, and the rest

$$c' = \frac{a' - c\, b'}{b}. \tag{2}$$

A smooth function has a Taylor series, of which all terms from the square of $\varepsilon$ on vanish:

$$f(a + a'\varepsilon) = f(a) + f'(a)\, a'\, \varepsilon. \tag{3}$$

For a constant power this is $p\, a^{p-1} a'$; where $p = 0$ it is 0, whatever $a$ is.

**Why it is exact.** Put (3) into itself: $g(f(a + a'\varepsilon)) = g(f(a)) + g'(f(a)) f'(a)\, a' \varepsilon$, which
is the chain rule. So whatever a program is composed of, if each elementary operation obeys (1) to (3), the whole obeys
(3). Nothing is truncated; only rounding is left, as in the values themselves.

**Forward mode.** Let $F : \mathbb{R}^n \to \mathbb{R}^m$ have the Jacobian $J$. Started at $x + v\varepsilon$, the same
argument gives

$$F(x + v\varepsilon) = F(x) + (J v)\,\varepsilon. \tag{4}$$

The vector $Jv$ is a *Jacobian-vector product* (JVP). Directions $v = e_1, \dots, e_n$ give the columns of $J$, one for
each run.

**Reverse mode.** Let $F = F_L \circ \dots \circ F_1$ be a chain of layers, $z_0 = x$ and $z_k = F_k(z_{k-1})$, and
$J_k$ the Jacobian of $F_k$ at $z_{k-1}$. Then $J = J_L \cdots J_1$. Forward mode multiplies from the right, $J_1 v$
first. Multiplying a row $w^\top$ from the left,

$$w^\top J = (\dots((w^\top J_L) J_{L-1}) \dots) J_1, \tag{5}$$

needs the last layer first, and so all the $z_k$, which have to be kept. It is a *vector-Jacobian product* (VJP); a
layer's share, $w \mapsto J_k^\top w$, is called its pullback. Rows $w = e_1, \dots, e_m$ give the rows of $J$. Both
modes only ever multiply matrices by vectors, so that a JVP or a VJP costs a small multiple of one evaluation of $F$,
whatever $n$ and $m$ are. The whole Jacobian takes

$$n \text{ runs forward, or } m \text{ runs in reverse.} \tag{6}$$

A loss has $m = 1$: that is why networks are trained in reverse.

**Forward over reverse.** For $f : \mathbb{R}^n \to \mathbb{R}$ the VJP with $w = 1$ is the gradient. It is a program
like any other. Run it on dual numbers: by (4)

$$\nabla f(x + v\varepsilon) = \nabla f(x) + (H v)\,\varepsilon, \tag{7}$$

with $H$ the Hessian, which is never formed. Two numbers must be kept apart if such runs are nested: how fast something
changes with the inner direction, and how fast with the outer one. Each run has its own $\varepsilon$, told by a
`level`: `next(LEVELS)` is a number that no run has had. What belongs to an outer run counts as a constant in the inner.

## Worked example

$f(x, y) = x y / (x + y)$ at $(2, 6)$ along $(1, -1)$. Begin with $2 + \varepsilon$ and $6 - \varepsilon$. Their product
is, by (1), $12 + (2 \cdot (-1) + 1 \cdot 6)\varepsilon = 12 + 4\varepsilon$; their sum is $8 + 0\varepsilon$. By (2)
the quotient is $1.5$, with $(4 - 1.5 \cdot 0) / 8 = 0.5$. In reverse, with layers $F_1(x, y) = (xy, x + y)$ and
$F_2(p, s) = p / s$: $z_1 = (12, 8)$, and $w = 1$ is pulled back by the second layer to
$(1/8, -12/64) = (0.125, -0.1875)$, and by the first to
$(6 \cdot 0.125 - 0.1875,\ 2 \cdot 0.125 - 0.1875) = (0.5625, 0.0625)$. That is the gradient, and along $(1, -1)$ it
gives $0.5$ again.

## Plan

`Dual`, sums, matrix products, the table of slopes and a chain's evaluation, `run`, are given. NumPy hands each
operation on a `Dual` to the rule of that operation.

| part | takes | returns | by |
|---|---|---|---|
| `multiply` | two dual numbers | their product | (1) |
| `divide` | two dual numbers | their quotient | (2) |
| `power` | a dual number, a constant power | the power | (3) |
| `elementwise` | a function, its slope, a dual number | the function of it | (3) |
| `jvp` | a function, a point, a direction | the value, $Jv$ | (4) |
| `vjp` | layers, a point, a row | the value, $w^\top J$ | (5) |
| `jacobian` | layers, a point | $J$, the cheaper way | (6) |
| `hessian_vector_product` | layers, a point, a vector | the gradient, $Hv$ | (7) |

## Pitfalls

- The slope of `x**0` comes out as nan at 0.
- Derivatives are right where the direction is $(1, \dots, 1)$, and wrong for others.
- A quotient's slope has the wrong sign, or has lost all its digits for values of size $10^{200}$.
- The value of a function that ignores its argument comes back where a tangent of zeros should.
- The Jacobian is right for as many outputs as inputs, and transposed otherwise.
- A network of a thousand inputs takes a thousand runs for one gradient.
- The Hessian times a vector is 0 everywhere: the tangents were dropped on the way, by `float(...)` or `np.array(...)`.
- At a kink, as of `np.maximum`, one of the two slopes comes back, with no warning.

## Cost

A JVP takes two to three times as long as the value alone, a VJP about as much and the memory for the $z_k$, and a
Hessian-vector product three to four gradients; a Hessian as a matrix takes $n$ of these. For a network of 64-128-10
units on 256 digits the benchmark measures 0.5 of torch's time for a JVP, 1.0 for a gradient and 0.9 for a
Hessian-vector product.

## Go further

Experiment: nest `jvp` in `jvp` for the second derivative along a line, and compare its digits with those of a second
difference. A stretch goal: carry the coefficient of $\varepsilon^2$ as well, with $\varepsilon^3 = 0$, and get
$v^\top H v$ in a single run.

## References

1. Griewank & Walther (2008), Evaluating derivatives, chapters 3 and 5, https://doi.org/10.1137/1.9780898717761
2. Baydin, Pearlmutter, Radul & Siskind (2018), Automatic differentiation in machine learning: a survey,
   https://arxiv.org/abs/1502.05767
3. Pearlmutter (1994), Fast exact multiplication by the Hessian, https://doi.org/10.1162/neco.1994.6.1.147
4. Siskind & Pearlmutter (2008), Nesting forward-mode AD in a functional framework,
   https://doi.org/10.1007/s10990-008-9037-1
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

Numbers = Any  # an array, or a Dual where runs are nested
Function = Callable[[Any], Any]

LEVELS = itertools.count(1)  # `next(LEVELS)` is a level that no run has had


class Layer(NamedTuple):
    r"""A link of a chain of functions.

    Attributes
    ----------
    forward : callable
        Takes `z` and returns the layer's value.
    pullback : callable
        Takes `z` and `w`, of the shape of the value, and returns $J^\top w$, of the shape of `z`.

    Examples
    --------
    >>> square = Layer(lambda z: z**2, lambda z, w: 2 * z * w)
    >>> square.pullback(np.array([3.0, 5.0]), np.array([1.0, 10.0]))
    array([  6., 100.])
    """

    forward: Callable[[Any], Any]
    pullback: Callable[[Any, Any], Any]


class Dual(np.lib.mixins.NDArrayOperatorsMixin):  # given
    """An array of dual numbers: NumPy's operators and functions work on it by the rules of this module.

    Parameters
    ----------
    value : array_like or Dual
        The values.
    tangent : array_like or Dual
        How fast the values change; broadcast to their shape.
    level : int
        Which run it belongs to. What has a lower level is a constant to it.

    Attributes
    ----------
    value, tangent : ndarray or Dual
        Both of one shape. They are Duals, of a lower level, where runs are nested.
    level : int
        Which run it belongs to.

    Examples
    --------
    >>> x = Dual(3.0, 1.0)
    >>> 2 * x + 1
    Dual(7.0, 2.0)
    """

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
        """Return sums of entries, as NumPy's.

        Parameters
        ----------
        axis : int or tuple of int, optional
            What to sum over; all axes if none is given.
        keepdims : bool
            Keep the summed axes, with length 1.
        dtype, out : None
            What NumPy hands over; nothing else is supported.

        Returns
        -------
        Dual
            The sums.
        """
        return self.each(lambda z: z.sum(axis=axis, keepdims=keepdims))

    def each(self, linear: Function) -> "Dual":
        """Return a linear function of the dual numbers: the same function of the values and of the tangents.

        Parameters
        ----------
        linear : callable
            Takes an array, or a Dual.

        Returns
        -------
        Dual
            The function of both.
        """
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
    """Return `values` as a point of the shape of `like`, or raise a ValueError.

    Parameters
    ----------
    values : array_like or Dual
        The values.
    name : str
        What the error calls them.
    like : ndarray or Dual
        What has the right shape.

    Returns
    -------
    ndarray or Dual
        The values.

    Raises
    ------
    ValueError
        If the shapes differ, or the values are not real, finite numbers.

    Examples
    --------
    >>> of_shape([1.0, 2.0], "w", np.zeros(3))
    Traceback (most recent call last):
    ValueError: w must have the shape (3,), got (2,)
    """
    values = _point(values, name)
    if values.shape != np.shape(like.value if isinstance(like, Dual) else like):
        raise ValueError(f"{name} must have the shape {np.shape(like)}, got {values.shape}")
    return values


def lift(x: Numbers, level: int, dtype: Any = None) -> Dual:  # given
    """Return `x` as a Dual of a level: what is not of that level is a constant, with tangent 0.

    Parameters
    ----------
    x : array_like or Dual
        The numbers.
    level : int
        The level.
    dtype : numpy.dtype, optional
        What a plain number becomes, so that single precision stays what it is.

    Returns
    -------
    Dual
        `x` itself, or a constant.

    Examples
    --------
    >>> lift(5.0, 1)
    Dual(5.0, 0.0)
    """
    if isinstance(x, Dual) and x.level == level:
        return x
    return Dual(np.asarray(x, dtype) if isinstance(x, int | float) else x, np.float32(0), level)


def split(result: Numbers, level: int) -> tuple[Numbers, Numbers]:  # given
    """Return the value of a result and its tangent at a level: zeros where the result does not depend on that level.

    Parameters
    ----------
    result : array_like or Dual
        What a function returned.
    level : int
        The level.

    Returns
    -------
    value, tangent : ndarray or Dual
        Of one shape.

    Examples
    --------
    >>> value, tangent = split(np.array([2.0, 3.0]), 1)
    >>> tangent
    array([0., 0.])
    """
    if isinstance(result, Dual) and result.level == level:
        return result.value, result.tangent
    return (result, 0 * result) if isinstance(result, Dual) else (result, np.zeros_like(_numbers(result)))


def stack(parts: Sequence[Numbers]) -> Numbers:  # given
    """Return several numbers or arrays of one shape, some of them Duals, as one with a new first axis.

    Parameters
    ----------
    parts : sequence of array_like or Dual
        What to stack.

    Returns
    -------
    ndarray or Dual
        All of them.

    Examples
    --------
    >>> stack([Dual(2.0, 1.0), 7.0])
    Dual([2. 7.], [1. 0.])
    """
    levels = [x.level for x in parts if isinstance(x, Dual)]
    if not levels:
        return np.stack([np.asarray(x) for x in parts])
    lifted = [lift(x, max(levels)) for x in parts]
    return Dual(stack([x.value for x in lifted]), stack([x.tangent for x in lifted]), max(levels))


def run(layers: Sequence[Layer], x: Numbers) -> Numbers:  # given
    """Return the value of a chain of layers.

    Parameters
    ----------
    layers : sequence of Layer
        The first is applied first.
    x : ndarray or Dual
        The point.

    Returns
    -------
    ndarray or Dual
        What the last layer returns.

    Examples
    --------
    >>> run(
    ...     [Layer(np.sum, lambda z, w: w + 0 * z), Layer(np.sqrt, lambda z, w: w / (2 * np.sqrt(z)))],
    ...     np.array([7.0, 9.0]),
    ... )
    np.float64(4.0)
    """
    for layer in layers:
        x = layer.forward(x)
    return x


def add(x: Dual, y: Dual) -> Dual:  # given: a rule, to see how one looks
    """Return the sum of two dual numbers of one level: values and tangents are added.

    Parameters
    ----------
    x, y : Dual
        The terms.

    Returns
    -------
    Dual
        The sum.

    Examples
    --------
    >>> add(Dual(2.0, 1.0), Dual(5.0, 30.0))
    Dual(7.0, 31.0)
    """
    return Dual(x.value + y.value, x.tangent + y.tangent, x.level)


def multiply(x: Dual, y: Dual) -> Dual:
    """Return the product of two dual numbers, equation (1).

    Parameters
    ----------
    x, y : Dual
        The factors, of one level, and of shapes that broadcast.

    Returns
    -------
    Dual
        The products of the entries, at the same level.

    Examples
    --------
    >>> multiply(Dual(2.0, 1.0), Dual(6.0, -1.0))
    Dual(12.0, 4.0)
    """
    return Dual(x.value * y.value, x.value * y.tangent + x.tangent * y.value, x.level)


def divide(x: Dual, y: Dual) -> Dual:
    """Return the quotient of two dual numbers, equation (2). It squares nothing, so large and small values do no harm.

    Parameters
    ----------
    x, y : Dual
        What is divided and what by, of one level, and of shapes that broadcast.

    Returns
    -------
    Dual
        The quotients of the entries, at the same level.

    Examples
    --------
    >>> divide(Dual(12.0, 4.0), Dual(8.0, 2.0))
    Dual(1.5, 0.125)
    """
    quotient = x.value / y.value
    return Dual(quotient, (x.tangent - quotient * y.tangent) / y.value, x.level)


def power(x: Dual, p: float) -> Dual:
    """Return a constant power of a dual number, equation (3).

    Parameters
    ----------
    x : Dual
        The base.
    p : float
        The power, not a Dual. The power 0 has the slope 0 at every base, 0 included.

    Returns
    -------
    Dual
        The powers of the entries, at the same level.

    Examples
    --------
    >>> power(Dual(3.0, 10.0), 2)
    Dual(9.0, 60.0)
    """
    slope = p * x.value ** (p - 1) if p != 0 else 0.0
    return Dual(x.value**p, slope * x.tangent, x.level)


def elementwise(function: Function, slope: Function, x: Dual) -> Dual:
    """Return a function of one variable of each entry, equation (3).

    Parameters
    ----------
    function : callable
        Takes an array (or, where runs are nested, a Dual) and returns the function of each entry.
    slope : callable
        Takes the same and returns the derivative at each entry.
    x : Dual
        The dual numbers.

    Returns
    -------
    Dual
        The function of them, at the same level.

    Examples
    --------
    >>> elementwise(np.square, lambda z: 2 * z, Dual(3.0, 10.0))
    Dual(9.0, 60.0)
    """
    return Dual(function(x.value), slope(x.value) * x.tangent, x.level)


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
    """Return the value of a function and its Jacobian times a vector, in one run, equation (4).

    Parameters
    ----------
    f : callable
        Takes an array, and works with NumPy's operators and those of its functions that have a rule.
    x : array_like
        The point, an array of any shape.
    v : array_like
        The direction, of the shape of `x`.

    Returns
    -------
    value, product : ndarray
        $F(x)$ and $Jv$, of one shape. Single precision if `x` and `v` are. The product is 0 where `f` ignores its
        argument. In a nested run, both are Duals of the outer one.

    Raises
    ------
    ValueError
        If `x` is not an array of real, finite numbers, or `v` not one of its shape.
    TypeError
        If `f` uses a function of NumPy that has no rule, or makes a plain array of dual numbers. (A method of arrays
        that `Dual` lacks, such as `mean`, is an AttributeError.)

    Examples
    --------
    >>> value, product = jvp(lambda x: x[0] * x[1] / x.sum(), np.array([2.0, 6.0]), np.array([1.0, -1.0]))
    >>> print(value, product)
    1.5 0.5
    """
    # given: the checks
    x = _point(x, "x")
    v = of_shape(v, "v", x)
    # yours
    level = next(LEVELS)
    return split(f(Dual(x, v, level)), level)


def vjp(layers: Sequence[Layer], x: Numbers, w: Numbers) -> tuple[Numbers, Numbers]:
    r"""Return the value of a chain of layers and a row vector times its Jacobian, equation (5).

    Each layer is evaluated once, and pulled back once.

    Parameters
    ----------
    layers : sequence of Layer
        The first is applied first.
    x : array_like
        The point.
    w : array_like
        The row, of the shape of the chain's value; 1 for the gradient of a number.

    Returns
    -------
    value, product : ndarray
        $F(x)$, and $w^\top J$ in the shape of `x`. Where `x` is a Dual, both are. Single precision if `x` and `w` are.

    Raises
    ------
    ValueError
        If `x` is not an array of real, finite numbers, or `w` not one of the shape of the value: `of_shape` checks it.

    Examples
    --------
    >>> square, total = Layer(lambda z: z**2, lambda z, w: 2 * z * w), Layer(np.sum, lambda z, w: w + 0 * z)
    >>> value, gradient = vjp([square, total], np.array([3.0, 5.0]), 1.0)
    >>> print(value, gradient)
    34.0 [ 6. 10.]
    """
    # given: the check
    x = _point(x, "x")
    # yours
    points = [x]
    for layer in layers:
        points.append(layer.forward(points[-1]))
    value, w = points[-1], of_shape(w, "w", points[-1])
    for layer, z in zip(reversed(layers), reversed(points[:-1]), strict=True):
        w = layer.pullback(z, w)
    return value, w


def jacobian(layers: Sequence[Layer], x: Float[np.ndarray, " n"]) -> Float[np.ndarray, "m n"]:
    """Return the Jacobian of a chain of layers, in as few runs as (6) allows.

    It runs forward if there are no more inputs than outputs, and in reverse otherwise. One more evaluation may go into
    finding the number of outputs.

    Parameters
    ----------
    layers : sequence of Layer
        The first is applied first. The value of the last is a vector.
    x : ndarray
        The point, a vector.

    Returns
    -------
    ndarray
        The Jacobian: row `i` is the gradient of output `i`. Single precision if `x` is, and the layers keep it.

    Raises
    ------
    ValueError
        If `x` is not a vector of real, finite numbers, or the value of the chain not a vector.

    Examples
    --------
    >>> outer = Layer(lambda z: stack([z[0] * z[1], z[0], z[1] ** 2]), lambda z, w: None)
    >>> jacobian([outer], np.array([3.0, 2.0]))
    array([[2., 3.],
           [1., 0.],
           [0., 4.]])
    """
    # given: the checks
    x = _point(x, "x")
    if x.ndim != 1:
        raise ValueError(f"x must be a vector, got the shape {x.shape}")
    value = run(layers, x)
    if np.ndim(value) != 1:
        raise ValueError(f"layers must end in a vector, got the shape {np.shape(value)}")
    # yours
    if len(x) <= len(value):
        return np.stack([jvp(lambda z: run(layers, z), x, e)[1] for e in np.eye(len(x), dtype=x.dtype)], axis=1)
    return np.stack([vjp(layers, x, e)[1] for e in np.eye(len(value), dtype=x.dtype)])


def hessian_vector_product(layers: Sequence[Layer], x: Numbers, v: Numbers) -> tuple[Numbers, Numbers]:
    r"""Return the gradient of a chain of layers and its Hessian times a vector, in one run, equation (7).

    Parameters
    ----------
    layers : sequence of Layer
        The first is applied first. The value of the last is a number. Pullbacks work on dual numbers, as the layers do.
    x : array_like
        The point, an array of any shape.
    v : array_like
        The vector, of the shape of `x`.

    Returns
    -------
    gradient, product : ndarray
        $\nabla f(x)$ and $Hv$, of the shape of `x`. Single precision if `x` and `v` are.

    Raises
    ------
    ValueError
        If `x` is not an array of real, finite numbers, `v` not one of its shape, or the value of the chain not a
        number.

    Examples
    --------
    >>> cube, total = Layer(lambda z: z**3, lambda z, w: 3 * z**2 * w), Layer(np.sum, lambda z, w: w + 0 * z)
    >>> gradient, product = hessian_vector_product([cube, total], np.array([2.0, 5.0]), np.array([1.0, -1.0]))
    >>> print(gradient, product)
    [12. 75.] [ 12. -30.]
    """
    # given: the check
    if np.ndim(run(layers, _point(x, "x"))) != 0:
        raise ValueError("layers must end in a number, got a vector or more")
    # yours
    return jvp(lambda z: vjp(layers, z, z.dtype.type(1))[1], x, v)


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
