r"""Reverse-mode differentiation of scalars: values that remember what they were made from.

## Idea

A program that computes a number is a list of small operations: a sum, a product, a sine. The derivative of each is
known. Let every number remember which numbers it was made from, and with which slopes, and walk back from the result:
at each number, pass on what the result owes to it. One walk gives the derivative of the result by *every* input, exact
but for rounding, and for the price of a few evaluations. It needs no formulas for the whole and no step size. This is
how every neural network is trained; here the numbers are single floats, so that nothing distracts from the walk.

## Maths

**The graph.** Number the values of a computation in the order in which they were made: $v_1, \dots, v_m$ are the inputs
and $v_n = y$ is the result. Each later one comes from one or two earlier ones, its *parents*, by a simple function:

$$v_i = \varphi_i\big(v_j : j \in P(i)\big), \qquad \text{all } j \in P(i) \text{ less than } i. \tag{1}$$

Beside the value we keep the *slopes* $s_{ij} = \partial \varphi_i / \partial v_j$, which are plain numbers, since the
parents are known. For the arithmetic of two numbers they are

$$v = a + b: \qquad \partial v / \partial a = 1, \qquad \partial v / \partial b = 1, \tag{2}$$

$$v = a\, b: \qquad \partial v / \partial a = b, \qquad \partial v / \partial b = a, \tag{3}$$

$$v = a / b: \qquad \partial v / \partial a = 1 / b, \qquad \partial v / \partial b = -v / b, \tag{4}$$

$$v = a^b: \qquad \partial v / \partial a = b\, a^{b - 1}, \qquad \partial v / \partial b = v \log a. \tag{5}$$

(5) takes care at the edge. A power with $b = 0$ is 1 whatever $a$ is, so its slope by $a$ is 0, also at $a = 0$. At
$a = 0$ the slope by $b$ counts as 0, whatever $b$ is. For $a < 0$ only whole $b$ give a real number, and a slope by $b$
does not exist: it is NaN, and harmless while $b$ is a constant, whose slope nobody asks for. Functions of one number
have one slope; for $t = \tanh a$ it can be had from the value,

$$\frac{\partial t}{\partial a} = 1 - t^2. \tag{6}$$

**Walking back.** Write $\bar v_j = \partial y / \partial v_j$, the *adjoint* of $v_j$: how much $y$ changes if somebody
tampers with $v_j$ and everything after it is computed again. Changing $v_j$ by a little $\delta$ changes each of its
*children* $v_i$ (those with $j \in P(i)$) by $s_{ij}\, \delta$, and these change $y$ by $\bar v_i\, s_{ij}\, \delta$.
All changes add up:

$$\bar v_n = 1, \qquad \bar v_j = \sum_{i\,:\, j \in P(i)} \bar v_i\, s_{ij}. \tag{7}$$

If the same number is a parent twice, as in $x \cdot x$, it counts twice. The sum in (7) can be completed only when the
adjoints of all children are known. So go through the graph backwards, each value after all its children; at $v_i$,
whose adjoint is then complete, *add* $\bar v_i\, s_{ij}$ to the adjoint of each parent.

**In which order?** Forwards, we want every value to come after its parents. Such an order is called *topological*, and
any will do:

$$j \in P(i) \quad\Longrightarrow\quad v_j \text{ comes before } v_i. \tag{8}$$

A *depth-first* walk finds one. Go from $y$ to a parent, from there to one of its parents, and so on; write a value down
only on the way back, when all its parents are written down already, and never twice. That a value has been *met* is not
enough: a short way to it may be found before a long one, along which there are other values that must come in between.

**Why not follow paths?** Putting (7) into itself until nothing is left gives $\bar v_j$ as a sum over all paths from
$v_j$ to $y$, of the product of the slopes along each. It is the same number, but the paths may be many: in

$$y_0 = x, \qquad y_{k + 1} = y_k + y_k \tag{9}$$

they double with each step. After 60 steps there are $10^{18}$ of them, and 60 values. (7) does one multiplication for
each *edge* of the graph, here 120.

## Worked example

$y = (x + w) \cdot x$ at $x = 3$, $w = 4$. Forwards: $u = x + w = 7$ with slopes $1, 1$; $y = u x = 21$ with slopes $3$
(by $u$) and $7$ (by $x$). Backwards, in the order $y, u, w, x$: $\bar y = 1$. At $y$: $\bar u = 3$, and $\bar x$ is $7$
so far. At $u$: $\bar w = 3$, and $\bar x$ grows by $3$ to $10$. Indeed $y = x^2 + w x$, with $2x + w = 10$ and $x = 3$.

Visiting $x$ before $u$ does no harm here, as $x$ has nothing to pass on; had $x$ been made from other values, these
would have got only 7 of its 10.

## Plan

`Var` is given: a value with its `parents` and the `slopes` by each of them. Its operators `+ - * / **` call the
functions below, so that `3 - x / y` works once these do; plain numbers become a `Var` without parents. `exp`, `log` and
`sin` are given, to show the form.

| part | takes | returns | by |
|---|---|---|---|
| `add` | two numbers | a `Var`, with parents and slopes | (2) |
| `multiply` | two numbers | the same | (3) |
| `divide` | two numbers | the same | (4) |
| `power` | base and exponent | the same | (5) |
| `tanh` | a number | the same | (6) |
| `topological_order` | a result | all that it was made from, each once, parents first, the result last | (8) |
| `backward` | a result | the adjoint of each value that it was made from | (7) |
| `grad` | a function of numbers | a function that returns its gradient | |

## Pitfalls

- $x \cdot x$ has the slope $x$ instead of $2x$: one of two contributions was lost.
- All is well for chains and trees, and wrong as soon as an intermediate value is used twice.
- A second call gives twice the gradient.
- `RecursionError` after a thousand steps; or 60 doublings that never end.
- `x**2` fails for negative $x$, though nobody asked for a slope by the exponent.
- `math.sin(x)` raises a TypeError: the functions of `math` know nothing of parents. Had they silently taken the value,
  the derivative would be silently wrong.
- An `if x > 0` takes one branch, and the gradient is that of the branch taken.

## Cost

One walk is one multiplication and one addition per edge, so the gradient by all inputs takes no more than a few times
the work of the value, however many inputs there are [1, 2]. Central differences take two evaluations for *each* input.
The price is memory: every intermediate value is kept until the walk is over. Here a step with two operands takes 200
bytes and, forwards and backwards together, some 5 µs, of which hardly anything is arithmetic. Networks therefore keep
whole arrays in each value.

## Go further

An experiment: compute $\sqrt{x}$ by twenty steps of Newton's iteration, $r \leftarrow (r + x / r) / 2$, from $r = 1$,
and differentiate the loop. How many steps does the derivative need for full accuracy, and how many the value? A stretch
goal: let the slopes be `Var`s as well, so that `grad(grad(f))` works.

What is not here: forward mode, which carries the slope by one input along with each value and needs no memory;
checkpoints, which recompute instead of remembering.

## References

1. Baur & Strassen (1983), The complexity of partial derivatives, https://doi.org/10.1016/0304-3975(83)90110-X
2. Griewank & Walther (2008), Evaluating derivatives, chapter 3, https://doi.org/10.1137/1.9780898717761
3. Linnainmaa (1976), Taylor expansion of the accumulated rounding error, https://doi.org/10.1007/BF01931367
4. Baydin, Pearlmutter, Radul & Siskind (2018), Automatic differentiation in machine learning: a survey,
   https://arxiv.org/abs/1502.05767
"""

