"""The peers are LAPACK's factorisations and substitutions, by way of NumPy and SciPy, NumPy's draws by the same method, and SciPy's
density, which uses eigenvectors. LAPACK works in blocks, ours column by column by design, as the note says under Cost. SciPy's
LDL exchanges rows and columns, which ours leaves out. For update and downdate the peer is the thing they spare: the matrix
formed and factored anew by NumPy. First all must be equally good: products and residuals no more than rounding, log densities
to ten digits, and of the draws the same covariance.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import scipy.linalg
import scipy.stats

from mlpath.linalg.cholesky import (
    cholesky,
    downdate,
    gaussian_log_density,
    ldl,
    sample_gaussian,
    solve,
    update,
)
from mlpath.workbench.bench import Case, close


def assert_rounding(error: np.ndarray, size: np.ndarray) -> None:
    """Fail unless an error is at most 1e-13 of what was added up."""
    worst = (np.abs(error) / size).max()
    assert worst <= 1e-13, f"off by {worst:.1g} of what was added up"


def factor_of(a: np.ndarray) -> Callable[[np.ndarray, object], None]:
    def check(lower, _):
        assert_rounding(lower @ lower.T - a, np.sqrt(np.outer(np.diag(a), np.diag(a))))

    return check


def ldl_factors_of(a: np.ndarray) -> Callable[[tuple, object], None]:
    def check(result, _):
        lower, pivots = result[:2]
        pivots = np.diag(pivots) if pivots.ndim == 1 else pivots
        assert_rounding(lower @ pivots @ lower.T - a, np.sqrt(np.outer(np.diag(a), np.diag(a))))

    return check


def solutions_of(a: np.ndarray, b: np.ndarray) -> Callable[[np.ndarray, object], None]:
    def check(x, _):
        assert_rounding(a @ x - b, np.linalg.norm(a, np.inf) * np.abs(x).max(axis=0) + np.abs(b).max(axis=0))

    return check


def same_covariance(x, peers):
    # Over 20,000 draws both are off by less than 5 % of the scale, chance included.
    np.testing.assert_allclose(np.cov(x.T), np.cov(peers.T), atol=0.05 * np.cov(peers.T).diagonal().max())


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)

    def definite(n):
        rows = rng.normal(size=(n, 2 * n))
        return rows @ rows.T / n

    for n in (100, 500, 1000):
        a = definite(n)
        yield Case(
            f"cholesky, {n} x {n}",
            ours=partial(cholesky, a),
            peer_name="np.linalg.cholesky",
            peer=partial(np.linalg.cholesky, a),
            check=factor_of(a),
            limit=20,
        )
    n = 500
    a, x = definite(n), rng.normal(size=n)
    yield Case(
        f"ldl, {n} x {n}",
        ours=partial(ldl, a),
        peer_name="scipy.linalg.ldl",
        peer=partial(scipy.linalg.ldl, a),
        check=ldl_factors_of(a),
    )
    lower = np.linalg.cholesky(a)
    for columns in (1, 50):
        b = rng.normal(size=(n, columns))
        yield Case(
            f"solve, {n} x {n}, {columns} right-hand side{'s' * (columns > 1)}",
            ours=partial(solve, lower, b),
            peer_name="scipy.linalg.cho_solve",
            peer=partial(scipy.linalg.cho_solve, (lower, True), b),
            check=solutions_of(a, b),
            limit=12,
        )
    for n in (500, 1000):
        a, x = definite(n), rng.normal(size=n)
        lower, more = np.linalg.cholesky(a), a + np.outer(x, x)
        yield Case(
            f"update, {n} x {n}",
            ours=partial(update, lower, x),
            peer_name="A + xx' and np.linalg.cholesky",
            peer=lambda a=a, x=x: np.linalg.cholesky(a + np.outer(x, x)),
            check=factor_of(more),
        )
        yield Case(
            f"downdate, {n} x {n}",
            ours=partial(downdate, np.linalg.cholesky(more), x),
            peer_name="A - xx' and np.linalg.cholesky",
            peer=lambda more=more, x=x: np.linalg.cholesky(more - np.outer(x, x)),
            check=factor_of(a),
        )
    dim = 50
    a, mean = definite(dim), rng.normal(size=dim)
    yield Case(
        f"sample_gaussian, 20,000 in {dim} dimensions",
        ours=partial(sample_gaussian, mean, a, 20_000, rng=rng),
        peer_name="Generator.multivariate_normal(method='cholesky')",
        peer=partial(rng.multivariate_normal, mean, a, 20_000, method="cholesky"),
        check=same_covariance,
    )
    x = rng.multivariate_normal(mean, a, 20_000)
    yield Case(
        f"gaussian_log_density, 20,000 in {dim} dimensions",
        ours=partial(gaussian_log_density, x, mean, a),
        peer_name="scipy.stats.multivariate_normal.logpdf",
        peer=lambda: scipy.stats.multivariate_normal(mean, a).logpdf(x),  # pyright: ignore[reportArgumentType]
        check=close(1e-10),
    )
