r"""The Ising model: heat bath, chequerboard, clusters, and a noisy picture.

## Idea

Magnets on a grid, each pointing up or down, and each preferring to point as its neighbours do. How strong the preference
is decides whether they agree over the whole grid or form a patchwork. No magnet sees more than its four neighbours, so
its conditional given all others is a coin whose bias takes one line; and two magnets that are no neighbours can toss
their coins at the same time. The same model says of a picture that pixels are likely to be as their neighbours are, which
removes noise.

## Maths

On a grid of $H$ rows and $W$ columns each *site* $i$ has a *spin* $s_i$, which is $+1$ or $-1$. With a *coupling* $\beta$
and *fields* $h_i$,

$$\pi(s) = \frac{1}{Z}\, e^{w(s)}, \qquad w(s) = \beta \sum_{\langle i, j \rangle} s_i s_j + \sum_i h_i s_i, \tag{1}$$

where the first sum is over all pairs of neighbours, above and below or side by side, each pair once. The boundary is
*free*, so that sites at the edge have fewer neighbours, or *periodic*: then the last row is also above the first, and the
last column left of the first. We call $w$ the log weight; $Z$ is the sum of $e^{w(s)}$ over all $2^{HW}$ grids.

**Heat bath.** Let $n_i$ be the sum of the spins of the neighbours of $i$. What depends on $s_i$ in (1) is
$s_i (\beta n_i + h_i)$. So given all others the spin is up with a probability that depends on two numbers only,
$e^{+(\beta n_i + h_i)}$ and $e^{-(\beta n_i + h_i)}$:

$$p_i = P(s_i = +1 \mid \text{the others}) = \frac{1}{1 + e^{-x_i}}; \tag{2}$$

work out $x_i$. To draw a spin anew with this probability, whatever it was, is a Gibbs update. Take the $2^{HW}$ grids as
the states of a chain: an update of the site $i$ leads from $s$ to only two of them,

$$K(s, s^{i+}) = p_i(s), \qquad K(s, s^{i-}) = 1 - p_i(s), \tag{3}$$

where $s^{i+}$ is $s$ with the spin $i$ set up, and $s^{i-}$ with it set down. This is in detailed balance with $\pi$:
both have the same neighbours, so $\pi(s^{i-})\, p_i = \pi(s^{i+})\, (1 - p_i)$ is just (2).

**Chequerboard.** Colour the site in row $r$ and column $c$ black if $r + c$ is even (counted from 0), and white
otherwise. All neighbours of a black site are white: given the white spins the black ones are independent, and may all be
drawn at once, which is one Gibbs update of a large block. A *sweep* draws all black spins, and then all white ones given
the new black ones. On a periodic grid this needs an even number of rows and of columns.

**Clusters.** Near the coupling at which the grid begins to agree, patches of all sizes form, and single spins turn them
too slowly. Swendsen and Wang turn whole patches. With $h = 0$ and $\beta \ge 0$, each pair of neighbours has the weight
$e^{\beta}$ if they agree and $e^{-\beta}$ if not. Write this as $e^{\beta}\, \big( (1 - q) + q\, [s_i = s_j] \big)$;
comparing the two cases gives

$$q = 1 - e^{-2 \beta}. \tag{4}$$

Now give each pair a *bond*, which is open or closed, and let $q\, [s_i = s_j]$ be the share of an open one, $1 - q$ that
of a closed one: the joint law of spins and bonds has (1) as its marginal. Both of its conditionals are easy. Given the
spins, bonds are independent: between equal neighbours open with probability $q$, between others closed. Given the bonds,
sites that open bonds connect (the *clusters*) have equal spins, and each cluster is up or down with probability
$\tfrac{1}{2}$. One step draws first the bonds, then the spins. Clusters are the connected components of a graph, with all
sites of all chains as its vertices and the open bonds as its edges; libraries find them, and so does passing the least
number on until nothing changes.

**The sum Z.** There are $2^W$ rows $a$. Let $u(a)$ be what is in $w$ of one row alone, the pairs side by side and the
field (here the same $h$ everywhere), and let

$$T(a, b) = \exp \Big( \beta \sum_c a_c\, b_c + u(b) \Big) \tag{5}$$

be the weight of a row $b$ below $a$. Sum over the rows one after the other:

$$Z = \sum_{a, b} e^{u(a)}\, (T^{H - 1})(a, b) \ \text{(free)}, \qquad Z = \operatorname{tr} T^{H} \ \text{(periodic)}. \tag{6}$$

Products of sums of exponentials overflow; in logarithms each entry is the logarithm of a sum of exponentials.

**A noisy picture.** Let $s$ be a picture in black and white with the law (1) without fields, of which we see $y$, where
each pixel has been flipped with probability $f$. Then $P(y_i \mid s_i)$ is $1 - f$ if they agree and $f$ if not, which is
proportional to $e^{h_i s_i}$ with

$$h_i = \tfrac{1}{2}\, y_i \log \frac{1 - f}{f}. \tag{7}$$

So the posterior of $s$ given $y$ is again an Ising model, with a field that pulls towards what was seen.

## Worked example

Two rows and three columns with free boundaries, $\beta = 0.5$, $h = 0.1$ everywhere:

```
+ + -
+ - -
```

Agreeing neighbours are the first two of the top row, the last two of the bottom row, and those above each other in
columns 0 and 2: four. The other three pairs disagree. So $w = 0.5 \cdot (4 - 3) + 0.1 \cdot (3 - 3) = 0.5$. The site in
the middle of the top has the neighbours $+$, $-$ and $-$, so $n = -1$, and is up with the probability
$1 / (1 + e^{0.8}) = 0.310$. It is white, as $0 + 1$ is odd. With $q = 1 - e^{-1} = 0.632$ each of the four agreeing pairs
has an open bond with probability 0.632. If all four are open there are two clusters, the three plus spins and the three
minus spins, and the next grid is one of four, each with probability $\tfrac{1}{4}$. The sum over all 64 grids has
$\log Z = 5.1921$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `neighbour_sum` | grids | the sum of the neighbours of each site | |
| `log_weight` | grids, coupling, field | $w$ of each grid | (1) |
| `probability_up` | the same | $p_i$ of each site | (2) |
| `update_matrix` | the size of a small grid, a site | the kernel of one update on all grids | (3) |
| `sweep` | grids, coupling, field | the next grids, one colour after the other | (2) |
| `swendsen_wang` | grids, coupling | the next grids, cluster by cluster | (4) |
| `log_partition` | a size, coupling, field | $\log Z$ | (5), (6) |
| `denoise` | a noisy picture | how probable each pixel is to be up | (7) |

Grids have the shape (n_chains, height, width) and hold integers $\pm 1$; all grids of a batch move at once.

## Pitfalls

- On the free boundary the last row feels the first.
- The energy of every pair is counted twice, or $x_i$ in (2) is half of what it should be.
- A whole grid drawn at once given the old one settles into blinking chequerboards.
- Overflow where the coupling is in the hundreds, as when one looks for the most probable picture.
- The clusters of one chain are joined to those of the next.
- The transfer matrix has the pairs of a row twice, or the first row not at all.

## Cost

A sweep costs $O(HW)$ a chain, a step of Swendsen and Wang about as much, with a larger constant. `update_matrix` needs
$4^{HW}$ numbers, `log_partition` some $4^W H$ steps, and $8^W H$ on a periodic grid, so both are for small grids.

## Go further

Experiment: on a periodic grid of 32 by 32, plot the mean of $|\sum_i s_i| / (HW)$ against $\beta$ from 0.3 to 0.6, by
`swendsen_wang`. Onsager announced and Yang proved that on an infinite grid it is 0 up to
$\beta_c = \tfrac{1}{2} \log(1 + \sqrt{2}) = 0.4407$, and then $(1 - \sinh(2 \beta)^{-4})^{1/8}$. Compare how fast `sweep`
forgets at $\beta_c$. A stretch goal: spins of more than two values (Potts).

What is not here: sums over all grids of any size (Onsager, Kaufman), and the estimation of $\beta$ from a picture.

## References

1. Geman & Geman (1984), Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of images,
   https://doi.org/10.1109/TPAMI.1984.4767596
2. Swendsen & Wang (1987), Nonuniversal critical dynamics in Monte Carlo simulations,
   https://doi.org/10.1103/PhysRevLett.58.86
3. Onsager (1944), Crystal statistics I, https://doi.org/10.1103/PhysRev.65.117
4. Yang (1952), The spontaneous magnetization of a two-dimensional Ising model,
   https://doi.org/10.1103/PhysRev.85.808
5. Edwards & Sokal (1988), on spins and bonds together, https://doi.org/10.1103/PhysRevD.38.2009
"""