import math
from collections.abc import Callable
from numbers import Real


class Var:  # given: what a number remembers, and the operators, which call the functions below
    """A number that knows what it was made from.

    Two of them are never equal but to themselves, so that they can be the keys of a dictionary; `<` and its like
    compare their values.

    Parameters
    ----------
    value : float
        The number. Whole numbers become floats.
    parents : tuple of Var
        The numbers that it was made from; none for an input or a constant.
    slopes : tuple of float
        The derivative of `value` by each of the parents, in the same order.

    Attributes
    ----------
    value : float
        The number.
    parents : tuple of Var
        The numbers that it was made from.
    slopes : tuple of float
        The derivative of `value` by each of them.

    Raises
    ------
    ValueError
        If `value` is not a real, finite number, or there are not as many slopes as parents. So an operation whose
        result overflows says so at once, unless Python's own OverflowError does.

    Examples
    --------
    >>> x = Var(3.0)
    >>> twice = Var(6.0, parents=(x,), slopes=(2.0,))
    >>> twice, twice.parents, twice > x
    (Var(6.0), (Var(3.0),), True)
    """

    __slots__ = ("parents", "slopes", "value")
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
    """Return the exponential function of a number, which is its own slope.

    Parameters
    ----------
    a : Var or float
        The number.

    Returns
    -------
    Var
        The result, with `a` as its parent.

    Examples
    --------
    >>> y = exp(Var(0.0))
    >>> y, y.slopes
    (Var(1.0), (1.0,))
    """
    a = _var(a)
    value = math.exp(a.value)
    return Var(value, (a,), (value,))


