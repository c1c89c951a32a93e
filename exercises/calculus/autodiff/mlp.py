r"""A network from scratch: initialise, classify, measure the loss, step, repeat.

## Idea

With gradients for free, training a network is a short program. Layers turn an image into one score for each class. The
loss says how surprised the network is by the right answers. Its gradient by all parameters tells how to change them, a
small batch of images at a time. Here the gradients come from the engine of `calculus/autodiff/array`, and the network
learns to read digits.

## Maths

**Layers.** A batch $X$ has one image in each row. With $H_0 = X$, weights $W_l$ and biases $b_l$,

$$H_l = \max(H_{l-1} W_l + b_l,\ 0) \quad \text{for } l = 1, \dots, L - 1, \qquad Z = H_{L-1} W_L + b_L. \tag{1}$$

$b_l$ is added to each row. $Z$ has a row of *scores* for each image, of any sign: the last layer is not cut off at
zero.

**Loss.** The softmax makes probabilities of scores, $p_{ic} = e^{Z_{ic}} / \sum_k e^{Z_{ik}}$. The *cross-entropy* is
the mean surprise at the right classes $t_i$ of the $n$ images,

$$\ell = -\frac{1}{n} \sum_i \log p_{i t_i} = \frac{1}{n} \sum_i \Big( \log \sum_k e^{Z_{ik}} - Z_{i t_i} \Big). \tag{2}$$

The form on the right never takes the logarithm of a probability that has become 0. Its gradient by the scores is

$$\frac{\partial \ell}{\partial Z_{ic}} = \frac{1}{n} \big( p_{ic} - [c = t_i] \big), \tag{3}$$

what the network believes less what is true. Who knows nothing and gives all $C$ classes the same score has
$\ell = \log C$. What counts in the end is the class of the largest score,

$$\hat t_i = \arg\max_c Z_{ic}. \tag{4}$$

**Where to begin.** With all weights 0 every hidden unit computes the same, gets the same gradient, and stays equal to
the others for ever. So draw them at random. How large? An entry of $H W$ is a sum over the $m$ inputs of the unit, so
with independent weights of mean 0 and variance $s^2$ its variance is $m\, s^2\, \mathrm{E}[h^2]$. Cutting a symmetric
number off at zero halves its mean square. To keep the size from layer to layer, $m\, s^2 / 2 = 1$ [1]:

$$W_{jk} \sim \mathcal{N}(0,\ 2 / m), \qquad b = 0. \tag{5}$$

**Steps.** A *batch* of $B$ images gives an estimate of the gradient $g$ of the loss of all, and costs little. Its noise
is averaged over the steps by a velocity $v$, which begins at 0. With the rate $\eta$ and the momentum $\mu$ [2],

$$v \leftarrow \mu\, v + g, \qquad \theta \leftarrow \theta - \eta\, v, \tag{6}$$

for each parameter $\theta$, with the *new* velocity. A constant gradient is so added up to $g / (1 - \mu)$.

**Epochs.** In an *epoch* every image is used once: shuffle all $N$, cut the list into batches of $B$, the last of which
may be shorter. The loss of an epoch, as it is met on the way, is the mean over the images. A batch counts by its size:

$$\frac{1}{N} \sum_{\text{batches}} B_j\, \ell_j, \tag{7}$$

where $\ell_j$ is the loss before the step that the batch brings about.

## Worked example

One image $x = (1, 2)$, two hidden units, two classes, $W_1 = \begin{pmatrix} 0.5 & -1 \\ 1 & 0 \end{pmatrix}$,
$b_1 = (0, 0.5)$, $W_2 = \begin{pmatrix} 1 & 0 \\ 2 & -1 \end{pmatrix}$, $b_2 = (0, 2)$. $x W_1 + b_1 = (2.5, -0.5)$,
hence $h = (2.5, 0)$ and $z = (2.5, 2)$. The probabilities are $(0.622, 0.378)$. If the right class is the second,
$\ell = -\log 0.378 = 0.974$ and by (3) the gradient of $z$ is $(0.622, -0.622)$: the first score should fall, the
second rise. The gradient of $b_2$ is the same. With $\eta = 0.1$, $\mu = 0.9$ and velocity 0, $b_2$ becomes
$(-0.062, 2.062)$; if the gradient stayed the same, the next $v$ would be $1.9$ times as large.

## Plan

Parameters are a tuple of arrays, $W_1, b_1, W_2, b_2, \dots$ `Momentum` holds them with their velocities.

| part | takes | returns | by |
|---|---|---|---|
| `initialise` | the widths of all layers | parameters | (5) |
| `scores` | images, parameters as arrays or Variables | a `Variable` of scores | (1) |
| `cross_entropy` | scores, labels | a `Variable`, one number | (2) |
| `predict` | images, parameters | a class for each image | (4) |
| `step` | a `Momentum`, gradients | the next `Momentum` | (6) |
| `batches` | the number of images, the size of a batch | which images each batch has | |
| `train` | images, labels, parameters | trained parameters, the loss of each epoch | (6), (7) |

`value_and_grad`, `relu` and `log_sum_exp` come from `calculus/autodiff/array`.

## Pitfalls

- The loss begins at 10 or 20 instead of somewhat above $\log C$: the inputs run from 0 to 16.
- It learns, but all scores are positive.
- The loss falls to $\log C$ and stays there.
- Each epoch begins with a jump: what became of the velocity?
- Training is perfect and new images are read at random: images and labels were shuffled apart.
- The loss is NaN after some steps: the rate is too large.

## Cost

A batch takes about $6B$ operations per weight: $2B$ forwards, $4B$ backwards. On scikit-learn's digits (8 by 8 pixels
scaled to at most 1; 1,437 images to learn from, 360 held out) a network with 64 hidden units makes 20 epochs with
batches of 32 in some 0.6 s, and reads 97 % of the new images right on average over ten ways to split them, from 95 to
99 %.

## Go further

An experiment: train with the weights of (5) times 0.01, 1 and 10, and compare the losses of the first epochs. A stretch
goal: an ensemble of ten networks that average their probabilities. By how much does it lower the error?

What is not here: a validation set to choose rate and width by, weight decay, schedules of the rate.

## References

1. He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, https://arxiv.org/abs/1502.01852
2. Sutskever, Martens, Dahl & Hinton (2013), On the importance of initialization and momentum in deep learning,
   https://proceedings.mlr.press/v28/sutskever13.html
3. Rumelhart, Hinton & Williams (1986), Learning representations by back-propagating errors,
   https://doi.org/10.1038/323533a0
"""