# 8 parts to write. Test them with: pytest exercises/bayes/gibbs/ising.py
# To be written without: scipy.stats, scipy.ndimage, skimage, networkx

import numpy as np
from jaxtyping import Float, Int

Field = float | Float[np.ndarray, "height width"]
"""The field h: one number for all sites, or one for each."""


def _check_spins(spins: np.ndarray, periodic: bool) -> None:  # given: argument checks
    """Refuse grids that are none, or too small for a periodic boundary."""
    if spins.ndim != 3 or spins.size == 0 or not (abs(spins) == 1).all():
        raise ValueError(f"spins must be 1 and -1, of shape (n_chains, height, width), got {spins}")
    if periodic and min(spins.shape[1:]) < 3:
        raise ValueError(f"spins must have 3 rows and columns or more if periodic, got shape {spins.shape}")


def _check_model(coupling: float, field: Field) -> None:  # given: argument checks
    """Refuse a coupling or a field that is not finite."""
    if not np.isfinite(coupling):
        raise ValueError(f"coupling must be finite, got {coupling}")
    if not np.isfinite(field).all():
        raise ValueError(f"field must be finite, got {field}")


def all_grids(height: int, width: int) -> Int[np.ndarray, "n_grids height width"]:  # given: all states of a small grid
    r"""Return all grids of a size.

    Grid number $s$ has the spin in row $r$ and column $c$ up where the bit `r * width + c` of $s$ is set; bit 0 is worth 1, and
    bit $k$ is worth $2^k$. So number 0 is all down, and number 1 has only the first spin of the first row up.

    Parameters
    ----------
    height, width : int
        Size of the grid, of at most 16 sites.

    Returns
    -------
    ndarray
        Of shape (2 ** (height * width), height, width).

    Raises
    ------
    ValueError
        If the grid has no site, or more than 16.

    Examples
    --------
    >>> print(all_grids(1, 2)[:, 0].tolist())
    [[-1, -1], [1, -1], [-1, 1], [1, 1]]
    """
    if min(height, width) < 1 or height * width > 16:
        raise ValueError(f"height times width must be from 1 to 16, got {height} times {width}")
    n_sites = height * width
    bits = np.arange(2**n_sites)[:, None] >> np.arange(n_sites) & 1
    return (2 * bits - 1).reshape(-1, height, width)


