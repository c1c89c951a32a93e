"""Shared tests of optim/gauss_newton: run on the reference, and on the learner's file.

Everything here is deterministic. Tolerances of 1e-9 leave room for another order of the operations at the condition
numbers here, some hundreds; wider ones have their reason beside them.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import curve_fit, least_squares

from mlpath.optim._curves import boxbod, misra, thurber
from mlpath.optim.gauss_newton import (
    CONVERGED,
    DIVERGED,
    OUT_OF_STEPS,
    SHORT,
    STALLED,
    damped_step,
    gain_ratio,
    gauss_newton,
    gauss_newton_step,
    levenberg_marquardt,
    next_damping,
    optimality,
    uncertainty,
)
from mlpath.testing import assert_close

J2 = np.array([[1.3, -0.4], [0.7, 2.1], [-0.9, 1.6], [2.2, 0.5]])
R4 = np.array([0.83, -1.72, 2.45, -0.61])
CURVES = {"misra": misra(), "boxbod": boxbod(), "thurber": thurber()}


class Counted:
    """A function that remembers how often it was called."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, x):
        self.calls += 1
        return self.function(x)


def problem(n=12, p=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, p)) * np.geomspace(0.1, 20, p), rng.standard_normal(n)


def powell(bend):
    """Powell's example of two residuals of one parameter: the best is 0, and S / J'J is -bend there."""
    return SimpleNamespace(
        residuals=lambda x: np.array([x[0] + 1, bend * x[0] ** 2 + x[0] - 1]),
        slopes=lambda x: np.array([[1.0], [2 * bend * x[0] + 1]]),
    )


@cache
def exact_fit():
    """A sum of a decay and a constant without noise but for 1e-14, so that no residual is exactly 0."""
    t, best = np.linspace(0.1, 3, 15), np.array([2.5, 1.3, 0.4])
    y = best[0] * np.exp(-best[1] * t) + best[2] + 1e-14 * np.cos(40 * t)
    return SimpleNamespace(
        residuals=lambda b: b[0] * np.exp(-b[1] * t) + b[2] - y,
        slopes=lambda b: np.column_stack([np.exp(-b[1] * t), -b[0] * t * np.exp(-b[1] * t), np.ones(15)]),
        best=best,
    )


def fit(method, case, start, **options):
    with np.errstate(over="ignore", invalid="ignore"):
        return method(case.residuals, case.slopes, start, **options)


# gauss_newton_step


def test_gauss_newton_step_of_a_case_by_hand():
    before = J2.copy(), R4.copy()
    a, b, c = (J2[:, 0] @ J2[:, 0], J2[:, 0] @ J2[:, 1], J2[:, 1] @ J2[:, 1])
    u, v = -J2[:, 0] @ R4, -J2[:, 1] @ R4
    expected = np.array([c * u - b * v, a * v - b * u]) / (a * c - b * b)
    call = f"gauss_newton_step({J2.tolist()}, {R4})"
    assert_close(gauss_newton_step(J2, R4), expected, call, "equation (2)", rtol=1e-9)
    assert_close(J2, before[0], "gauss_newton_step changed the Jacobian, which now")
    assert_close(R4, before[1], "gauss_newton_step changed the residuals, which now")
    low = gauss_newton_step(J2.astype(np.float32), R4.astype(np.float32))
    assert low.dtype == np.float32, f"gauss_newton_step in float32 returned {low.dtype}"


def test_gauss_newton_step_keeps_digits_that_normal_equations_lose():
    small = 2.0**-27  # its square is lost beside 1
    jacobian = np.array([[1.0, 1.0], [small, 0.0], [0.0, small]])
    step = gauss_newton_step(jacobian, -jacobian @ np.array([2.5, -1.25]))
    # The condition number is 2e8, so that an orthogonal solution has seven digits and normal equations none.
    assert_close(step, [2.5, -1.25], "gauss_newton_step with nearly dependent columns", "(2), exact here", rtol=1e-5)


def test_gauss_newton_step_is_the_shortest_where_columns_are_dependent():
    jacobian = np.column_stack([J2[:, 0], 2 * J2[:, 0]])
    step = gauss_newton_step(jacobian, R4)
    along = -(J2[:, 0] @ R4) / (J2[:, 0] @ J2[:, 0])
    assert_close(step, along * np.array([0.2, 0.4]), "gauss_newton_step with dependent columns", "the shortest")


# damped_step


