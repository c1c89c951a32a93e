r"""Reverse-mode differentiation of arrays: the walk back, with broadcasting, products, sums and indices.

## Idea

Let every value in a computation be an array that remembers what it was made from. The walk back stays what it is for
scalars: each value, after all its children, passes on what the result owes to its parents. New is what travels along an
edge. The slope of an array by an array is a huge matrix, and nobody writes it down: each operation only says how it
turns the gradient of its result into those of its parents. Twenty such rules, each a line or two, differentiate any
network.

## Maths

**Gradients of arrays.** Let $y$ be the result of a computation, a single number, and $V$ an array on the way. Its
*adjoint* $\bar V$ is an array of the shape of $V$, with the derivatives of $y$ by the entries of $V$. So if $V$ changes
by a little $dV$,

$$dy = \langle \bar V, dV \rangle = \sum_k \bar V_k\, dV_k. \tag{1}$$

If $V$ is made from $A$ by an operation, then $dV = J\, dA$ with a linear map $J$, its derivative. $\bar A$ has to give
the same $dy$ for all $dA$:

$$\langle \bar A, dA \rangle = \langle \bar V, J\, dA \rangle \qquad \text{for all } dA. \tag{2}$$

Hence $\bar A = J^\top \bar V$, a *vector-Jacobian product*. To find it for an operation, write down $dV$, put it into
(2), and move everything but $dA$ to the other side. Where $A$ has several children, their shares add up.

**Entry by entry.** If $V = A \odot B$, entry by entry, then $dV = dA \odot B + A \odot dB$, and (2) gives

$$\bar A = \bar V \odot B, \qquad \bar B = \bar V \odot A. \tag{3}$$

**Broadcasting.** $A$ need not have the shape of $V$: NumPy puts axes of length 1 in front until the ranks agree, and
then repeats along axes of length 1. Each entry of $A$ is copied to many places $k$ of $V$. The $J$ of copying sends
$dA_j$ to all its places; by (2) its transpose collects from all of them:

$$\bar A_j = \sum_{k \text{ copied from } j} \bar V_k. \tag{4}$$

So work out the rule for arrays of the shape of $V$, and sum over what was repeated.

**Matrix products.** If $V = A B$, then $dV = dA\, B + A\, dB$. With $\langle X, Y \rangle = \operatorname{tr} X^\top Y$
and $\operatorname{tr} PQ = \operatorname{tr} QP$, $\langle \bar V, dA\, B \rangle = \operatorname{tr} (\bar V^\top dA\,
B) = \operatorname{tr} (B \bar V^\top dA) = \langle \bar V B^\top, dA \rangle$. So

$$\bar A = \bar V B^\top, \qquad \bar B = A^\top \bar V. \tag{5}$$

Where no matrix is square the shapes leave no other choice. A vector on the left counts as a matrix of one row, on the
right as one of one column, and that axis of the product is dropped; put it back before (5). Arrays of more axes are
stacks of matrices: the last two axes are multiplied and the ones before broadcast, so that (4) applies to these.

**Reductions.** In $v = \sum_k A_k$ along some axes, each entry counts with slope 1. The transpose of summing is
copying:

$$\bar A_k = \bar v. \tag{6}$$

The largest entry $v = \max_k A_k$ has slope 1 by the entry that attains it, and 0 by all others. If $m$ entries tie,
there is no derivative; we let them share equally, which is one of the possible compromises and treats equals equally:

$$\bar A_k = \bar v / m \ \text{ if } A_k = v, \qquad 0 \ \text{ otherwise.} \tag{7}$$

**Indexing.** $V_k = A_{j(k)}$ picks entries; an entry may be picked never, once or often. As in (4), what was picked is
collected:

$$\bar A_j = \sum_{k\,:\, j(k) = j} \bar V_k. \tag{8}$$

**Logarithm of a sum of exponentials.** $v = \log \sum_k e^{A_k}$ is the heart of every classifier. Computed as written
it overflows from $A_k = 710$ on. With $m = \max_k A_k$,

$$v = m + \log \sum_k e^{A_k - m}, \qquad \frac{\partial v}{\partial A_k} = \frac{e^{A_k}}{\sum_i e^{A_i}} = e^{A_k - v}, \tag{9}$$

where no exponent is positive. The slopes are probabilities: they are called the *softmax* of $A$.

**The walk.** In a topological order all parents come before their children. Begin with $\bar y$, and go backwards; when
$V$ is reached, its adjoint is complete, and each of its parents gets a share:

$$\bar A \leftarrow \bar A + J^\top \bar V. \tag{10}$$

A share takes the precision of its parent. $\bar y$ is 1 for a single number. If $y$ is an array, choose any $\bar y$ of
its shape: the walk gives the gradient of $\langle \bar y, y \rangle$.

**In place.** A rule may need the values of the way forward, as (3) does. If somebody changes an array in the meantime,
the gradient is that of another computation. So a `Variable` copies what it is given and locks its array: writing to it
is an error.

## Worked example

$X = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$, $w = (5, -1)$, $b = 2$; $z = X w + b = (5, 13)$,
$y = \sum z^2 = 194$. Back: $\bar z = 2z = (10, 26)$. $b$ was copied to both entries, so $\bar b = 10 + 26 = 36$ by (4).
With $w$ as a column, (5) gives $\bar w = X^\top \bar z = (10 + 78,\ 20 + 104) = (88, 124)$ and $\bar X = \bar z\,
w^\top = \begin{pmatrix} 50 & -10 \\ 130 & -26 \end{pmatrix}$.

Now pick $v = (z_1, z_1, z_0)$ with $\bar v = (1, 2, 3)$: by (8) $\bar z = (3,\ 1 + 2)$. And
$\log(e^5 + e^{13}) = 13 + \log(1 + e^{-8}) = 13.0003$, with slopes $e^{5 - 13.0003} = 0.0003$ and $0.9997$.

## Plan

A `Variable` holds `value`, `parents` and, for each parent, a *vjp*: a function that takes the gradient of this value
and returns the parent's share. An operation returns `record(value, (a, vjp of a), (b, vjp of b))`, which drops what
belongs to constants. Look at `add`, `exp` and `transpose`, which are given like others. `_with_axes` puts axes that
were summed away back, with length 1.

| part | takes | returns | by |
|---|---|---|---|
| `unbroadcast` | a gradient, the shape before broadcasting | the gradient of that shape | (4) |
| `multiply` | two arrays | a `Variable` | (3), (4) |
| `matmul` | two arrays of any rank but 0 | a `Variable` | (5), (4) |
| `reduce_sum` | an array, axes | a `Variable` | (6) |
| `reduce_max` | an array, axes | a `Variable` | (7) |
| `index` | an array, what stands in the brackets | a `Variable` | (8) |
| `log_sum_exp` | an array, axes | a `Variable` | (9) |
| `backward` | a result, perhaps its adjoint | the adjoints of all that it was made from | (10) |

`value_and_grad` and `check_gradient` are given, and use them.

## Pitfalls

- The gradient of a bias has the shape of the whole batch.
- All square examples work.
- Rows that are picked twice get the share of one.
- Two parents get the same array as their share, one of them is added to in place, and the other changes with it.
- All is well until a logit is 1,000.
- float32 comes in and float64 goes out: somewhere an array of zeros or ones was made, or a count divided by.
- A gradient that is NaN: find the first Variable with a value that is not finite.

## Cost

Forwards as NumPy; backwards a matrix product costs two of its kind, and all else about as much as forwards. All values
of the way forward are kept. Each operation costs some microseconds of Python besides. For a network with 64 inputs, 128
hidden units and 10 classes, value and gradient for a batch of 256 take as long as with torch.autograd on one thread,
for a batch of 32 a third longer.

What is a constant, such as the images, gets no gradient and costs nothing on the way back. If all arguments are plain
arrays, nothing is remembered: that is the way to evaluate a network without a graph.

## Go further

An experiment: draw the graph of `log_sum_exp` written with `reduce_max`, `exp`, `reduce_sum` and `log`, count its
Variables, and time it beside yours. A stretch goal: `convolve` for images, by indexing all patches and one matrix
product.

What is not here: derivatives of derivatives, since the vjps compute with plain arrays; operations in place; checks for
NaN on the way, which pass through as in NumPy (only what a computation begins with must be finite, and what is made
from constants alone).

## References

1. Griewank & Walther (2008), Evaluating derivatives, https://doi.org/10.1137/1.9780898717761
2. Giles (2008), Collected matrix derivative results for forward and reverse mode algorithmic differentiation,
   https://doi.org/10.1007/978-3-540-68942-3_4
3. Blanchard, Higham & Higham (2021), Accurately computing the log-sum-exp and softmax functions,
   https://doi.org/10.1093/imanum/draa038
4. Paszke et al. (2019), PyTorch, https://arxiv.org/abs/1912.01703
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from mlpath.calculus.finite_differences.gradients import gradient_mismatch

Array = Float[np.ndarray, "..."]
VJP = Callable[[Array], Array | float]
Axes = int | tuple[int, ...] | None


class Variable:  # given: what an array remembers, and the operators, which call the functions below
    """An array that knows what it was made from.

    Operators `+ - * / @` and brackets work as for NumPy's arrays, and `**` with a plain number as the exponent; what
    stands beside a Variable and is none is a constant. Plain numbers and arrays of whole numbers take its precision.

    Parameters
    ----------
    value : array_like
        The numbers; whole ones become float64. Those of an input are copied and must be finite.
    parents : tuple of Variable
        What it was made from; nothing for an input.
    vjps : tuple of callable
        For each parent, the function that turns the gradient of this value into the parent's share.

    Attributes
    ----------
    value : ndarray
        The numbers, locked: writing to them raises a ValueError.
    parents : tuple of Variable
        What it was made from.
    vjps : tuple of callable
        The vector-Jacobian products, one for each parent.
    shape : tuple of int
        The shape of `value`.
    ndim : int
        Its number of axes.
    dtype : dtype
        Its precision.
    T : Variable
        Its transpose.

    Raises
    ------
    ValueError
        If `value` is not made of real numbers, or those of an input are not finite.

    Examples
    --------
    >>> x = Variable([1.0, 2.0, 4.0])
    >>> y = ((x - 1) ** 2).sum()
    >>> y, backward(y)[x]
    (Variable(10.), array([0., 2., 6.]))
    """

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
        """The shape of `value`."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """The number of its axes."""
        return self.value.ndim

    @property
    def dtype(self) -> np.dtype:
        """The precision of `value`."""
        return self.value.dtype

    @property
    def T(self) -> "Variable":
        """The transpose, with all axes in reverse order."""
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
        """Return the sum along some axes, by `reduce_sum`.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The axes; all if none are given.
        keepdims : bool
            Whether they stay, with length 1.

        Returns
        -------
        Variable
            The sums.
        """
        return reduce_sum(self, axis, keepdims)

    def mean(self, axis: Axes = None, keepdims: bool = False) -> "Variable":
        """Return the mean along some axes.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The axes; all if none are given.
        keepdims : bool
            Whether they stay, with length 1.

        Returns
        -------
        Variable
            The means.
        """
        total = reduce_sum(self, axis, keepdims)
        return total * (total.value.size / self.value.size)

    def max(self, axis: Axes = None, keepdims: bool = False) -> "Variable":
        """Return the largest along some axes, by `reduce_max`.

        Parameters
        ----------
        axis : int or tuple of int, optional
            The axes; all if none are given.
        keepdims : bool
            Whether they stay, with length 1.

        Returns
        -------
        Variable
            The largest entries.
        """
        return reduce_max(self, axis, keepdims)

    def reshape(self, *shape: int) -> "Variable":
        """Return the same entries in another shape, by `reshape`.

        Parameters
        ----------
        *shape : int
            The lengths of the axes; one may be -1, which stands for what is left.

        Returns
        -------
        Variable
            The entries in that shape.
        """
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
    """Return the result of an operation, which remembers its Variables and forgets its constants.

    Parameters
    ----------
    value : ndarray
        The numbers, in an array that nobody else writes to.
    *origins : tuple
        For each operand a pair: the operand, and its vjp, a function that takes the gradient of `value` and returns
        that of the operand.

    Returns
    -------
    Variable
        The result. If there are only constants, it has no parents.

    Examples
    --------
    >>> a = Variable([1.0, 2.0])
    >>> y = record(3 * a.value, (a, lambda g: 3 * g), (3.0, lambda g: (g * a.value).sum()))
    >>> y, y.parents, y.vjps[0](np.array([0.5, 1.0]))
    (Variable([3., 6.]), (Variable([1., 2.]),), array([1.5, 3. ]))
    """
    kept = [(a, vjp) for a, vjp in origins if isinstance(a, Variable)]
    return Variable(value, tuple(a for a, _ in kept), tuple(vjp for _, vjp in kept))


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array | float:
    """Return the gradient of an array from that of the array that it was broadcast to, equation (4).

    Parameters
    ----------
    gradient : ndarray
        The gradient of the larger array.
    shape : tuple of int
        The shape before broadcasting: of fewer axes, or with length 1 where the gradient has more.

    Returns
    -------
    ndarray
        The gradient of that shape, in the precision of the one given. For the shape () any number will do.

    Raises
    ------
    ValueError
        If an array of that shape can't be broadcast to that of the gradient.

    Examples
    --------
    >>> unbroadcast(np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]), (2, 1))
    array([[ 7.],
           [56.]])
    """
    # given: the check
    behind = gradient.shape[gradient.ndim - len(shape) :]
    if gradient.ndim < len(shape) or any(n not in (1, m) for n, m in zip(shape, behind)):
        raise ValueError(f"shape must broadcast to that of the gradient, {gradient.shape}, got {shape}")
    # yours
    if gradient.shape == shape:
        return gradient
    in_front = gradient.ndim - len(shape)
    repeated = tuple(in_front + i for i, n in enumerate(shape) if n == 1)
    return gradient.sum(axis=(*range(in_front), *repeated)).reshape(shape)


def add(a: Operand, b: Operand) -> Variable:  # given: an example of broadcasting
    """Return the sum of two arrays, with broadcasting.

    Parameters
    ----------
    a, b : Variable, ndarray or float
        The arrays.

    Returns
    -------
    Variable
        The sum.

    Examples
    --------
    >>> add(Variable([[1.0], [2.0]]), [0.5, 0.25])
    Variable([[1.5 , 1.25],
              [2.5 , 2.25]])
    """
    x, y = _values(a, b)
    return record(x + y, (a, lambda g: unbroadcast(g, x.shape)), (b, lambda g: unbroadcast(g, y.shape)))


def divide(a: Operand, b: Operand) -> Variable:  # given
    """Return the quotient of two arrays, with broadcasting.

    Parameters
    ----------
    a, b : Variable, ndarray or float
        The arrays.

    Returns
    -------
    Variable
        The quotient.

    Examples
    --------
    >>> divide(Variable([1.0, 3.0]), 2)
    Variable([0.5, 1.5])
    """
    x, y = _values(a, b)
    value = x / y
    by_a, by_b = lambda g: unbroadcast(g / y, x.shape), lambda g: unbroadcast(-g * value / y, y.shape)
    return record(value, (a, by_a), (b, by_b))


def power(a: Operand, exponent: float) -> Variable:  # given
    """Return the entries of an array, each to the same power.

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.
    exponent : float
        The exponent, a plain number.

    Returns
    -------
    Variable
        The powers. With an exponent of 0 the gradient is 0.

    Raises
    ------
    ValueError
        If `exponent` is not a plain number.

    Examples
    --------
    >>> power(Variable([2.0, 3.0]), 2)
    Variable([4., 9.])
    """
    if not isinstance(exponent, int | float) or isinstance(exponent, bool):
        raise ValueError(f"exponent must be a plain number, got {exponent!r}")
    (x,) = _values(a)
    return record(x**exponent, (a, lambda g: g * exponent * x ** (exponent - 1) if exponent else np.zeros_like(x)))


def exp(a: Operand) -> Variable:  # given: an example of a function of each entry
    """Return the exponential function of each entry.

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.

    Returns
    -------
    Variable
        The result.

    Examples
    --------
    >>> exp(Variable([0.0, 1.0]))
    Variable([1.    , 2.7183])
    """
    (x,) = _values(a)
    value = np.exp(x)
    return record(value, (a, lambda g: g * value))


def log(a: Operand) -> Variable:  # given
    """Return the natural logarithm of each entry.

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.

    Returns
    -------
    Variable
        The result, as NumPy has it for entries that are not positive; but what is made from constants alone must be
        finite.

    Examples
    --------
    >>> log(Variable([1.0, 2.0]))
    Variable([0.    , 0.6931])
    """
    (x,) = _values(a)
    return record(np.log(x), (a, lambda g: g / x))


def tanh(a: Operand) -> Variable:  # given
    """Return the hyperbolic tangent of each entry.

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.

    Returns
    -------
    Variable
        The result.

    Examples
    --------
    >>> tanh(Variable([0.0, 1000.0]))
    Variable([0., 1.])
    """
    (x,) = _values(a)
    value = np.tanh(x)
    return record(value, (a, lambda g: g * (1 - value**2)))


def relu(a: Operand) -> Variable:  # given
    """Return the positive part of each entry. At 0 the slope counts as 0.

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.

    Returns
    -------
    Variable
        The result.

    Examples
    --------
    >>> relu(Variable([-1.5, 0.0, 2.5]))
    Variable([0. , 0. , 2.5])
    """
    (x,) = _values(a)
    return record(np.maximum(x, 0), (a, lambda g: g * (x > 0)))


def reshape(a: Operand, shape: tuple[int, ...]) -> Variable:  # given
    """Return the same entries in another shape.

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.
    shape : tuple of int
        The shape; one length may be -1, which stands for what is left.

    Returns
    -------
    Variable
        The array in that shape.

    Examples
    --------
    >>> reshape(Variable([1.0, 2.0, 3.0, 4.0]), (2, -1))
    Variable([[1., 2.],
              [3., 4.]])
    """
    (x,) = _values(a)
    return record(x.reshape(shape), (a, lambda g: g.reshape(x.shape)))


def transpose(a: Operand, axes: tuple[int, ...] | None = None) -> Variable:  # given: an example of moving entries
    """Return an array with its axes in another order.

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.
    axes : tuple of int, optional
        Which axis of `a` comes to each place; the reverse order if none are given.

    Returns
    -------
    Variable
        The array with its axes reordered.

    Examples
    --------
    >>> transpose(Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    Variable([[1., 4.],
              [2., 5.],
              [3., 6.]])
    """
    (x,) = _values(a)
    back = None if axes is None else tuple(int(i) for i in np.argsort([i % x.ndim for i in axes]))
    return record(x.transpose(axes), (a, lambda g: g.transpose(back)))


def concatenate(arrays: Iterable[Operand], axis: int = 0) -> Variable:  # given
    """Return arrays one after the other along an axis.

    Parameters
    ----------
    arrays : iterable of Variable or ndarray
        The arrays, of at least one axis and of the same shape but for that axis.
    axis : int
        The axis.

    Returns
    -------
    Variable
        The long array.

    Examples
    --------
    >>> concatenate([Variable([1.0, 2.0]), [3.0]])
    Variable([1., 2., 3.])
    """
    arrays = list(arrays)
    values = _values(*arrays)
    ends = np.cumsum([x.shape[axis] for x in values])[:-1]
    vjps = [lambda g, i=i: np.split(g, ends, axis)[i] for i in range(len(values))]
    return record(np.concatenate(values, axis), *zip(arrays, vjps))


def multiply(a: Operand, b: Operand) -> Variable:
    """Return the product of two arrays, entry by entry and with broadcasting, equations (3) and (4).

    Parameters
    ----------
    a, b : Variable, ndarray or float
        The arrays; both may be the same.

    Returns
    -------
    Variable
        The product.

    Examples
    --------
    >>> a = Variable([5.0, -1.0])
    >>> y = multiply(a, [[1.0, 2.0], [3.0, 4.0]])
    >>> y
    Variable([[ 5., -2.],
              [15., -4.]])
    >>> y.vjps[0](np.ones((2, 2)))
    array([4., 6.])
    """
    # given: the arrays
    x, y = _values(a, b)
    # yours
    return record(
        x * y,
        (a, lambda g: unbroadcast(g * y, x.shape)),
        (b, lambda g: unbroadcast(g * x, y.shape)),
    )


def matmul(a: Operand, b: Operand) -> Variable:
    """Return the matrix product of two arrays as `@` has it, equation (5).

    Parameters
    ----------
    a, b : Variable or ndarray
        Vectors, matrices, or stacks of matrices that are broadcast against each other.

    Returns
    -------
    Variable
        The product. It lacks the axis of length 1 that a vector would get as a matrix.

    Raises
    ------
    ValueError
        If `a` or `b` has no axes, or the shapes do not fit.

    Examples
    --------
    >>> y = matmul(Variable([[1.0, 2.0], [3.0, 4.0]]), Variable([5.0, -1.0]))
    >>> y, y.vjps[1](np.array([10.0, 26.0]))
    (Variable([ 3., 11.]), array([ 88., 124.]))
    """
    # given: the arrays, and the check
    x, y = _values(a, b)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(f"a and b must have at least one axis each, got the shapes {x.shape} and {y.shape}")
    # yours
    left = x[None, :] if x.ndim == 1 else x
    right = y[:, None] if y.ndim == 1 else y

    def as_matrices(g: np.ndarray) -> np.ndarray:
        g = g[..., None] if y.ndim == 1 else g
        return g[..., None, :] if x.ndim == 1 else g

    def by_a(g: np.ndarray) -> np.ndarray:
        return np.reshape(unbroadcast(as_matrices(g) @ right.swapaxes(-1, -2), left.shape), x.shape)

    def by_b(g: np.ndarray) -> np.ndarray:
        return np.reshape(unbroadcast(left.swapaxes(-1, -2) @ as_matrices(g), right.shape), y.shape)

    return record(x @ y, (a, by_a), (b, by_b))


def reduce_sum(a: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Return the sum of an array along some axes, equation (6).

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.
    axis : int or tuple of int, optional
        The axes, counted from the end if negative; all if none are given.
    keepdims : bool
        Whether they stay, with length 1.

    Returns
    -------
    Variable
        The sums.

    Examples
    --------
    >>> y = reduce_sum(Variable([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    >>> y, y.vjps[0](np.array([10.0, 26.0]))
    (Variable([3., 7.]), array([[10., 10.],
           [26., 26.]]))
    """
    # given: the array
    (x,) = _values(a)
    # yours
    return record(
        x.sum(axis=axis, keepdims=keepdims),
        (a, lambda g: np.broadcast_to(_with_axes(g, axis, keepdims), x.shape)),
    )


def reduce_max(a: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Return the largest entries of an array along some axes, equation (7).

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.
    axis : int or tuple of int, optional
        The axes, counted from the end if negative; all if none are given.
    keepdims : bool
        Whether they stay, with length 1.

    Returns
    -------
    Variable
        The largest entries. Entries that tie share the gradient equally.

    Examples
    --------
    >>> y = reduce_max(Variable([[1.0, 2.0], [3.0, 3.0]]), axis=1)
    >>> y, y.vjps[0](np.array([10.0, 26.0]))
    (Variable([2., 3.]), array([[ 0., 10.],
           [13., 13.]]))
    """
    # given: the array
    (x,) = _values(a)
    # yours
    value = x.max(axis=axis, keepdims=True)
    attained = x == value
    share = attained / attained.sum(axis=axis, keepdims=True, dtype=x.dtype)
    return record(
        value if keepdims else value.squeeze(axis),
        (a, lambda g: _with_axes(g, axis, keepdims) * share),
    )


def index(a: Operand, key: Any) -> Variable:
    """Return what stands at some places of an array, equation (8).

    Parameters
    ----------
    a : Variable, ndarray or float
        The array.
    key : int, slice, ndarray or tuple of such
        What stands in the brackets: whatever NumPy takes, lists and masks included. An entry may be picked more than
        once.

    Returns
    -------
    Variable
        The entries.

    Examples
    --------
    >>> y = index(Variable([5.0, 13.0]), [1, 1, 0])
    >>> y, y.vjps[0](np.array([1.0, 2.0, 3.0]))
    (Variable([13., 13.,  5.]), array([3., 3.]))
    """
    # given: the array, and a copy of the key, which its owner may change later
    (x,) = _values(a)
    keys = key if isinstance(key, tuple) else (key,)
    key = tuple(np.array(k, None if np.size(k) else int) if isinstance(k, list | np.ndarray) else k for k in keys)

    # yours
    def collect(g: np.ndarray) -> np.ndarray:
        gradient = np.zeros_like(x)
        np.add.at(gradient, key, g)
        return gradient

    return record(x[key], (a, collect))


def log_sum_exp(a: Operand, axis: Axes = None, keepdims: bool = False) -> Variable:
    """Return the logarithm of the sum of the exponentials of the entries along some axes, equation (9).

    Parameters
    ----------
    a : Variable, ndarray or float
        The array, its entries as large as you like.
    axis : int or tuple of int, optional
        The axes, counted from the end if negative; all if none are given.
    keepdims : bool
        Whether they stay, with length 1.

    Returns
    -------
    Variable
        The logarithms of the sums.

    Examples
    --------
    >>> y = log_sum_exp(Variable([[5.0, 13.0], [1000.0, 1000.0]]), axis=1)
    >>> y, y.vjps[0](np.ones(2)).round(4)
    (Variable([  13.0003, 1000.6931]), array([[3.000e-04, 9.997e-01],
           [5.000e-01, 5.000e-01]]))
    """
    # given: the array
    (x,) = _values(a)
    # yours
    largest = x.max(axis=axis, keepdims=True)
    value = largest + np.log(np.exp(x - largest).sum(axis=axis, keepdims=True))
    return record(
        value if keepdims else value.squeeze(axis),
        (a, lambda g: _with_axes(g, axis, keepdims) * np.exp(x - value)),
    )


def backward(y: Variable, gradient: Array | None = None) -> dict[Variable, Array]:
    r"""Return the adjoints of all that a result was made from, equation (10).

    Nothing is stored in the graph, so each call begins afresh.

    Parameters
    ----------
    y : Variable
        The result of a computation.
    gradient : ndarray, optional
        Its adjoint $\bar y$, of its shape; 1 if none is given, and then `y` has to be a single number.

    Returns
    -------
    dict
        For `y` and each Variable that it was made from, the adjoint: an array of its shape and precision. Several may
        share memory, so do not write to them.

    Raises
    ------
    ValueError
        If `y` is not a Variable, the gradient has not its shape, or there is none and `y` is not a single number.

    Examples
    --------
    >>> x = Variable([5.0, -1.0])
    >>> y = (x * x).sum()
    >>> backward(y)[x]
    array([10., -2.])
    """
    # given: the checks
    if not isinstance(y, Variable):
        raise ValueError(f"y must be a Variable, got {type(y).__name__}")
    if gradient is None and y.value.size != 1:
        raise ValueError(f"gradient must be given for a y that is not a single number but of shape {y.shape}")
    start = np.ones_like(y.value) if gradient is None else _real(gradient, "gradient").astype(y.dtype)
    if start.shape != y.shape:
        raise ValueError(f"gradient must have the shape of y, {y.shape}, got {start.shape}")
    # yours
    adjoints = {y: start}
    for v in reversed(_topological_order(y)):
        for parent, vjp in zip(v.parents, v.vjps):
            share = np.asarray(vjp(adjoints[v]), dtype=parent.dtype)
            # Not in place: another parent may have got the same array.
            adjoints[parent] = adjoints[parent] + share if parent in adjoints else share
    return adjoints


def value_and_grad(f: Callable[..., Variable]) -> Callable[..., tuple[float, tuple[Array, ...]]]:  # given
    """Return the function that computes a function and its gradient.

    Parameters
    ----------
    f : callable
        Takes any number of Variables and returns a Variable that is a single number, computed from them by operators
        and the functions of this module.

    Returns
    -------
    callable
        Takes as many arrays, and returns the value and a tuple with the gradient by each array, of its shape and
        precision. They may be written to. The gradient by what `f` does not use is 0. It raises a ValueError if `f`
        returns something else.

    Raises
    ------
    ValueError
        When called, if `f` returns something else than a single number.

    Examples
    --------
    >>> value_and_grad(lambda x, b: (x * x + b).sum())([5.0, -1.0], 2.0)
    (30.0, (array([10., -2.]), array(2.)))
    """

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
    """Return how badly the gradients of a function fit differences of its values along random directions.

    Parameters
    ----------
    f : callable
        Takes Variables and returns one, of any shape: its entries are added up with random weights.
    *x : ndarray
        Where. Float32 is turned into float64, for differences need the digits.
    n_directions : int
        How many directions are drawn.
    rng : numpy.random.Generator
        Draws the weights and the directions.

    Returns
    -------
    float
        The largest relative mismatch, from 0 to 1: near 1e-9 the gradients are right, near 1e-2 they are not.

    Examples
    --------
    >>> mismatch = check_gradient(lambda a, b: tanh(a) * b, [0.5, 2.0], [[1.0], [3.0]], rng=np.random.default_rng(0))
    >>> mismatch < 1e-7
    True
    """
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