# 7 parts to write. Test them with: pytest exercises/calculus/autodiff/mlp.py
# To be written without: torch, jax, sklearn, scipy.special.logsumexp, scipy.special.softmax

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mlpath.calculus.autodiff.array import Variable, log_sum_exp, relu, value_and_grad

Array = Float[np.ndarray, "..."]
Arrays = tuple[Array, ...]
Images = Float[np.ndarray, "n_samples n_features"]
Labels = Int[np.ndarray, " n_samples"]


@dataclass(frozen=True)
class Momentum:
    """Parameters and their velocities.

    Attributes
    ----------
    parameters : tuple of ndarray
        Weights and biases, layer by layer.
    velocities : tuple of ndarray
        An array like each of them: $v$ of equation (6).
    """

    parameters: Arrays
    velocities: Arrays


@dataclass(frozen=True)
class Training:
    """What `train` ends with.

    Attributes
    ----------
    parameters : tuple of ndarray
        Weights and biases, layer by layer.
    losses : ndarray
        The loss of each epoch as it was met on the way, equation (7).
    """

    parameters: Arrays
    losses: Float[np.ndarray, " n_epochs"]


def _check_parameters(parameters: Sequence[Array | Variable], n_features: int) -> None:  # given: argument checks
    """Refuse parameters that are no layers, one fitting the other."""
    if len(parameters) < 2 or len(parameters) % 2:
        raise ValueError(f"parameters must be pairs of weights and biases, got {len(parameters)} arrays")
    for w, b in zip(parameters[::2], parameters[1::2]):
        if w.ndim != 2 or w.shape[0] != n_features or b.shape != w.shape[1:]:
            raise ValueError(
                f"parameters must fit {n_features} inputs of a layer, got the shapes {w.shape} and {b.shape}"
            )
        n_features = w.shape[1]


