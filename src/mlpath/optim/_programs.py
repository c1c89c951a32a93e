"""What the methods for linear and quadratic programs share: the program, and some whose minimum is known."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mlpath.optim._constrained import ConstrainedProblem
from mlpath.optim._shared import Vector


@dataclass(frozen=True, kw_only=True)
class Program:
    r"""Minimise $\tfrac12 x^\top P x + q^\top x$ subject to $A x = b$ and $G x \le h$; linear if $P = 0$.

    Attributes
    ----------
    P, q : ndarray
        The objective. `P` is symmetric and has no negative eigenvalues.
    A, b, G, h : ndarray
        The constraints; without rows if there are none.
    minimum : ndarray
        Where the objective is least; NaN if nowhere or not known.
    unique : bool
        Whether it is least there only.
    equality_multipliers, inequality_multipliers : ndarray
        The $\nu$ and $\lambda \ge 0$ of $f + \nu^\top (A x - b) + \lambda^\top (G x - h)$ at the minimum; NaN if there
        are none, or several, or if they are not known.
    value : float
        The least value: infinite if nothing is feasible, and -infinite if it falls for ever; NaN if it is not known.
    """

    P: Float[np.ndarray, "dim dim"]
    q: Float[np.ndarray, " dim"]
    A: Float[np.ndarray, "n_equalities dim"]
    b: Float[np.ndarray, " n_equalities"]
    G: Float[np.ndarray, "n_inequalities dim"]
    h: Float[np.ndarray, " n_inequalities"]
    minimum: Float[np.ndarray, " dim"]
    unique: bool
    equality_multipliers: Float[np.ndarray, " n_equalities"]
    inequality_multipliers: Float[np.ndarray, " n_inequalities"]
    value: float

    def fun(self, x: Vector) -> float:
        """Return the objective at a point."""
        return float(x @ self.P @ x / 2 + self.q @ x)

    def violation(self, x: Vector) -> float:
        """Return by how much a point violates the constraint that it violates most, and 0 if none."""
        return float(np.max([*abs(self.A @ x - self.b), *(self.G @ x - self.h), 0.0]))

    def constrained(self, start: Vector | None = None) -> ConstrainedProblem:
        """Return the same as a problem for the methods that need not know that it is a program."""
        return ConstrainedProblem(
            self.fun,
            lambda x: self.P @ x + self.q,
            lambda x: self.P,
            lambda x: self.A @ x - self.b,
            lambda x: self.A,
            lambda x: self.G @ x - self.h,
            lambda x: self.G,
            lambda x, nu, lam: self.P,
            np.zeros(len(self.q)) if start is None else start,
            self.minimum,
        )


def program(
    q: object,
    *,
    P: object = None,
    A: object = None,
    b: object = (),
    G: object = None,
    h: object = (),
    minimum: object = None,
    unique: bool = True,
    nu: object = None,
    lam: object = None,
    value: float | None = None,
) -> Program:
    """Return a program from lists or arrays. What is left out is absent, or not known; the value follows from the minimum."""
    q, b, h = (np.array(vector, dtype=float) for vector in (q, b, h))
    dim = len(q)
    known = [
        np.full(n, np.nan) if v is None else np.array(v, float)
        for n, v in ((dim, minimum), (len(b), nu), (len(h), lam))
    ]
    P = np.zeros((dim, dim)) if P is None else np.array(P, dtype=float)
    A, G = (np.zeros((0, dim)) if rows is None else np.array(rows, dtype=float) for rows in (A, G))
    value = float(known[0] @ P @ known[0] / 2 + q @ known[0]) if value is None else value
    return Program(
        P=P,
        q=q,
        A=A,
        b=b,
        G=G,
        h=h,
        minimum=known[0],
        unique=unique,
        equality_multipliers=known[1],
        inequality_multipliers=known[2],
        value=value,
    )


def linear_programs() -> dict[str, Program]:
    """Return eight linear programs with their minima, under their names.

    wyndor: Hillier and Lieberman's doors and windows. transport: Dantzig's canned goods, from two plants to three
    markets (published minimum 153.675), which has many minima; balanced: the same where all must be shipped, so that
    one of the five equations is superfluous. klee_minty: the cube that makes the simplex method visit each of its
    corners. beale: the simplex method can go round in circles on it. pyramid: four walls meet at the minimum, in three
    dimensions, so that the multipliers are many. free: a point of least largest coordinate on a line, with variables of
    any sign. chebyshev: the centre of the largest disc in a triangle with sides of 3, 4 and 5, whose radius is 1.
    """
    cost = 0.09 * np.array([2.5, 1.7, 1.8, 2.5, 1.8, 1.4])
    plants, markets = np.kron(np.eye(2), np.ones(3)), np.kron(np.ones(2), np.eye(3))
    cans = [50, 300, 0, 275, 0, 275]
    return {
        "wyndor": program(
            [-3, -5],
            G=[[1, 0], [0, 2], [3, 2], [-1, 0], [0, -1]],
            h=[4, 12, 18, 0, 0],
            minimum=[2, 6],
            lam=[0, 1.5, 1, 0, 0],
        ),
        "transport": program(
            cost,
            G=np.vstack([plants, -markets, -np.eye(6)]),
            h=[350, 600, -325, -300, -275, *np.zeros(6)],
            minimum=cans,
            unique=False,
            lam=[0, 0, 0.225, 0.153, 0.126, 0, 0, 0.036, 0, 0.009, 0],
        ),
        "balanced": program(
            cost,
            A=np.vstack([plants, markets]),
            b=[350, 550, 325, 300, 275],
            G=-np.eye(6),
            h=np.zeros(6),
            minimum=cans,
            lam=[0, 0, 0.036, 0, 0.009, 0],
        ),
        "klee_minty": klee_minty(3),
        "beale": program(
            [-0.75, 20, -0.5, 6],
            G=np.vstack([[[0.25, -8, -1, 9], [0.5, -12, -0.5, 3], [0, 0, 1, 0]], -np.eye(4)]),
            h=[0, 0, 1, 0, 0, 0, 0],
            minimum=[1, 0, 1, 0],
            lam=[0, 1.5, 1.25, 0, 2, 0, 10.5],
        ),
        "pyramid": program([0, 0, -1], G=[[1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]], h=[2] * 4, minimum=[0, 0, 2]),
        "free": program(
            [0, 0, 1],
            A=[[1, 2, 0]],
            b=[-6],
            G=[[1, 0, -1], [0, 1, -1], [-1, 0, -1], [0, -1, -1]],
            h=np.zeros(4),
            minimum=[-2, -2, 2],
            nu=[1 / 3],
            lam=[0, 0, 1 / 3, 2 / 3],
        ),
        "chebyshev": program(
            [0, 0, -1],
            G=[[-1, 0, 1], [0, -1, 1], [0.8, 0.6, 1]],
            h=[0, 0, 2.4],
            minimum=[1, 1, 1],
            lam=[1 / 3, 1 / 4, 5 / 12],
        ),
    }


def klee_minty(dim: int) -> Program:
    r"""Return Klee and Minty's cube of $2^n$ corners: greatest $\sum_j 2^{n - j} x_j$, at the corner $(0, \dots, 0, 5^n)$.

    Klee & Minty (1972), How good is the simplex algorithm?, in Inequalities III.
    """
    powers = 2.0 ** np.arange(dim)[::-1]
    rows = np.array([[2.0 ** (i - j + 1) if j < i else float(i == j) for j in range(dim)] for i in range(dim)])
    last = np.eye(dim)[-1]
    return program(
        -powers,
        G=np.vstack([rows, -np.eye(dim)]),
        h=[*5.0 ** np.arange(1, dim + 1), *np.zeros(dim)],
        minimum=5.0**dim * last,
        lam=[*last, *(rows[-1] - powers)],
    )


def quadratic_programs() -> dict[str, Program]:
    """Return six convex quadratic programs with their minima, under their names.

    HS21, HS35 and HS76 are of Hock and Schittkowski's collection, without the constants of their objectives. markowitz:
    the portfolio of least variance that returns 10 %, of four assets that are bought and not sold, one of them without
    risk. projection: the point of the simplex that is nearest to another. flat: an objective that does not care about
    one of its variables, so that there are many minima.
    """
    variance = [[0.04, 0.006, -0.004, 0], [0.006, 0.01, 0, 0], [-0.004, 0, 0.0025, 0], [0, 0, 0, 0]]
    bought = np.array([[0.04, 0.006, -0.004], [0.006, 0.01, 0], [-0.004, 0, 0.0025]])
    portfolio = {"A": [[1, 1, 1, 1], [0.12, 0.10, 0.07, 0.03]], "b": [1, 0.1], "G": -np.eye(4), "h": np.zeros(4)}
    kkt = np.block(
        [
            [bought, np.array([[1, 1, 1], [0.12, 0.1, 0.07]]).T],
            [np.array([[1, 1, 1], [0.12, 0.1, 0.07]]), np.zeros((2, 2))],
        ]
    )
    x, nu = np.split(np.linalg.solve(kkt, [0, 0, 0, 1, 0.1]), [3])
    return {
        "HS21": program(
            [0, 0],
            P=[[0.02, 0], [0, 2]],
            G=[[-10, 1], [-1, 0], [1, 0], [0, -1], [0, 1]],
            h=[-10, -2, 50, 50, 50],
            minimum=[2, 0],
            lam=[0, 0.04, 0, 0, 0],
        ),
        "HS35": program(
            [-8, -6, -4],
            P=[[4, 2, 2], [2, 4, 0], [2, 0, 2]],
            G=np.vstack([[1, 1, 2], -np.eye(3)]),
            h=[3, 0, 0, 0],
            minimum=[4 / 3, 7 / 9, 4 / 9],
            lam=[2 / 9, 0, 0, 0],
        ),
        "HS76": program(
            [-1, -3, 1, -1],
            P=[[2, 0, -1, 0], [0, 1, 0, 0], [-1, 0, 2, 1], [0, 0, 1, 1]],
            G=np.vstack([[[1, 2, 1, 1], [3, 1, 2, -1], [0, -1, -4, 0]], -np.eye(4)]),
            h=[5, 4, -1.5, 0, 0, 0, 0],
            minimum=[3 / 11, 23 / 11, 0, 6 / 11],
            lam=[5 / 11, 0, 0, 0, 0, 19 / 11, 0],
        ),
        # the asset without risk is not bought: the equations of the three others are solved
        "markowitz": program(
            [0] * 4, P=variance, **portfolio, minimum=[*x, 0], nu=nu, lam=[0, 0, 0, nu[0] + 0.03 * nu[1]]
        ),
        "projection": program(
            [-0.9, -0.6, 0.5],
            P=np.eye(3),
            A=[[1, 1, 1]],
            b=[1],
            G=-np.eye(3),
            h=np.zeros(3),
            minimum=[0.65, 0.35, 0],
            nu=[0.25],
            lam=[0, 0, 0.75],
        ),
        "flat": program(
            [-2, 0],
            P=[[1, 0], [0, 0]],
            G=[[1, 0], [0, 1], [0, -1]],
            h=[1, 1, 1],
            minimum=[1, 0],
            unique=False,
            lam=[1, 0, 0],
        ),
    }


def infeasible_programs() -> dict[str, Program]:
    """Return programs without feasible points: inequalities that exclude each other, equations that do, and a square."""
    wall = program([1, 1], G=[[1, 1], [-1, -1]], h=[1, -3], value=np.inf)
    lines = program([0.5, 1.5], A=[[1, 2], [2, 4]], b=[1, 3], G=-np.eye(2), h=[0, 0], value=np.inf)
    square = program([1, 1], P=np.eye(2), A=[[1, 1]], b=[-1], G=-np.eye(2), h=[0, 0], value=np.inf)
    return {"wall": wall, "lines": lines, "square": square}


def unbounded_programs() -> dict[str, Program]:
    """Return feasible programs without a minimum: a ray, a whole line without inequalities, and a square's flat side."""
    ray = program([-1, -1], G=[[1, -1], [-1, 0], [0, -1]], h=[1, 0, 0], value=-np.inf)
    line = program([1, 0.5, -1], A=[[1, 1, 1]], b=[2], value=-np.inf)
    square = program([0, -1], P=[[1, 0], [0, 0]], G=[[0, -1], [-1, 0]], h=[0, 2], value=-np.inf)
    return {"ray": ray, "line": line, "square": square}