def neighbour_sum(
    spins: Int[np.ndarray, "n_chains height width"], *, periodic: bool
) -> Int[np.ndarray, "n_chains height width"]:
    """Return the sum of the spins of the neighbours of each site.

    Parameters
    ----------
    spins : ndarray
        Grids of 1 and -1.
    periodic : bool
        Whether the last row is above the first one too, and the last column left of the first; both have 3 sites or more then.
        Otherwise sites at the edge have three neighbours and those in a corner two.

    Returns
    -------
    ndarray
        Whole numbers from -4 to 4.

    Raises
    ------
    ValueError
        If `spins` are not 1 and -1 in three axes, or a side is shorter than 3 and `periodic` is true.

    Examples
    --------
    >>> spins = np.array([[[1, 1, -1], [1, -1, -1]]])
    >>> print(neighbour_sum(spins, periodic=False)[0])
    [[ 2 -1  0]
     [ 0  1 -2]]
    """
    # given: the check
    _check_spins(spins, periodic)
    raise NotImplementedError("not written yet: neighbour_sum")


def log_weight(
    spins: Int[np.ndarray, "n_chains height width"], *, coupling: float, field: Field = 0.0, periodic: bool
) -> Float[np.ndarray, " n_chains"]:
    r"""Return the log weight of each grid, equation (1).

    Parameters
    ----------
    spins : ndarray
        Grids of 1 and -1.
    coupling : float
        $\beta$; negative where neighbours prefer to differ.
    field : float or ndarray
        $h$: one number, or one for each site.
    periodic : bool
        As for `neighbour_sum`.

    Returns
    -------
    ndarray
        $w(s)$, in which each pair of neighbours counts once.

    Raises
    ------
    ValueError
        As `neighbour_sum`, and if `coupling` or `field` is not finite.

    Examples
    --------
    >>> spins = np.array([[[1, 1, -1], [1, -1, -1]]])
    >>> print(log_weight(spins, coupling=0.5, field=0.1, periodic=False))
    [0.5]
    """
    # given: the check
    _check_model(coupling, field)
    raise NotImplementedError("not written yet: log_weight")