def _check_data(x: Images, labels: Labels, n_classes: int) -> None:  # given: argument checks
    """Refuse images that are no matrix of numbers, and labels that do not fit."""
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x must have shape (n_samples, n_features) with at least one row, got {x.shape}")
    if labels.shape != x.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(x)} whole numbers, got {labels.dtype} of shape {labels.shape}")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"labels must be from 0 to {n_classes - 1}, got {labels.min()} to {labels.max()}")


def initialise(sizes: Sequence[int], *, rng: np.random.Generator) -> Arrays:
    """Return random weights and zero biases for a network, equation (5).

    Parameters
    ----------
    sizes : sequence of int
        The widths of all layers: the number of inputs, of hidden units in each layer, and of classes; at least two.
    rng : numpy.random.Generator
        Draws the weights.

    Returns
    -------
    tuple of ndarray
        Weights of shape (inputs, outputs) and biases of shape (outputs,) of each layer in turn.

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one is not a positive whole number.

    Examples
    --------
    >>> [a.shape for a in initialise([64, 32, 10], rng=np.random.default_rng(0))]
    [(64, 32), (32,), (32, 10), (10,)]
    """
    # given: the check
    if len(sizes) < 2 or any(n != int(n) or n < 1 for n in sizes):
        raise ValueError(f"sizes must be two or more positive whole numbers, got {sizes}")
    raise NotImplementedError("not written yet: initialise")


def scores(x: Images, parameters: Sequence[Array | Variable]) -> Variable:
    """Return the scores of all classes for each image, equation (1).

    Parameters
    ----------
    x : ndarray
        The images, one a row.
    parameters : sequence of ndarray or Variable
        Weights and biases, layer by layer.

    Returns
    -------
    Variable
        The scores, of shape (n_samples, n_classes).

    Raises
    ------
    ValueError
        If `x` is not a matrix, or the shapes of the parameters do not fit to it or to each other.

    Examples
    --------
    >>> w1, w2 = np.array([[0.5, -1.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [2.0, -1.0]])
    >>> scores(np.array([[1.0, 2.0]]), (w1, np.array([0.0, 0.5]), w2, np.array([0.0, 2.0])))
    Variable([[2.5, 2. ]])
    """
    # given: the checks
    if x.ndim != 2:
        raise ValueError(f"x must have shape (n_samples, n_features), got {x.shape}")
    _check_parameters(parameters, x.shape[1])
    layers = [(Variable(w) if isinstance(w, np.ndarray) else w, b) for w, b in zip(parameters[::2], parameters[1::2])]
    raise NotImplementedError("not written yet: scores")


def cross_entropy(z: Variable, labels: Labels) -> Variable:
    """Return the mean surprise at the right classes, equation (2).

    Parameters
    ----------
    z : Variable
        The scores, one row for each image and as large as you like.
    labels : ndarray
        The right classes, as whole numbers from 0.

    Returns
    -------
    Variable
        The loss, a single number.

    Raises
    ------
    ValueError
        If there is not one label for each row, or a label is no class.

    Examples
    --------
    >>> cross_entropy(Variable([[2.5, 2.0], [1000.0, -1000.0]]), np.array([1, 0]))
    Variable(0.487)
    """
    # given: the check
    _check_data(z.value, labels, z.shape[-1])
    raise NotImplementedError("not written yet: cross_entropy")


def predict(x: Images, parameters: Arrays) -> Int[np.ndarray, " n_samples"]:
    """Return the class that the network thinks most likely for each image, equation (4).

    Parameters
    ----------
    x : ndarray
        The images, one a row.
    parameters : tuple of ndarray
        Weights and biases, layer by layer.

    Returns
    -------
    ndarray
        The classes, as whole numbers from 0; the first of those that tie.

    Examples
    --------
    >>> predict(np.array([[1.0, 2.0], [-3.0, 0.5]]), (np.array([[0.5, -1.0], [1.0, 0.0]]), np.array([0.0, 0.5])))
    array([0, 1])
    """
    raise NotImplementedError("not written yet: predict")