def random_program(
    dim: int, n_equalities: int, n_inequalities: int, *, rank: int = 0, rng: np.random.Generator
) -> Program:
    r"""Return a dense program whose only minimum was chosen first, with the multipliers.

    `rank` is that of `P`: 0 makes a linear program. Active are `dim - n_equalities - rank // 2` inequalities, so that
    together with the equalities and the curvature they fix the point. Their multipliers and the other ones' slacks lie
    between 0.5 and 1.5. There must be at least so many inequalities.
    """
    n_active = dim - n_equalities - rank // 2
    x, nu = rng.standard_normal(dim), rng.standard_normal(n_equalities)
    A, G = rng.standard_normal((n_equalities, dim)), rng.standard_normal((n_inequalities, dim))
    root = rng.standard_normal((rank, dim))
    P, active = root.T @ root / dim, rng.permutation(n_inequalities) < n_active
    lam, slack = (rng.uniform(0.5, 1.5, n_inequalities) * where for where in (active, ~active))
    return program(-(P @ x + A.T @ nu + G.T @ lam), P=P, A=A, b=A @ x, G=G, h=G @ x + slack, minimum=x, nu=nu, lam=lam)


def svm_dual(features: Float[np.ndarray, "n_samples dim"], signs: Float[np.ndarray, " n_samples"], C: float) -> Program:
    r"""Return the dual of a linear support vector machine with soft margin, which has a variable for each sample.

    $\min_\alpha \tfrac12 \lVert \sum_i \alpha_i y_i x_i \rVert^2 - \sum_i \alpha_i$ with $y^\top \alpha = 0$ and
    $0 \le \alpha \le C$. The samples' signs $y$ are 1 and -1. Its minimum is not known.
    """
    rows, eye = signs[:, None] * features, np.eye(len(signs))
    return program(
        -np.ones(len(signs)),
        P=rows @ rows.T,
        A=signs[None],
        b=[0],
        G=np.vstack([-eye, eye]),
        h=[*np.zeros(len(signs)), *np.full(len(signs), C)],
    )


def iris_pair() -> tuple[Float[np.ndarray, "n_samples dim"], Float[np.ndarray, " n_samples"]]:
    """Return the two iris species that no plane separates, 100 flowers with four features, and their signs."""
    from sklearn.datasets import load_iris

    features, labels = map(np.asarray, load_iris(return_X_y=True))
    return features[labels > 0], 2.0 * labels[labels > 0] - 3
