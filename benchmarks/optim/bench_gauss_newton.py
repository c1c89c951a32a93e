"""Levenberg-Marquardt beside SciPy's least_squares(method="lm"), which calls MINPACK, on NIST's curves."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.optimize import least_squares

from mlpath.optim._curves import Curve, boxbod, misra, thurber
from mlpath.optim.gauss_newton import levenberg_marquardt, uncertainty
from mlpath.workbench.bench import Case


def ours(curve: Curve, start: np.ndarray) -> np.ndarray:
    """Return the reference's parameters."""
    return levenberg_marquardt(curve.residuals, curve.slopes, start).x


def peer(curve: Curve, start: np.ndarray) -> np.ndarray:
    """Return MINPACK's parameters, to the same test of the angle."""
    options = {"gtol": 1e-8, "ftol": 4e-16, "xtol": 4e-16}
    return least_squares(curve.residuals, start, jac=curve.slopes, method="lm", x_scale="jac", **options).x


def check(curve: Curve, x: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that both agree with the certified parameters and errors."""
    for parameters in (x, theirs):
        np.testing.assert_allclose(parameters, curve.certified, rtol=1e-6)
        known = uncertainty(curve.slopes(parameters), curve.residuals(parameters))
        np.testing.assert_allclose(known.standard_errors, curve.certified_deviations, rtol=1e-6)


def cases() -> Iterator[Case]:
    large = np.random.default_rng(0)
    for name, curve, start in (
        ("Misra1a, first start", misra(), misra().starts[0]),
        ("BoxBOD, second start", boxbod(), boxbod().starts[1]),
        ("Thurber, first start", thurber(), thurber().starts[0]),
        ("Thurber, second start", thurber(), thurber().starts[1]),
    ):
        yield Case(
            name,
            ours=partial(ours, curve, start),
            peer_name="scipy.optimize.least_squares, lm",
            peer=partial(peer, curve, start),
            check=partial(check, curve),
        )
    place = np.linspace(0, 10, 20_000)
    best = np.array([3.0, 0.7, 2.0, 1.5])

    def model(b: np.ndarray, x: np.ndarray) -> np.ndarray:
        return b[0] * np.exp(-b[1] * x) + b[2] * np.sin(b[3] * x)

    def slopes(b: np.ndarray, x: np.ndarray) -> np.ndarray:
        decay, phase = np.exp(-b[1] * x), b[3] * x
        return np.column_stack([decay, -b[0] * x * decay, np.sin(phase), b[2] * x * np.cos(phase)])

    values = model(best, place) + 0.1 * large.standard_normal(len(place))
    curve = Curve(place, values, model, slopes, best[None], best, best, 0.1)

    def agree(x: np.ndarray, theirs: np.ndarray) -> None:
        np.testing.assert_allclose(x, theirs, rtol=1e-6)

    yield Case(
        "decay and wave, 20,000 observations",
        ours=partial(ours, curve, best * 1.1),
        peer_name="scipy.optimize.least_squares, lm",
        peer=partial(peer, curve, best * 1.1),
        check=agree,
    )