def probability_up(
    spins: Int[np.ndarray, "n_chains height width"], *, coupling: float, field: Field = 0.0, periodic: bool
) -> Float[np.ndarray, "n_chains height width"]:
    r"""Return how probable each spin is to be up given all the others, equation (2).

    Parameters
    ----------
    spins : ndarray
        Grids of 1 and -1.
    coupling : float
        $\beta$, of either sign and up to $10^{300}$: nothing overflows, and NumPy does not warn.
    field : float or ndarray
        $h$: one number, or one for each site.
    periodic : bool
        As for `neighbour_sum`.

    Returns
    -------
    ndarray
        $p_i$ for each site of each grid. It does not depend on the spin of that site itself.

    Raises
    ------
    ValueError
        As `log_weight`.

    Examples
    --------
    >>> spins = np.array([[[1, 1, -1], [1, -1, -1]]])
    >>> print(probability_up(spins, coupling=0.5, field=0.1, periodic=False).round(3))
    [[[0.9   0.31  0.55 ]
      [0.55  0.769 0.142]]]
    """
    # given: the check
    _check_model(coupling, field)
    raise NotImplementedError("not written yet: probability_up")


def update_matrix(
    height: int, width: int, row: int, column: int, *, coupling: float, field: Field = 0.0, periodic: bool
) -> Float[np.ndarray, "n_grids n_grids"]:
    """Return the transition matrix of a heat-bath update of one site, equation (3).

    Parameters
    ----------
    height, width : int
        Size of the grid, of at most 12 sites.
    row, column : int
        The site, counted from 0.
    coupling, field, periodic : float, float or ndarray, bool
        As for `probability_up`.

    Returns
    -------
    ndarray
        The probability of going from each grid, a row, to each grid, a column, numbered as `all_grids` numbers them.

    Raises
    ------
    ValueError
        If the grid has more than 12 sites or the site is not on it; otherwise as `log_weight`.

    Examples
    --------
    >>> print(update_matrix(1, 2, 0, 1, coupling=0.5, periodic=False).round(3))
    [[0.731 0.    0.269 0.   ]
     [0.    0.269 0.    0.731]
     [0.731 0.    0.269 0.   ]
     [0.    0.269 0.    0.731]]
    """
    # given: the checks
    if height * width > 12:
        raise ValueError(f"height times width must be at most 12, got {height} times {width}")
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(f"row must be on the grid, and column, got {row} and {column}")
    raise NotImplementedError("not written yet: update_matrix")


def sweep(
    spins: Int[np.ndarray, "n_chains height width"],
    *,
    coupling: float,
    field: Field = 0.0,
    periodic: bool,
    rng: np.random.Generator,
) -> Int[np.ndarray, "n_chains height width"]:
    """Draw every spin anew by equation (2): first all black ones, then all white ones given the new black ones.

    Parameters
    ----------
    spins : ndarray
        Grids of 1 and -1. They are not changed.
    coupling, field, periodic : float, float or ndarray, bool
        As for `probability_up`.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The next grids, of the shape of `spins`. A site is black if its row and its column, counted from 0, have an even sum.

    Raises
    ------
    ValueError
        As `log_weight`, and if `periodic` is true and a side has an odd number of sites.

    Examples
    --------
    >>> spins, rng = -np.ones((1, 2, 3), dtype=int), np.random.default_rng(0)
    >>> print(sweep(spins, coupling=0.5, field=100.0, periodic=False, rng=rng)[0])
    [[1 1 1]
     [1 1 1]]
    """
    # given: the check
    if periodic and (spins.shape[-1] % 2 or spins.shape[-2] % 2):
        raise ValueError(f"spins must have even sides if periodic, got shape {spins.shape}")
    raise NotImplementedError("not written yet: sweep")


