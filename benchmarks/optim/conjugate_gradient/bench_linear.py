"""Conjugate gradients beside SciPy's on the Laplacian of a square grid: same operator, same tolerance, same number of steps."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from mlpath.optim.conjugate_gradient.linear import conjugate_gradient, jacobi
from mlpath.workbench.bench import Case

TOL = 1e-6


def laplacian(side: int, v: np.ndarray) -> np.ndarray:
    """Return what the five-point stencil makes of the values on a grid that is surrounded by zeros."""
    grid = v.reshape(side, side)
    out = 4 * grid
    out[1:] -= grid[:-1]
    out[:-1] -= grid[1:]
    out[:, 1:] -= grid[:, :-1]
    out[:, :-1] -= grid[:, 1:]
    return out.ravel()


def ours(matvec: partial, rhs: np.ndarray, **options: object) -> np.ndarray:
    """Return the reference's solution."""
    return conjugate_gradient(matvec, rhs, tol=TOL, **options).x


def peer(operator: LinearOperator, rhs: np.ndarray, preconditioner: LinearOperator | None) -> np.ndarray:
    """Return SciPy's solution."""
    return cg(operator, rhs, rtol=TOL, M=preconditioner)[0]


def check(matvec: partial, rhs: np.ndarray, result: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that both residuals are small enough, and the solutions the same to rounding."""
    for x in (result, theirs):
        assert np.linalg.norm(rhs - matvec(x)) <= 1.01 * TOL * np.linalg.norm(rhs), "the residual is too large"
    np.testing.assert_allclose(result, theirs, rtol=1e-6, atol=1e-8 * abs(theirs).max())


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for side in (30, 100, 300):
        rhs, matvec = rng.standard_normal(side**2), partial(laplacian, side)
        shape, diagonal = (side**2, side**2), jacobi(np.full(side**2, 4.0))
        operator, divide = LinearOperator(shape, matvec, dtype=float), LinearOperator(shape, diagonal, dtype=float)
        yield Case(
            f"Poisson, {side} x {side}",
            ours=partial(ours, matvec, rhs),
            peer_name="scipy.sparse.linalg.cg",
            peer=partial(peer, operator, rhs, None),
            check=partial(check, matvec, rhs),
            limit=1.5,
        )
        yield Case(
            f"Poisson, {side} x {side}, Jacobi",
            ours=partial(ours, matvec, rhs, precondition=diagonal),
            peer_name="scipy.sparse.linalg.cg",
            peer=partial(peer, operator, rhs, divide),
            check=partial(check, matvec, rhs),
            limit=1.5,
        )