def test_damped_step_of_cases_by_hand():
    before = J2.copy(), R4.copy()
    scale = np.array([2.7, 0.6])
    for damping in (0.37, 45.0):
        a = J2[:, 0] @ J2[:, 0] + damping * 2.7**2
        b, c = J2[:, 0] @ J2[:, 1], J2[:, 1] @ J2[:, 1] + damping * 0.6**2
        u, v = -J2[:, 0] @ R4, -J2[:, 1] @ R4
        expected = np.array([c * u - b * v, a * v - b * u]) / (a * c - b * b)
        call = f"damped_step({J2.tolist()}, {R4}, {damping}, {scale})"
        assert_close(damped_step(J2, R4, damping, scale), expected, call, "equation (4)", rtol=1e-9)
    assert_close(J2, before[0], "damped_step changed the Jacobian, which now")
    assert_close(R4, before[1], "damped_step changed the residuals, which now")
    low = damped_step(J2.astype(np.float32), R4.astype(np.float32), 0.37, scale.astype(np.float32))
    assert low.dtype == np.float32, f"damped_step in float32 returned {low.dtype}"


def test_damped_step_lies_between_gauss_newton_and_descent():
    jacobian, r = problem()
    scale = np.linalg.norm(jacobian, axis=0)
    newton = np.linalg.lstsq(jacobian, -r, rcond=None)[0]
    assert_close(damped_step(jacobian, r, 1e-14, scale), newton, "damped_step with damping 1e-14", "(2)", rtol=1e-6)
    descent = -jacobian.T @ r / scale**2
    call = "1e9 times damped_step with damping 1e9"
    assert_close(1e9 * damped_step(jacobian, r, 1e9, scale), descent, call, "minus J'r / d^2", rtol=1e-6)
    lengths = [
        np.linalg.norm(scale * damped_step(jacobian, r, damping, scale)) for damping in np.geomspace(1e-6, 1e6, 9)
    ]
    assert (np.diff(lengths) < 0).all(), f"the lengths of damped_step for growing damping: {lengths}"


def test_damped_step_is_the_best_of_its_length():
    jacobian, r = problem()
    scale = np.linalg.norm(jacobian, axis=0)
    rng = np.random.default_rng(3)
    for damping in (0.01, 0.5, 8.0):
        step = damped_step(jacobian, r, damping, scale)
        left = np.linalg.norm(jacobian @ step + r)
        for spread in (1e-2, 0.3):
            others = scale * step + spread * np.linalg.norm(scale * step) * rng.standard_normal((40, len(scale)))
            others *= np.linalg.norm(scale * step) / np.linalg.norm(others, axis=1, keepdims=True)
            best = np.linalg.norm(others / scale @ jacobian.T + r, axis=1).min()
            assert left <= best, f"damping {damping}: a step of the same length leaves {best}, damped_step {left}"


def test_damped_step_keeps_digits_and_scales_with_the_units():
    small = 2.0**-27
    jacobian = np.array([[1.0, 1.0], [small, 0.0], [0.0, small]])
    step = damped_step(jacobian, -jacobian @ np.array([2.5, -1.25]), 1e-30, np.ones(2))
    assert_close(
        step, [2.5, -1.25], "damped_step with nearly dependent columns", "(5), not normal equations", rtol=1e-5
    )
    jacobian, r = problem()
    scale, units = np.linalg.norm(jacobian, axis=0), np.array([1e-90, 1e60, 1.0, 1e90, 1e-30])
    got = damped_step(jacobian * units, r, 0.3, scale * units) * units
    assert_close(got, damped_step(jacobian, r, 0.3, scale), "damped_step in other units", "the same step", rtol=1e-9)


# gain_ratio


def test_gain_ratio_of_cases_by_hand():
    r, trial, linear = np.array([2.3, -1.7, 0.4]), np.array([0.6, 1.2, -0.9]), np.array([0.3, -0.2, 0.1])
    expected = (8.34 - 2.61) / (8.34 - 0.14)
    assert_close(gain_ratio(r, trial, linear), expected, f"gain_ratio({r}, {trial}, {linear})", "(6)", rtol=1e-9)
    expected = (8.34 - 4 * 2.61) / (8.34 - 0.14)
    assert_close(
        gain_ratio(r, 2 * trial, linear), expected, f"gain_ratio({r}, {2 * trial}, {linear})", "(6)", rtol=1e-9
    )