def swendsen_wang(
    spins: Int[np.ndarray, "n_chains height width"], *, coupling: float, periodic: bool, rng: np.random.Generator
) -> Int[np.ndarray, "n_chains height width"]:
    """Open bonds between equal neighbours by equation (4), and draw one spin for each cluster. There is no field.

    Parameters
    ----------
    spins : ndarray
        Grids of 1 and -1. They are not changed.
    coupling : float
        At least 0.
    periodic : bool
        As for `neighbour_sum`; the sides may be odd.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The next grids, of the shape of `spins`. The clusters of different chains have nothing to do with each other, and a site
        without an open bond is a cluster of its own.

    Raises
    ------
    ValueError
        As `neighbour_sum`, and if `coupling` is negative or not finite.

    Examples
    --------
    >>> spins, rng = np.ones((1, 3, 4), dtype=int), np.random.default_rng(0)
    >>> print(abs(swendsen_wang(spins, coupling=50.0, periodic=False, rng=rng).sum()))
    12
    """
    # given: the checks
    _check_spins(spins, periodic)
    if not 0 <= coupling < np.inf:
        raise ValueError(f"coupling must be at least 0 and finite, got {coupling}")
    raise NotImplementedError("not written yet: swendsen_wang")


def log_partition(height: int, width: int, *, coupling: float, field: float = 0.0, periodic: bool) -> float:
    r"""Return the logarithm of the sum of the weights of all grids, equations (5) and (6).

    Parameters
    ----------
    height, width : int
        Size of the grid, with at most 7 columns; 3 or more of both if `periodic`.
    coupling : float
        $\beta$, of either sign and up to $10^{300}$.
    field : float
        $h$, the same for all sites.
    periodic : bool
        As for `neighbour_sum`.

    Returns
    -------
    float
        $\log Z$.

    Raises
    ------
    ValueError
        If `height` or `width` is too small or too large, or `coupling` or `field` is not finite.

    Examples
    --------
    >>> print(round(log_partition(2, 3, coupling=0.5, field=0.1, periodic=False), 4))
    5.1921
    """
    # given: the checks
    _check_model(coupling, field)
    if height < 1 + 2 * periodic or not 1 + 2 * periodic <= width <= 7:
        raise ValueError(
            f"height and width must be {1 + 2 * periodic} or more, and width at most 7, got {height, width}"
        )
    raise NotImplementedError("not written yet: log_partition")


def denoise(
    noisy: Int[np.ndarray, "height width"],
    *,
    flip: float,
    coupling: float,
    n_chains: int,
    n_sweeps: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "height width"]:
    r"""Return how probable each pixel of the true picture is to be up, given a noisy one, by Gibbs sampling with equation (7).

    Parameters
    ----------
    noisy : ndarray
        $y$, of 1 and -1. It is not changed.
    flip : float
        $f$, the probability with which each pixel was flipped, between 0 and 1. At more than 1/2 the field points away from
        what was seen.
    coupling : float
        $\beta$ of the true picture. Boundaries are free.
    n_chains, n_sweeps : int
        That many chains start from `noisy` and make that many sweeps. The first `n_sweeps // 2` sweeps are left out; what the
        chains show after each of the others is averaged over chains and sweeps.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The share of spins that are up, at each pixel.

    Raises
    ------
    ValueError
        If `flip` is not between 0 and 1, `n_chains` or `n_sweeps` is below 1, or `noisy` or `coupling` is not as `sweep` wants it.

    Examples
    --------
    >>> noisy = -np.ones((5, 6), dtype=int)
    >>> noisy[2, 3] = 1
    >>> p = denoise(noisy, flip=0.2, coupling=0.7, n_chains=20, n_sweeps=40, rng=np.random.default_rng(0))
    >>> print(p.shape, p[2, 3] < 0.5)
    (5, 6) True
    """
    # given: the checks
    if not 0 < flip < 1:
        raise ValueError(f"flip must be between 0 and 1, got {flip}")
    if n_chains < 1 or n_sweeps < 1:
        raise ValueError(f"n_chains and n_sweeps must be at least 1, got {n_chains} and {n_sweeps}")
    raise NotImplementedError("not written yet: denoise")