def log(a: Number) -> Var:  # given: another example
    """Return the natural logarithm of a number.

    Parameters
    ----------
    a : Var or float
        The number, positive.

    Returns
    -------
    Var
        The result, with `a` as its parent.

    Raises
    ------
    ValueError
        If `a` is not positive.

    Examples
    --------
    >>> log(Var(4.0)).slopes
    (0.25,)
    """
    a = _var(a)
    if not a.value > 0:
        raise ValueError(f"a must be positive, got {a}")
    return Var(math.log(a.value), (a,), (1 / a.value,))


def sin(a: Number) -> Var:  # given: another example
    """Return the sine of a number.

    Parameters
    ----------
    a : Var or float
        The number, in radians.

    Returns
    -------
    Var
        The result, with `a` as its parent.

    Examples
    --------
    >>> sin(Var(0.0)).slopes
    (1.0,)
    """
    a = _var(a)
    return Var(math.sin(a.value), (a,), (math.cos(a.value),))


def add(a: Number, b: Number) -> Var:
    """Return the sum of two numbers with its parents and slopes, equation (2).

    Parameters
    ----------
    a, b : Var or float
        The numbers. One that is no Var counts as a constant: a Var without parents.

    Returns
    -------
    Var
        The sum, with `a` and `b` as its parents, in this order.

    Examples
    --------
    >>> u = add(Var(3.0), 4.0)
    >>> u, u.parents, u.slopes
    (Var(7.0), (Var(3.0), Var(4.0)), (1.0, 1.0))
    """
    # given: constants
    a, b = _var(a), _var(b)
    # yours
    return Var(a.value + b.value, (a, b), (1.0, 1.0))


def multiply(a: Number, b: Number) -> Var:
    """Return the product of two numbers with its parents and slopes, equation (3).

    Parameters
    ----------
    a, b : Var or float
        The numbers; both may be the same.

    Returns
    -------
    Var
        The product, with `a` and `b` as its parents, in this order.

    Examples
    --------
    >>> y = multiply(Var(7.0), Var(3.0))
    >>> y, y.slopes
    (Var(21.0), (3.0, 7.0))
    """
    # given: constants
    a, b = _var(a), _var(b)
    # yours
    return Var(a.value * b.value, (a, b), (b.value, a.value))


def divide(a: Number, b: Number) -> Var:
    """Return the quotient of two numbers with its parents and slopes, equation (4).

    The slopes are right for very small and very large numbers too: as (4) has them, no $b^2$ is needed, which may leave
    the range of floats.

    Parameters
    ----------
    a, b : Var or float
        The numbers; `b` is not 0.

    Returns
    -------
    Var
        The quotient, with `a` and `b` as its parents, in this order.

    Raises
    ------
    ValueError
        If `b` is 0.

    Examples
    --------
    >>> y = divide(3.0, Var(4.0))
    >>> y, y.slopes
    (Var(0.75), (0.25, -0.1875))
    """
    # given: constants, and the check
    a, b = _var(a), _var(b)
    if b.value == 0:
        raise ValueError(f"b must not be 0, got {b}")
    # yours
    value = a.value / b.value
    return Var(value, (a, b), (1 / b.value, -value / b.value))