def step(state: Momentum, gradients: Arrays, *, rate: float, momentum: float) -> Momentum:
    r"""Return parameters and velocities after one step, equation (6).

    Parameters
    ----------
    state : Momentum
        Where the step begins. It is not changed.
    gradients : tuple of ndarray
        The gradient by each parameter.
    rate : float
        The rate $\eta$, positive.
    momentum : float
        The share $\mu$ of the old velocity, from 0 to below 1.

    Returns
    -------
    Momentum
        Where it ends, in the precision of where it began.

    Raises
    ------
    ValueError
        If `rate` or `momentum` is out of range, or there is not one gradient of the right shape for each parameter.

    Examples
    --------
    >>> state = Momentum((np.array([0.0, 2.0]),), (np.array([1.0, 1.0]),))
    >>> step(state, (np.array([0.5, -0.5]),), rate=0.1, momentum=0.8)
    Momentum(parameters=(array([-0.13,  1.97]),), velocities=(array([1.3, 0.3]),))
    """
    # given: the checks
    _check_rates(rate, momentum)
    if [g.shape for g in gradients] != [p.shape for p in state.parameters]:
        raise ValueError(f"gradients must have the shapes of the parameters, got {[g.shape for g in gradients]}")
    raise NotImplementedError("not written yet: step")


def _check_rates(rate: float, momentum: float) -> None:  # given: argument checks
    """Refuse a rate that is not positive, and a momentum outside [0, 1)."""
    if not 0 < rate < np.inf:
        raise ValueError(f"rate must be positive and finite, got {rate}")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")


def batches(n_samples: int, batch_size: int, *, rng: np.random.Generator) -> list[np.ndarray]:
    """Return which images the batches of an epoch have: all of them once, in a random order.

    Parameters
    ----------
    n_samples : int
        The number of images, at least 1.
    batch_size : int
        How many images a batch has, at least 1. The last one has what is left.
    rng : numpy.random.Generator
        Shuffles them.

    Returns
    -------
    list of ndarray
        For each batch the indices of its images.

    Raises
    ------
    ValueError
        If a number is below 1.

    Examples
    --------
    >>> found = batches(5, 2, rng=np.random.default_rng(0))
    >>> [len(batch) for batch in found], sorted(np.concatenate(found).tolist())
    ([2, 2, 1], [0, 1, 2, 3, 4])
    """
    # given: the check
    if n_samples < 1 or batch_size < 1:
        raise ValueError(f"n_samples and batch_size must be at least 1, got {n_samples} and {batch_size}")
    raise NotImplementedError("not written yet: batches")


def train(
    x: Images,
    labels: Labels,
    parameters: Arrays,
    *,
    n_epochs: int = 20,
    batch_size: int = 32,
    rate: float = 0.05,
    momentum: float = 0.9,
    rng: np.random.Generator,
) -> Training:
    """Return what a network has learnt from images and their labels, by repeating (6).

    Parameters
    ----------
    x : ndarray
        The images, one a row, scaled to a size near 1.
    labels : ndarray
        Their classes, as whole numbers from 0.
    parameters : tuple of ndarray
        Where to begin: weights and biases, layer by layer. They are not changed.
    n_epochs : int
        How often all images are used, at least once.
    batch_size : int
        How many images make a step.
    rate : float
        The rate of (6), positive.
    momentum : float
        The momentum of (6), from 0 to below 1. The velocity begins at 0 and lives on from epoch to epoch.
    rng : numpy.random.Generator
        Shuffles the images, anew in each epoch.

    Returns
    -------
    Training
        The parameters after the last step, and the loss of each epoch (7).

    Raises
    ------
    ValueError
        If shapes do not fit, a label is no class, or a number is out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 2))
    >>> labels = (x[:, 0] * x[:, 1] > 0).astype(int)  # no line separates them
    >>> learnt = train(x, labels, initialise([2, 16, 2], rng=rng), n_epochs=30, rng=rng)
    >>> bool(np.mean(predict(x, learnt.parameters) == labels) > 0.95)
    True
    """
    # given: the checks
    _check_data(x, labels, len(parameters[-1]))
    _check_parameters(parameters, x.shape[1])
    _check_rates(rate, momentum)
    if n_epochs < 1:
        raise ValueError(f"n_epochs must be at least 1, got {n_epochs}")
    raise NotImplementedError("not written yet: train")
