r"""Targets of which much is known, for tests, figures and benchmarks: densities with exact draws, and real data.

All log densities and gradients take one position a row, as those of `mlpath.bayes._shared`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mlpath.bayes._shared import Gradient, LogDensity


@dataclass(frozen=True)
class Target:
    """A density with what is known about it.

    Attributes
    ----------
    log_density : callable
        The log density of each row, up to a constant; -inf outside the support.
    gradient : callable
        The gradient of the log density at each row of the support.
    exact : callable
        `exact(rng, n)` returns so many independent draws, one a row.
    mean : ndarray
        Expectation of each coordinate; NaN where there is none.
    covariance : ndarray
        Of the coordinates; NaN where there is none.
    """

    log_density: LogDensity
    gradient: Gradient
    exact: Callable[[np.random.Generator, int], Float[np.ndarray, "n dim"]]
    mean: Float[np.ndarray, " dim"]
    covariance: Float[np.ndarray, "dim dim"]


def normal(mean: Float[np.ndarray, " dim"], covariance: Float[np.ndarray, "dim dim"]) -> Target:
    """Return a normal distribution."""
    factor, precision = np.linalg.cholesky(covariance), np.linalg.inv(covariance)

    def log_density(x: np.ndarray) -> np.ndarray:
        return -(((x - mean) @ precision) * (x - mean)).sum(axis=1) / 2

    def gradient(x: np.ndarray) -> np.ndarray:
        return -(x - mean) @ precision

    def exact(rng: np.random.Generator, n: int) -> np.ndarray:
        return mean + rng.standard_normal((n, len(mean))) @ factor.T

    return Target(log_density, gradient, exact, mean, covariance)


def correlated(dim: int = 2, correlation: float = 0.9) -> Target:
    r"""Return a normal distribution with mean 0, variances 1, and the correlation $\rho^{|i-j|}$ of coordinates $i$ and $j$."""
    places = np.arange(dim)
    return normal(np.zeros(dim), correlation ** abs(places[:, None] - places[None, :]))


def banana(bend: float = 0.5, width: float = 2.0) -> Target:
    r"""Return a bent valley in the plane: $x_1 \sim \mathcal{N}(0, w^2)$, $x_2 \mid x_1 \sim \mathcal{N}(b (x_1^2 - w^2), 1)$.

    It is the twisted normal of Haario, Saksman and Tamminen (1999), https://doi.org/10.1007/s001800050022.
    """

    def off(x: np.ndarray) -> np.ndarray:
        return x[:, 1] - bend * (x[:, 0] ** 2 - width**2)

    def log_density(x: np.ndarray) -> np.ndarray:
        return -((x[:, 0] / width) ** 2 + off(x) ** 2) / 2

    def gradient(x: np.ndarray) -> np.ndarray:
        return np.column_stack([-x[:, 0] / width**2 + 2 * bend * x[:, 0] * off(x), -off(x)])

    def exact(rng: np.random.Generator, n: int) -> np.ndarray:
        first, second = rng.standard_normal((2, n))
        return np.column_stack([width * first, second + bend * width**2 * (first**2 - 1)])

    return Target(log_density, gradient, exact, np.zeros(2), np.diag([width**2, 1 + 2 * bend**2 * width**4]))


def funnel(dim: int = 3, scale: float = 3.0) -> Target:
    r"""Return Neal's funnel: $x_1 \sim \mathcal{N}(0, s^2)$, and the others $\mathcal{N}(0, e^{x_1})$ given it.

    Neal (2003), https://doi.org/10.1214/aos/1056562461, has $s = 3$ and ten coordinates.
    """

    def log_density(x: np.ndarray) -> np.ndarray:
        neck, rest = x[:, 0], x[:, 1:]
        with np.errstate(over="ignore"):
            return (
                -((neck / scale) ** 2) / 2 - (rest**2 * np.exp(-neck)[:, None]).sum(axis=1) / 2 - (dim - 1) * neck / 2
            )

    def gradient(x: np.ndarray) -> np.ndarray:
        neck, rest = x[:, 0], x[:, 1:]
        with np.errstate(over="ignore"):
            pull = rest * np.exp(-neck)[:, None]
            of_neck = -neck / scale**2 + (rest * pull).sum(axis=1) / 2 - (dim - 1) / 2
        return np.column_stack([of_neck, -pull])

    def exact(rng: np.random.Generator, n: int) -> np.ndarray:
        neck = scale * rng.standard_normal((n, 1))
        return np.hstack([neck, np.exp(neck / 2) * rng.standard_normal((n, dim - 1))])

    spread = np.full(dim, np.exp(scale**2 / 2))
    spread[0] = scale**2
    return Target(log_density, gradient, exact, np.zeros(dim), np.diag(spread))


def student_t(dim: int = 2, freedom: float = 5.0) -> Target:
    r"""Return a multivariate t distribution around 0 with unit scale: tails that fall like $\|x\|^{-(\nu + d)}$."""

    def log_density(x: np.ndarray) -> np.ndarray:
        return -(freedom + dim) / 2 * np.log1p((x * x).sum(axis=1) / freedom)

    def gradient(x: np.ndarray) -> np.ndarray:
        return -(freedom + dim) * x / (freedom + (x * x).sum(axis=1, keepdims=True))

    def exact(rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.standard_normal((n, dim)) / np.sqrt(rng.chisquare(freedom, (n, 1)) / freedom)

    mean = np.full(dim, 0.0 if freedom > 1 else np.nan)
    return Target(
        log_density, gradient, exact, mean, np.eye(dim) * (freedom / (freedom - 2) if freedom > 2 else np.nan)
    )


def two_modes(dim: int = 2, distance: float = 6.0, share: float = 0.3) -> Target:
    """Return a mixture of two unit normals, of which the one with the given share lies so far from the other at 0.

    The second lies along the first axis.
    """
    centre = np.zeros(dim)
    centre[0] = distance

    def parts(x: np.ndarray) -> np.ndarray:
        return np.stack(
            [
                np.log(1 - share) - (x * x).sum(axis=1) / 2,
                np.log(share) - ((x - centre) ** 2).sum(axis=1) / 2,
            ]
        )

    def log_density(x: np.ndarray) -> np.ndarray:
        return np.logaddexp(*parts(x))

    def gradient(x: np.ndarray) -> np.ndarray:
        first, second = parts(x)
        return -x + np.exp(second - np.logaddexp(first, second))[:, None] * centre

    def exact(rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.standard_normal((n, dim)) + (rng.random((n, 1)) < share) * centre

    return Target(
        log_density, gradient, exact, share * centre, np.eye(dim) + share * (1 - share) * np.outer(centre, centre)
    )


def gammas(shapes: Float[np.ndarray, " dim"], rates: Float[np.ndarray, " dim"]) -> Target:
    """Return independent gamma distributions, which live on positive numbers only."""

    def log_density(x: np.ndarray) -> np.ndarray:
        inside = (x > 0).all(axis=1)
        safe = np.where(x > 0, x, 1.0)
        return np.where(inside, ((shapes - 1) * np.log(safe) - rates * safe).sum(axis=1), -np.inf)

    def gradient(x: np.ndarray) -> np.ndarray:
        return (shapes - 1) / x - rates

    def exact(rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.gamma(shapes, 1 / rates, (n, len(shapes)))

    return Target(log_density, gradient, exact, shapes / rates, np.diag(shapes / rates**2))


# ---------------------------------------------------------------- real data


def coal_disasters() -> Float[np.ndarray, " n"]:
    """Return when Britain's 191 coal-mining disasters from 1851 to 1962 happened, in years: 1851.5 is the middle of 1851.

    A disaster is an explosion that killed ten men or more. The dates were corrected by Jarrett (1979), A note on the
    intervals between coal-mining disasters, https://doi.org/10.1093/biomet/66.1.191.
    """
    dates = (
        "1851.203 1851.632 1851.969 1851.975 1852.314 1852.347 1852.358 1852.385 1852.977 1853.196 1853.229 1853.319 "
        "1853.500 1854.135 1856.396 1856.506 1856.539 1856.618 1857.138 1857.404 1857.582 1858.091 1858.154 1858.406 "
        "1858.945 1860.125 1860.169 1860.591 1860.851 1860.919 1860.971 1861.185 1861.738 1861.836 1862.138 1862.893 "
        "1862.937 1863.178 1863.794 1863.939 1863.986 1865.459 1865.971 1866.064 1866.340 1866.452 1866.833 1866.948 "
        "1866.951 1867.635 1867.854 1867.862 1868.749 1868.903 1868.988 1869.251 1869.442 1869.554 1869.809 1869.875 "
        "1870.124 1870.515 1870.559 1870.633 1871.027 1871.151 1871.167 1871.736 1871.816 1872.123 1872.240 1872.769 "
        "1873.136 1874.285 1874.546 1874.888 1874.981 1875.329 1875.925 1875.931 1875.931 1876.966 1877.064 1877.105 "
        "1877.190 1877.779 1877.809 1878.184 1878.195 1878.236 1878.433 1878.696 1879.036 1879.172 1879.501 1880.057 "
        "1880.539 1880.689 1880.944 1881.105 1881.968 1882.129 1882.296 1882.299 1882.335 1882.852 1883.797 1883.851 "
        "1884.073 1884.856 1885.168 1885.464 1885.979 1886.617 1886.693 1886.754 1886.921 1887.134 1887.405 1888.298 "
        "1889.051 1889.198 1889.793 1890.102 1890.190 1891.252 1891.665 1892.654 1893.508 1894.477 1895.318 1896.070 "
        "1896.284 1896.331 1899.630 1901.393 1902.671 1905.056 1905.188 1905.524 1906.773 1908.136 1908.270 1908.629 "
        "1909.127 1909.825 1910.357 1910.970 1912.520 1913.784 1914.409 1916.615 1918.031 1922.529 1922.677 1923.569 "
        "1927.162 1928.114 1930.154 1930.748 1931.077 1931.830 1931.884 1932.065 1932.864 1932.875 1933.883 1934.723 "
        "1935.643 1935.695 1936.596 1937.500 1938.354 1939.821 1940.218 1940.424 1941.420 1941.522 1941.574 1942.001 "
        "1942.129 1942.483 1946.945 1947.025 1947.619 1947.638 1947.687 1951.405 1957.883 1960.489 1962.220"
    )
    return np.array([float(date) for date in dates.split()])


def coal_counts() -> tuple[Int[np.ndarray, " n_years"], Int[np.ndarray, " n_years"]]:
    """Return the years 1851 to 1962, and how many of the disasters each had."""
    years = np.arange(1851, 1963)
    return years, np.bincount(np.floor(coal_disasters()).astype(int) - years[0], minlength=len(years))


def eight_schools() -> tuple[Float[np.ndarray, " n_schools"], Float[np.ndarray, " n_schools"]]:
    """Return the estimated effects of coaching in eight schools, in points of the test, and their standard errors.

    Rubin (1981), Estimation in parallel randomized experiments, https://doi.org/10.3102/10769986006004377.
    """
    effects = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
    return effects, np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