def test_gain_ratio_keeps_digits_and_believes_no_rounding():
    r = np.array([1.0, 1.0])
    trial, linear = r - [3e-9, 1e-9], r - [4e-9, 2e-9]
    assert_close(gain_ratio(r, trial, linear), 2 / 3, "gain_ratio of a decrease of 4e-9", "(6)", rtol=1e-5)
    for dtype, bits in ((np.float64, 50), (np.float32, 21)):
        r = np.array([3.0, 3.0], dtype=dtype)
        linear = r * dtype(1 - 2.0**-bits)  # promises some 36 / 2^bits
        delta = 10 * float(np.finfo(dtype).eps) * 18
        promised = float((r - linear) @ (r + linear))
        got = gain_ratio(r, r, linear)
        call = f"gain_ratio in {dtype.__name__} where nothing was gained and rounding was promised"
        assert_close(got, delta / (promised + delta), call, "(6), where delta rules", rtol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_gain_ratio_is_minus_infinity_where_it_means_nothing(bad):
    r, linear = np.array([2.3, -1.7]), np.array([0.3, -0.2])
    got = gain_ratio(r, np.array([0.5, bad]), linear)
    assert got == -np.inf, f"gain_ratio with {bad} among the trial residuals is {got}, minus infinity is expected"
    for promise in (r, 2 * r):
        got = gain_ratio(r, np.array([0.5, 0.4]), promise)
        assert got == -np.inf, f"gain_ratio where the tangent promises no decrease is {got}, minus infinity is expected"


# next_damping


@pytest.mark.parametrize(
    ("ratio", "damping", "growth"),
    [
        (0.81, 0.73 * (1 - 0.62**3), 2.0),
        (0.5, 0.73, 2.0),
        (0.12, 0.73 * (1 + 0.76**3), 2.0),
        (0.97, 0.73 / 3, 2.0),
        (1.9, 0.73 / 3, 2.0),
        (0.0, 0.73 * 16, 32.0),
        (-0.4, 0.73 * 16, 32.0),
        (-np.inf, 0.73 * 16, 32.0),
    ],
)
def test_next_damping_of_cases_by_hand(ratio, damping, growth):
    got = next_damping(0.73, 16.0, ratio)
    assert_close(got[0], damping, f"the damping of next_damping(0.73, 16, {ratio})", "equation (7)", rtol=1e-12)
    assert_close(got[1], growth, f"the growth of next_damping(0.73, 16, {ratio})", "equation (7)", rtol=1e-12)


def test_next_damping_stays_finite():
    got = next_damping(1e299, 1e9, -1.0)
    assert_close(got, (1e300, 2e9), "next_damping(1e299, 1e9, -1.0)", "at most 1e300", rtol=1e-12)


# optimality


def test_optimality_of_a_case_by_hand():
    r = np.array([-0.83, -1.32, -2.45, 1.61])
    cosines = [J2[:, k] @ r / (np.linalg.norm(J2[:, k]) * np.linalg.norm(r)) for k in (0, 1)]
    expected = max(map(abs, cosines))
    assert abs(min(cosines)) == expected, "the case should have its largest cosine negative"
    assert_close(optimality(J2, r), expected, f"optimality({J2.tolist()}, {r})", "equation (8)", rtol=1e-9)
    assert optimality(J2, np.zeros(4)) == 0, "optimality of residuals of zeros should be 0"
    r = np.array([0.0, -1.32, -2.45, 0.0])  # whose largest entry is 0
    got = optimality(J2[:, :1], r)
    cosine = abs(J2[:, 0] @ r) / (np.linalg.norm(J2[:, 0]) * np.linalg.norm(r))
    assert_close(got, cosine, f"optimality({J2[:, :1].tolist()}, {r})", "equation (8)", rtol=1e-9)
    cosines = [J2[:, k] @ r / (np.linalg.norm(J2[:, k]) * np.linalg.norm(r)) for k in (0, 1)]
    got = optimality(np.column_stack([np.zeros(4), J2[:, 0]]), r)
    assert_close(got, abs(cosines[0]), "optimality with a column of zeros", "that of the other column", rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_optimality_does_not_depend_on_units(scale):
    expected = optimality(J2, R4)
    call = f"optimality of a Jacobian times (1, {scale:g})"
    assert_close(optimality(J2, R4 * scale**1.2), expected, f"optimality of {scale**1.2:g} r", "(8)", rtol=1e-9)
    assert_close(optimality(J2 * [1.0, scale], R4), expected, call, "the same angle, (8)", rtol=1e-9)


def test_optimality_vanishes_at_the_solution_of_a_linear_problem():
    jacobian, r = problem()
    r = r + jacobian @ np.linalg.lstsq(jacobian, -r, rcond=None)[0]
    assert optimality(jacobian, r) < 1e-12, f"optimality of the best residuals is {optimality(jacobian, r)}, not 0"


# gauss_newton


@pytest.mark.parametrize(("name", "start"), [("misra", 0), ("misra", 1), ("boxbod", 1), ("thurber", 1)])
def test_gauss_newton_fits_real_curves_to_the_certified_digits(name, start):
    curve = CURVES[name]
    result = fit(gauss_newton, curve, curve.starts[start])
    call = f"gauss_newton({name}, start {start + 1})"
    assert result.success and result.message == CONVERGED, f"{call}: {result.message!r} after {result.nit} steps"
    # The test of the angle leaves an error of some 1e-7 of the parameters in the last curve.
    assert_close(result.x, curve.certified, f"{call}.x", "NIST's certified parameters", rtol=1e-6)


def test_gauss_newton_keeps_account():
    curve = CURVES["misra"]
    residuals, jacobian, start = Counted(curve.residuals), Counted(curve.slopes), curve.starts[1].copy()
    result = gauss_newton(residuals, jacobian, start, record_path=True)
    call = "gauss_newton(misra, start 2)"
    steps = [gauss_newton_step(curve.slopes(x), curve.residuals(x)) for x in result.path[:-1]]
    assert_close(np.diff(result.path, axis=0), np.array(steps), f"{call}: its steps", "equation (2)", rtol=1e-6)
    assert len(result.path) == result.nit + 1 == result.nfev, f"{call}: nit {result.nit}, nfev {result.nfev}"
    assert_close(result.path[0], start, f"{call}: the first point of the path", "the start")
    assert_close(start, curve.starts[1], f"{call} changed start, which now")
    assert_close(result.fun, curve.residuals(result.x) @ curve.residuals(result.x) / 2, f"{call}.fun", "(1)", rtol=1e-9)
    assert_close(result.residuals, curve.residuals(result.x), f"{call}.residuals", "those at x")
    assert_close(result.jacobian, curve.slopes(result.x), f"{call}.jacobian", "that at x")
    assert len(result.dampings) == 0, f"{call}: there are no dampings, got {result.dampings}"
    assert gauss_newton(residuals, jacobian, start).path is None, "without record_path the path should be None"


@pytest.mark.parametrize("bend", [-0.6, 0.45])
def test_gauss_newton_converges_linearly_at_the_rate_of_the_residuals(bend):
    path = fit(gauss_newton, powell(bend), [0.02], record_path=True).path[:, 0]
    rates = path[6:10] / path[5:9]
    call = f"gauss_newton on Powell's example with bend {bend}: errors after a step over those before"
    # The errors are some 1e-3, of which (3) neglects the squares.
    assert_close(rates, [bend] * 4, call, "minus S / J'J by (3)", rtol=0.02)


def test_gauss_newton_converges_quadratically_where_residuals_vanish():
    case = exact_fit()
    result = fit(gauss_newton, case, [2.0, 1.0, 0.8], record_path=True)
    errors = np.linalg.norm(result.path - case.best, axis=1)
    errors = errors[(errors < 0.5) & (errors > 1e-13)]
    assert len(errors) > 2, f"errors {errors}"
    assert (errors[1:] <= 5 * errors[:-1] ** 2 + 1e-13).all(), (
        f"gauss_newton without noise: errors {errors}, not squared"
    )
    assert result.success, f"gauss_newton without noise: {result.message!r}"
    assert_close(result.x, case.best, "gauss_newton without noise", "the parameters", rtol=1e-9)


def test_gauss_newton_diverges_where_levenberg_and_marquardt_do_not():
    result = fit(gauss_newton, CURVES["boxbod"], CURVES["boxbod"].starts[0])
    assert not result.success and result.message == DIVERGED, f"gauss_newton(boxbod, start 1): {result.message!r}"
    path = fit(gauss_newton, powell(-2.0), [1e-3], record_path=True, max_iter=30).path[:, 0]
    call = "gauss_newton on Powell's example with bend -2, from 0.001"
    assert_close(path[1:5] / path[:4], [-2.0] * 4, f"{call}: errors after over before", "(3)", rtol=0.1)
    assert not fit(gauss_newton, powell(-2.0), [1e-3], max_iter=30).success, f"{call} claims success"


def test_gauss_newton_says_why_it_stopped():
    line = SimpleNamespace(residuals=lambda x: J2 @ x + R4, slopes=lambda x: J2)
    result = fit(gauss_newton, line, [5.0, -3.0], max_iter=1)
    assert (result.nit, result.success, result.message) == (1, True, CONVERGED), f"linear, max_iter=1: {result}"
    result = fit(gauss_newton, CURVES["misra"], CURVES["misra"].starts[0], max_iter=3)
    assert (result.nit, result.success, result.message) == (3, False, OUT_OF_STEPS), f"max_iter=3: {result}"
    result = fit(gauss_newton, exact_fit(), [2.4, 1.2, 0.5], tol=0.0)
    assert result.success and result.message == SHORT, f"without noise and with tol=0: {result.message!r}"
    result = fit(gauss_newton, exact_fit(), [2.4, 1.2, 0.5], tol=0.0, step_tol=1e-2)
    assert result.message == SHORT and result.nit < 5, f"with step_tol=0.01: {result.message!r} after {result.nit}"
    large = SimpleNamespace(
        residuals=lambda b: 1e9 * exact_fit().residuals(b), slopes=lambda b: 1e9 * exact_fit().slopes(b)
    )
    wide = SimpleNamespace(
        residuals=lambda b: exact_fit().residuals(b / 1e9), slopes=lambda b: exact_fit().slopes(b / 1e9) / 1e9
    )
    start = np.array([2.4, 1.2, 0.5])
    for method in (gauss_newton, levenberg_marquardt):
        plain = fit(method, exact_fit(), start, tol=0.0, step_tol=1e-3)
        for what, case, first in (("residuals", large, start), ("parameters", wide, 1e9 * start)):
            other = fit(method, case, first, tol=0.0, step_tol=1e-3)
            call = f"{method.__name__} with step_tol=0.001, and with {what} 1e9 times as large"
            assert plain.nit == other.nit, f"{call}: {plain.nit} and {other.nit} steps, as many are expected"
    result = fit(gauss_newton, SimpleNamespace(residuals=lambda x: x + np.nan, slopes=lambda x: np.eye(2)), [1.0, 2.0])
    assert (result.nit, result.message) == (0, DIVERGED), f"NaN at the start: {result}"


# levenberg_marquardt


@pytest.mark.parametrize(
    ("name", "start", "damping"),
    [
        ("misra", 0, 1e-3),
        ("misra", 1, 1e-3),
        ("boxbod", 0, 100.0),
        ("boxbod", 1, 1e-3),
        ("thurber", 0, 1e-3),
        ("thurber", 1, 1e-3),
    ],
)
def test_levenberg_marquardt_fits_real_curves_to_the_certified_digits(name, start, damping):
    curve = CURVES[name]
    result = fit(levenberg_marquardt, curve, curve.starts[start], damping=damping, record_path=True)
    call = f"levenberg_marquardt({name}, start {start + 1}, damping={damping})"
    assert result.success and result.message == CONVERGED, f"{call}: {result.message!r} after {result.nit} steps"
    assert_close(result.x, curve.certified, f"{call}.x", "NIST's certified parameters", rtol=1e-6)
    angles = [optimality(curve.slopes(x), curve.residuals(x)) for x in result.path[-2:]]
    assert angles[1] <= 1e-8 < angles[0], f"{call} stops at an angle of {angles[1]}, the one before is {angles[0]}"
    peer = least_squares(curve.residuals, result.x, jac=curve.slopes, method="lm", xtol=1e-14, ftol=1e-14)
    assert result.fun <= peer.cost * (1 + 1e-12), f"{call}: the cost {result.fun}, MINPACK goes on to {peer.cost}"
    assert result.nit <= 60, f"{call} took {result.nit} steps"


def test_levenberg_marquardt_keeps_account():
    curve = CURVES["thurber"]
    residuals, jacobian, start = Counted(curve.residuals), Counted(curve.slopes), curve.starts[0].copy()
    result = levenberg_marquardt(residuals, jacobian, start, record_path=True, damping=1e-4)
    call = "levenberg_marquardt(thurber, start 1, damping=1e-4)"
    assert len(result.path) == result.nit + 1 == len(result.dampings) + 1, f"{call}: {result.nit} steps, {result.path}"
    assert result.nfev == residuals.calls == result.nit + 1, f"{call}: nfev {result.nfev}, calls {residuals.calls}"
    taken = np.any(np.diff(result.path, axis=0) != 0, axis=1)
    assert not taken.all(), "the case should have refused steps"
    assert jacobian.calls == 1 + taken.sum(), f"{call}: {jacobian.calls} Jacobians, {taken.sum()} steps taken"
    assert_close(start, curve.starts[0], f"{call} changed start, which now")
    costs = [curve.residuals(x) @ curve.residuals(x) for x in result.path]
    assert (np.diff(costs) <= 1e-12 * np.array(costs[1:])).all(), f"{call}: the sum of squares rose along {costs}"
    assert_close(result.fun, costs[-1] / 2, f"{call}.fun", "half the sum of squares, (1)", rtol=1e-9)
    assert_close(result.residuals, curve.residuals(result.x), f"{call}.residuals", "those at x")
    assert_close(result.jacobian, curve.slopes(result.x), f"{call}.jacobian", "that at x")
    scale, damping, growth = np.zeros(7), 1e-4, 2.0
    for k in range(12):
        x, expected = result.path[k], damping
        assert_close(result.dampings[k], expected, f"{call}: damping {k}", "equation (7)", rtol=1e-6)
        r, j = curve.residuals(x), curve.slopes(x)
        scale = np.maximum(scale, np.linalg.norm(j, axis=0))
        step = damped_step(j, r, damping, scale)
        if taken[k]:
            moved = result.path[k + 1] - x
            assert_close(moved, step, f"{call}: step {k}", "(4), d the largest norms so far", rtol=1e-5)
        damping, growth = next_damping(damping, growth, gain_ratio(r, curve.residuals(x + step), r + j @ step))


def test_levenberg_marquardt_does_not_depend_on_units():
    curve, units = CURVES["thurber"], np.array([1e6, 1e-3, 1.0, 1e4, 1e-6, 10.0, 1e3])
    plain = levenberg_marquardt(curve.residuals, curve.slopes, curve.starts[1], record_path=True, max_iter=15)
    other = levenberg_marquardt(
        lambda b: 1e5 * curve.residuals(b / units),
        lambda b: 1e5 * curve.slopes(b / units) / units,
        curve.starts[1] * units,
        record_path=True,
        max_iter=15,
    )
    call = "levenberg_marquardt(thurber) in other units, back in the old ones: the path"
    # Rounding grows by some 1e6 along the curved valley.
    assert_close(other.path / units, plain.path, call, "the same path", rtol=1e-6)


def test_levenberg_marquardt_holds_where_gauss_and_newton_do_not():
    result = fit(levenberg_marquardt, powell(-2.0), [0.1])
    assert result.success, f"levenberg_marquardt on Powell's example with bend -2: {result.message!r}"
    assert abs(result.x[0]) < 1e-7, f"levenberg_marquardt on Powell's example with bend -2: {result.x}, 0 is expected"
    with np.errstate(over="ignore"):
        case = SimpleNamespace(
            residuals=lambda b: np.exp(b[0] * np.array([1.0, 2.0, 4.0])) - [1.7, 2.6, 8.4],
            slopes=lambda b: (np.array([1.0, 2, 4]) * np.exp(b[0] * np.array([1.0, 2, 4])))[:, None],
        )
        result = fit(levenberg_marquardt, case, [-3.0])  # the first step overflows
    assert result.success, f"levenberg_marquardt on an exponential from -3: {result.message!r}"
    assert_close(result.x, [0.530], "levenberg_marquardt on an exponential from -3", "the best", atol=5e-3)


def test_levenberg_marquardt_takes_dependent_columns():
    t = np.array([0.3, 1.1, 2.0, 3.7])
    y = np.array([1.1, 3.0, 6.2, 10.8])
    case = SimpleNamespace(
        residuals=lambda b: b[0] * b[1] * t - y, slopes=lambda b: np.column_stack([b[1] * t, b[0] * t])
    )
    for method in (gauss_newton, levenberg_marquardt):
        result = fit(method, case, [1.0, 2.0])
        assert result.success, f"{method.__name__} with two parameters for one: {result.message!r}"
        call = f"the product of the parameters by {method.__name__}"
        assert_close(result.x[0] * result.x[1], t @ y / (t @ t), call, "the best slope", rtol=1e-6)
    zero = SimpleNamespace(residuals=lambda b: b[0] * t - y, slopes=lambda b: np.column_stack([t, 0 * t]))
    result = fit(levenberg_marquardt, zero, [1.0, 2.0])
    assert_close(result.x, [t @ y / (t @ t), 2.0], "levenberg_marquardt with a parameter of no effect", "left alone")


def test_levenberg_marquardt_says_why_it_stopped():
    line = SimpleNamespace(residuals=lambda x: J2 @ x + R4, slopes=lambda x: J2)
    result = fit(levenberg_marquardt, line, [5.0, -3.0], damping=1e-20, max_iter=1)
    assert (result.nit, result.success, result.message) == (1, True, CONVERGED), f"linear, max_iter=1: {result}"
    result = fit(levenberg_marquardt, CURVES["misra"], CURVES["misra"].starts[0], max_iter=3)
    assert (result.nit, result.success, result.message) == (3, False, OUT_OF_STEPS), f"max_iter=3: {result}"
    result = fit(levenberg_marquardt, exact_fit(), [2.0, 1.0, 0.8], tol=0.0)
    assert result.success and result.message == SHORT, f"without noise and with tol=0: {result.message!r}"
    assert_close(result.x, exact_fit().best, "levenberg_marquardt without noise", "the parameters", rtol=1e-9)
    result = fit(levenberg_marquardt, line, [0.5, -0.3], damping=1e8, step_tol=1e-6)
    assert (result.nit, result.message) == (1, SHORT), f"a short step that is taken: {result}"
    result = fit(levenberg_marquardt, powell(-0.3), [-0.7], step_tol=5.0)  # its ratio is 0.83
    assert (result.nit, result.message) == (1, SHORT), f"a short step that gains less than promised: {result}"
    wrong = SimpleNamespace(residuals=lambda x: J2 @ x + R4, slopes=lambda x: -J2)  # every step goes uphill
    result = fit(levenberg_marquardt, wrong, [5.0, -3.0])
    assert (result.success, result.message) == (False, STALLED), f"derivatives of the wrong sign: {result.message!r}"
    assert_close(result.x, [5.0, -3.0], "levenberg_marquardt that stalled: x", "the start")
    assert result.path is None, f"without record_path the path is {result.path}, None is expected"
    result = fit(
        levenberg_marquardt, SimpleNamespace(residuals=lambda x: x + np.nan, slopes=lambda x: np.eye(1)), [1.0]
    )
    assert (result.nit, result.message) == (0, DIVERGED), f"NaN at the start: {result}"


def test_levenberg_marquardt_keeps_float32_and_lets_the_users_errors_through():
    case = exact_fit()
    for method in (gauss_newton, levenberg_marquardt):
        result = fit(method, case, np.array([2.0, 1.0, 0.8], dtype=np.float32), tol=1e-3, step_tol=1e-4)
        kinds = {result.x.dtype, result.residuals.dtype, result.jacobian.dtype}
        assert kinds == {np.dtype(np.float32)}, f"{method.__name__} from float32 returned {kinds}"
        assert_close(result.x, case.best, f"{method.__name__} in float32", "the parameters", rtol=1e-3)

    def broken(x):
        raise KeyError("mine")

    for method in (gauss_newton, levenberg_marquardt):
        with pytest.raises(KeyError, match="mine"):
            method(lambda x: x, broken, [1.0])


# uncertainty


@pytest.mark.parametrize("name", list(CURVES))
def test_uncertainty_agrees_with_the_certified_deviations(name):
    curve = CURVES[name]
    known = uncertainty(curve.slopes(curve.certified), curve.residuals(curve.certified))
    call = f"uncertainty at the best fit of {name}"
    expected = curve.certified_deviations
    assert_close(known.standard_errors, expected, f"{call}: standard_errors", "NIST's, by (9)", rtol=1e-6)
    expected = curve.residual_deviation
    assert_close(known.residual_deviation, expected, f"{call}: residual_deviation", "NIST's, by (9)", rtol=1e-8)
    _, covariance = curve_fit(
        lambda x, *b: curve.model(np.array(b), x),
        curve.x,
        curve.y,
        curve.certified,
        jac=lambda x, *b: curve.jacobian(np.array(b), x),
    )
    # SciPy takes its Jacobian at its own last point, up to 1e-5 away.
    assert_close(known.covariance, covariance, f"{call}: covariance", "SciPy's curve_fit", rtol=1e-3)


def test_uncertainty_of_a_case_by_hand():
    before = J2.copy(), R4.copy()
    a, b, c = (J2[:, 0] @ J2[:, 0], J2[:, 0] @ J2[:, 1], J2[:, 1] @ J2[:, 1])
    variance = R4 @ R4 / 2
    expected = variance * np.array([[c, -b], [-b, a]]) / (a * c - b * b)
    known = uncertainty(J2, R4)
    call = f"uncertainty({J2.tolist()}, {R4})"
    assert_close(known.covariance, expected, f"{call}.covariance", "s^2 (J'J)^-1, (9)", rtol=1e-9)
    assert_close(known.standard_errors, np.diag(expected) ** 0.5, f"{call}.standard_errors", "roots of it", rtol=1e-9)
    assert_close(known.residual_deviation, variance**0.5, f"{call}.residual_deviation", "s of (9)", rtol=1e-9)
    assert_close(J2, before[0], "uncertainty changed the Jacobian, which now")
    low = uncertainty(J2.astype(np.float32), R4.astype(np.float32))
    kinds = {low.covariance.dtype, low.standard_errors.dtype}
    assert kinds == {np.dtype(np.float32)}, f"uncertainty in float32 returned {kinds}"


def test_uncertainty_does_not_depend_on_units():
    units = np.array([1e-20, 1e20])
    known, plain = uncertainty(J2 * units, R4), uncertainty(J2, R4)
    got = known.standard_errors * units
    assert_close(got, plain.standard_errors, "uncertainty in other units", "the same errors", rtol=1e-9)


def test_uncertainty_refuses_dependent_columns():
    units = np.array([1e-12, 1e12])
    for jacobian in (J2[:, [0, 0]] * units, np.column_stack([J2[:, 0], np.zeros(4)])):
        with pytest.raises(np.linalg.LinAlgError):
            uncertainty(jacobian, R4)


def test_uncertainty_draws_the_line_where_it_says():
    limit = 10 * 3 * 2.0**-52
    for share in (0.96, 1.04):
        jacobian = np.array([[1.0, 1.0], [0.0, share * limit], [0.0, 0.0]])  # R is its upper part
        if share > 1:
            errors = uncertainty(jacobian, np.array([0.0, 0.0, 1.0])).standard_errors
            assert_close(errors, [1 / (share * limit)] * 2, "uncertainty just beyond the limit", "(9)", rtol=1e-6)
        else:
            with pytest.raises(np.linalg.LinAlgError):
                uncertainty(jacobian, np.array([0.0, 0.0, 1.0]))


def test_uncertainty_keeps_digits_that_normal_equations_lose():
    small = 2.0**-27
    jacobian = np.array([[1.0, 1.0], [small, 0.0], [0.0, small]])
    known = uncertainty(jacobian, np.array([0.0, 0.6, 0.8]))
    expected = [2**-0.5 / small] * 2  # (J'J)^-1 has 1 / (2 small^2) on its diagonal, nearly
    assert_close(known.standard_errors, expected, "uncertainty with nearly dependent columns", "(9)", rtol=1e-5)


@pytest.mark.given
def test_uncertainty_needs_more_residuals_than_parameters():
    with pytest.raises(ValueError, match="residuals"):
        uncertainty(J2[:2], R4[:2])


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("start", {"start": [np.nan]}),
        ("tol", {"tol": -1.0}),
        ("max_iter", {"max_iter": 0}),
        ("step_tol", {"step_tol": -1.0}),
        ("residuals", {"residuals": lambda x: 1.0}),
    ],
)
def test_gauss_newton_and_the_other_refuse_what_they_cannot_use(name, arguments):
    functions = {"residuals": lambda x: x, "jacobian": lambda x: np.eye(1)}
    for method in (gauss_newton, levenberg_marquardt):
        with pytest.raises(ValueError, match=name):
            method(**functions | {"start": [1.0]} | arguments)
    with pytest.raises(ValueError, match="damping"):
        levenberg_marquardt(**functions, start=[1.0], damping=0.0)


def test_levenberg_marquardt_and_the_other_refuse_a_jacobian_of_the_wrong_shape():
    for method in (gauss_newton, levenberg_marquardt):
        with pytest.raises(ValueError, match="jacobian"):
            method(lambda x: np.ones(3), lambda x: np.ones((2, 3)), [1.0, 2.0])