def power(a: Number, b: Number) -> Var:
    """Return a power with its parents and slopes, equation (5) and what follows it.

    Parameters
    ----------
    a, b : Var or float
        Base and exponent.

    Returns
    -------
    Var
        The power, with `a` and `b` as its parents, in this order. The slope by the base is 0 if the exponent is 0. The
        slope by the exponent is 0 if the base is 0, and NaN if it is negative.

    Raises
    ------
    ValueError
        If the power is no real number, or has no finite slope by its base: the base is negative and the exponent not
        whole, or the base is 0 and the exponent neither 0 nor at least 1.

    Examples
    --------
    >>> y = power(Var(2.0), 3)
    >>> y, [round(slope, 4) for slope in y.slopes]
    (Var(8.0), [12.0, 5.5452])
    """
    # given: constants, and the check
    a, b = _var(a), _var(b)
    if (a.value < 0 and b.value % 1) or (a.value == 0 and b.value != 0 and b.value < 1):
        raise ValueError(f"b must be such that the power and its slope exist, got {a} ** {b}")
    # yours
    value = a.value**b.value
    by_base = b.value * a.value ** (b.value - 1) if b.value else 0.0
    if a.value > 0:
        by_exponent = value * math.log(a.value)
    else:
        by_exponent = math.nan if a.value else 0.0
    return Var(value, (a, b), (by_base, by_exponent))


def tanh(a: Number) -> Var:
    """Return the hyperbolic tangent of a number with its parent and slope, equation (6).

    Parameters
    ----------
    a : Var or float
        The number, as large as you like.

    Returns
    -------
    Var
        The result, with `a` as its parent. Its slope, taken from the value, is 0 where the value rounds to 1.

    Examples
    --------
    >>> tanh(Var(0.0)).slopes
    (1.0,)
    """
    # given: constants
    a = _var(a)
    # yours
    value = math.tanh(a.value)
    return Var(value, (a,), (1 - value**2,))


def topological_order(y: Var) -> list[Var]:
    """Return all that a number was made from in a topological order, equation (8).

    Graphs may be deep, deeper than Python lets functions call themselves: keep a list of what is to be visited instead.

    Parameters
    ----------
    y : Var
        The result of a computation.

    Returns
    -------
    list of Var
        `y` and all Vars that it was made from, constants included, each once, and each after all its parents; `y` comes
        last.

    Raises
    ------
    ValueError
        If `y` is not a Var.

    Examples
    --------
    >>> x = Var(3.0)
    >>> u = Var(7.0, (x,), (1.0,))
    >>> topological_order(Var(21.0, (x, u), (7.0, 3.0)))
    [Var(3.0), Var(7.0), Var(21.0)]
    """
    # given: the check
    if not isinstance(y, Var):
        raise ValueError(f"y must be a Var, got {y!r}")
    # yours
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


def backward(y: Var) -> dict[Var, float]:
    """Return the adjoints of all that a number was made from, equation (7).

    Nothing is stored in the graph, so each call begins afresh.

    Parameters
    ----------
    y : Var
        The result of a computation.

    Returns
    -------
    dict
        For each Var in the topological order of `y`, the derivative of `y` by it.

    Raises
    ------
    ValueError
        If `y` is not a Var.

    Examples
    --------
    >>> x = Var(3.0)
    >>> u = Var(7.0, (x,), (1.0,))
    >>> backward(Var(21.0, (x, u), (7.0, 3.0)))[x]
    10.0
    """
    # given: the check
    if not isinstance(y, Var):
        raise ValueError(f"y must be a Var, got {y!r}")
    # yours
    order = topological_order(y)
    adjoints = dict.fromkeys(order, 0.0)
    adjoints[y] = 1.0
    for v in reversed(order):
        for parent, slope in zip(v.parents, v.slopes):
            adjoints[parent] += adjoints[v] * slope
    return adjoints


def grad(f: Callable[..., Number]) -> Callable[..., tuple[float, ...]]:
    """Return the function that computes the gradient of a function.

    Parameters
    ----------
    f : callable
        Takes any number of Vars and returns one number, computed from them by operators and the functions of this
        module. If it returns a plain number, that is a constant.

    Returns
    -------
    callable
        Takes as many plain numbers and returns a tuple of floats: the derivative by each of them, 0 by one that `f`
        does not use.

    Examples
    --------
    >>> grad(lambda x, w: (x + w) * x)(3.0, 4.0)
    (10.0, 3.0)
    """

    def gradient(*x: float) -> tuple[float, ...]:
        inputs = [Var(number) for number in x]
        adjoints = backward(_var(f(*inputs)))
        return tuple(adjoints.get(v, 0.0) for v in inputs)

    return gradient
