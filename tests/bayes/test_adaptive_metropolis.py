"""Shared tests of bayes/adaptive_metropolis: run on the reference, and on the learner's file.

What is random is checked over independent chains, by checks that a right solution fails with a probability of 1e-8 each or
less, whatever the order of its random numbers. The target is called in a known order, so that much of what the samplers do is
reconstructed exactly from what they asked it.
"""

import numpy as np
import pytest

from mlpath.bayes import _targets
from mlpath.bayes.adaptive_metropolis import (
    Moments,
    State,
    coerce_factor,
    delayed_step,
    log_second_acceptance,
    sample_adaptive,
    sample_robust,
    step_factor,
    update_moments,
    walk,
)
from mlpath.testing import assert_close, assert_frequency, assert_mean, assert_variance

N = 20_000


@pytest.fixture
def rng():
    return np.random.default_rng(20260112)


def transposed(matrices):
    return matrices.swapaxes(-1, -2)


def factors_for(n_chains, dim, seed=1):
    """Lower triangular factors with a positive diagonal, another one for each chain."""
    rng = np.random.default_rng(seed)
    diagonal = np.exp(rng.normal(0, 0.5, (n_chains, dim, 1))) * np.eye(dim)
    return np.tril(rng.normal(0, 0.7, (n_chains, dim, dim)), -1) + diagonal


def covariances_for(n_chains, dim, seed=2):
    root = np.random.default_rng(seed).normal(size=(n_chains, dim, dim + 2))
    return root @ transposed(root)


def flat(x):
    return np.zeros(len(x))


GAMMAS = _targets.gammas(np.array([2.0, 3.0]), np.array([1.0, 0.5]))
NORMAL = _targets.normal(np.array([40.0, -3.0, 0.5]), np.array([[4.0, 1.2, -0.3], [1.2, 1.0, 0.2], [-0.3, 0.2, 0.25]]))


def at(log_density_fn, position):
    """The state that chains would be in at `position`."""
    return State(position, log_density_fn(position))


class Recorder:
    """A log density that remembers where it was asked."""

    def __init__(self, log_density_fn):
        self.log_density_fn, self.asked = log_density_fn, []

    def __call__(self, x):
        self.asked.append(np.array(x))
        return self.log_density_fn(x)


# step_factor


def test_step_factor_of_two_covariances_by_hand():
    covariance = np.array([[[3.0, 0.0], [0.0, 8.0]], [[3.0, 4.0], [4.0, 15.0]]])
    scale = 2.38 / np.sqrt(2)
    expected = scale * np.array([[[2.0, 0.0], [0.0, 3.0]], [[2.0, 0.0], [2.0, np.sqrt(12)]]])
    call = f"step_factor({covariance.tolist()}, epsilon=1)"
    assert_close(step_factor(covariance, epsilon=1.0), expected, call, "equation (2)", atol=1e-12)


@pytest.mark.parametrize("dim", [1, 3, 7])
def test_step_factor_makes_steps_of_the_covariance_of_equation_2(dim):
    covariance, epsilon = covariances_for(4, dim), 0.3
    factor = step_factor(covariance, epsilon=epsilon)
    expected = 2.38**2 / dim * (covariance + epsilon * np.eye(dim))
    assert_close(
        factor @ transposed(factor),
        expected,
        f"F F^T of step_factor of 4 chains, dim {dim},",
        "equation (2)",
        rtol=1e-9,
    )
    assert not np.triu(factor, 1).any(), "step_factor returned a matrix that is not lower triangular"
    assert (np.diagonal(factor, axis1=1, axis2=2) > 0).all(), "step_factor returned a diagonal that is not positive"


def test_step_factor_keeps_a_past_in_a_plane_alive():
    flat_past = np.zeros((2, 3, 3))
    flat_past[1] = np.outer([1.0, -2.0, 0.5], [1.0, -2.0, 0.5])
    factor = step_factor(flat_past, epsilon=1e-6)
    assert_close(
        factor[0],
        2.38 / np.sqrt(3) * 1e-3 * np.eye(3),
        "step_factor(no covariance at all, epsilon=1e-6)",
        "equation (2)",
        atol=1e-15,
    )
    lengths = np.linalg.svd(factor[1], compute_uv=False)
    expected = 2.38 / np.sqrt(3) * np.array([np.sqrt(5.25 + 1e-6), 1e-3, 1e-3])
    assert_close(
        lengths, expected, "the axes of step_factor(a past in a line, epsilon=1e-6)", "equation (2)", rtol=1e-6
    )


def test_step_factor_leaves_its_covariance_alone():
    covariance = covariances_for(3, 4)
    step_factor(covariance, epsilon=0.5)
    assert np.array_equal(covariance, covariances_for(3, 4)), "step_factor changed its argument covariance"


@pytest.mark.given
@pytest.mark.parametrize("epsilon", [0.0, -1.0, np.nan, np.inf])
def test_step_factor_refuses_an_epsilon_that_is_not_positive(epsilon):
    with pytest.raises(ValueError, match="epsilon must"):
        step_factor(covariances_for(2, 3), epsilon=epsilon)


# update_moments


def grown(points):
    """The moments of points of shape (n_points, n_chains, dim), one after the other."""
    _, n_chains, dim = points.shape
    moments = Moments(1, points[0], np.zeros((n_chains, dim, dim)))
    for point in points[1:]:
        moments = update_moments(moments, point)
    return moments


def moments_of(points):
    """The same by NumPy, chain by chain."""
    covariance = np.stack([np.cov(points[:, c].T).reshape(2 * points.shape[2:]) for c in range(points.shape[1])])
    return Moments(len(points), points.mean(axis=0), covariance)


def test_update_moments_of_two_chains_by_hand():
    before = Moments(2, np.array([[1.0, 1.0], [0.0, 4.0]]), np.array([[[2.0, -2.0], [-2.0, 2.0]], [[0.5, 1], [1, 2]]]))
    after = update_moments(before, np.array([[4.0, 1.0], [0.0, 1.0]]))
    expected = np.array([[[4.0, -1.0], [-1.0, 1.0]], [[0.25, 0.5], [0.5, 4.0]]])
    call = "update_moments(2 points with means (1, 1) and (0, 4), next points (4, 1) and (0, 1))"
    assert after.count == 3, f"{call}.count is {after.count}, expected 3"
    assert_close(after.mean, np.array([[2.0, 1.0], [0.0, 3.0]]), f"{call}.mean", "equation (3)", atol=1e-12)
    assert_close(after.covariance, expected, f"{call}.covariance", "equation (4)", atol=1e-12)


@pytest.mark.parametrize(("n_points", "dim"), [(2, 3), (3, 1), (50, 4)])
def test_update_moments_finds_what_numpy_finds_from_all_points(n_points, dim, rng):
    points = rng.normal(5, 3, (n_points, 6, dim)) * np.exp(rng.normal(size=(6, dim)))
    found, expected = grown(points), moments_of(points)
    call = f"of update_moments, {n_points} points one by one"
    assert found.count == n_points, f"the count {call} is {found.count}"
    assert_close(found.mean, expected.mean, f"the mean {call},", "numpy.mean", rtol=1e-9, atol=1e-9)
    assert_close(found.covariance, expected.covariance, f"the covariance {call},", "numpy.cov", rtol=1e-9, atol=1e-8)


def test_update_moments_keeps_its_digits_far_from_the_origin(rng):
    points = rng.normal(size=(40, 3, 2)) + np.array([1e6, -3e6])
    found, expected = grown(points), moments_of(points)
    call = "the covariance of update_moments, 40 points near (1e6, -3e6)"
    # A number near 1e6 is rounded to 1e-10, which is all that the differences from the mean suffer from.
    assert_close(found.covariance, expected.covariance, call, "numpy.cov", rtol=1e-6, atol=1e-6)


def test_update_moments_counts_a_repeated_point_again():
    moments = Moments(1, np.array([[2.0, -1.0]]), np.zeros((1, 2, 2)))
    for point in ([2.0, -1.0], [2.0, -1.0], [6.0, 1.0]):
        moments = update_moments(moments, np.array([point]))
    assert_close(moments.mean, np.array([[3.0, -0.5]]), "the mean of three equal points and another", "equation (3)")
    expected = np.array([[[4.0, 2.0], [2.0, 1.0]]])
    assert_close(moments.covariance, expected, "the covariance of three equal points and another", "equation (4)")


def test_update_moments_leaves_its_arguments_alone(rng):
    points = rng.normal(size=(5, 3, 2))
    moments, point = moments_of(points), np.ones((3, 2))
    update_moments(moments, point)
    expected = moments_of(points)
    assert np.array_equal(moments.mean, expected.mean), "update_moments changed the mean that it was given"
    assert np.array_equal(moments.covariance, expected.covariance), "update_moments changed the covariance it was given"
    assert (point == 1).all(), "update_moments changed the points that it was given"


# walk


def test_walk_proposes_the_factor_times_its_noise_from_where_the_chains_are(rng):
    x, factor = rng.normal(0, 5, (30, 3)), factors_for(30, 3)
    walked = walk(flat, at(flat, x), factor=factor, rng=rng)
    expected = np.stack([x[i] + factor[i] @ walked.noise[i] for i in range(30)])
    assert_close(
        walked.proposed.position, expected, "walk(...).proposed.position", "equation (1)", rtol=1e-9, atol=1e-9
    )


def test_walk_draws_standard_normal_noise_for_each_chain_and_coordinate(rng):
    walked = walk(flat, at(flat, np.zeros((N, 2))), factor=np.tile(np.eye(2), (N, 1, 1)), rng=rng)
    call = f"the noise of walk, {N} chains"
    assert_mean(walked.noise, np.zeros(2), call, "z of (1)", sd=1)
    assert_variance(walked.noise, np.ones(2), call, "z of (1)")
    product = walked.noise[:, 0] * walked.noise[:, 1]
    assert_mean(product, 0, "the product of both coordinates of " + call, "z of (1): independent", sd=1)
    assert len(np.unique(walked.noise)) == 2 * N, "some numbers of walk's noise are equal: each chain needs its own"


def test_walk_says_what_is_proposed_and_with_which_log_probability_it_is_taken(rng):
    x = GAMMAS.exact(rng, 60)
    walked = walk(GAMMAS.log_density, at(GAMMAS.log_density, x), factor=2 * factors_for(60, 2), rng=rng)
    there = GAMMAS.log_density(walked.proposed.position)
    assert np.isneginf(there).any(), "no proposal of walk fell outside the support, with steps as long as it is wide"
    assert_close(walked.proposed.log_density, there, "walk(...).proposed.log_density", "the target", rtol=1e-9)
    expected = np.minimum(there - GAMMAS.log_density(x), 0)
    assert_close(walked.log_acceptance, expected, "walk(...).log_acceptance", "equation (1)", rtol=1e-9, atol=1e-12)


def test_walk_goes_to_what_it_accepts_and_stays_otherwise(rng):
    x = GAMMAS.exact(rng, 400)
    walked = walk(GAMMAS.log_density, at(GAMMAS.log_density, x), factor=factors_for(400, 2), rng=rng)
    accepted = walked.accepted
    assert 20 < accepted.sum() < 380, f"walk accepted {accepted.sum()} of 400 steps; some and not all should be"
    assert not (accepted & np.isneginf(walked.proposed.log_density)).any(), "walk accepted a point of zero density"
    expected = np.where(accepted[:, None], walked.proposed.position, x)
    assert_close(walked.state.position, expected, "walk(...).state.position", "its docstring")
    density = GAMMAS.log_density(expected)
    assert_close(walked.state.log_density, density, "walk(...).state.log_density", "the target there", rtol=1e-9)


def test_walk_takes_a_step_with_the_probability_of_equation_1(rng):
    def cliff(x):
        return np.where(x.any(axis=1), np.log(0.3), 0.0)

    walked = walk(cliff, at(cliff, np.zeros((N, 2))), factor=np.tile(np.eye(2), (N, 1, 1)), rng=rng)
    assert_frequency(walked.accepted.sum(), N, 0.3, "steps that walk took, to a density of 0.3 times", "equation (1)")


def test_walk_asks_for_the_density_once_and_hands_in_all_chains(rng):
    asked = Recorder(flat)
    walk(asked, State(np.ones((7, 2)), np.zeros(7)), factor=factors_for(7, 2), rng=rng)
    shapes = [x.shape for x in asked.asked]
    assert shapes == [(7, 2)], f"walk asked for log densities of shapes {shapes}, expected [(7, 2)]"


def test_walk_leaves_its_state_alone(rng):
    state = at(GAMMAS.log_density, np.ones((50, 2)))
    density = state.log_density.copy()
    walk(GAMMAS.log_density, state, factor=factors_for(50, 2), rng=rng)
    assert (state.position == 1).all(), "walk changed the positions of the state that it was given"
    assert np.array_equal(state.log_density, density), "walk changed the log densities of the state that it was given"


@pytest.mark.parametrize("wrong", [np.array([0.0, np.nan]), np.array([np.inf, 0.0]), np.zeros((2, 1)), np.zeros(3)])
def test_walk_refuses_what_is_no_log_density(wrong, rng):
    with pytest.raises(ValueError, match="log_density_fn must"):
        walk(lambda x: wrong, State(np.ones((2, 2)), np.zeros(2)), factor=factors_for(2, 2), rng=rng)


# sample_adaptive


START = np.array([[1.0, 0.0, 0.0], [0.3, 0.5, 0.0], [-0.2, 0.1, 0.8]])


def adaptive(target, start, n_draws, *, rng, factor=START, n_first=4, n_adapt=10**6, epsilon=1e-6):
    """sample_adaptive, and what it asked the target: positions of shape (calls, n_chains, dim)."""
    asked = Recorder(target)
    found = sample_adaptive(
        asked, start, n_draws, factor=factor, n_first=n_first, n_adapt=n_adapt, epsilon=epsilon, rng=rng
    )
    return found, asked.asked


def assert_asked(asked, start, n_draws, name):
    assert len(asked) == n_draws + 1, f"{name} asked for log densities {len(asked)} times in {n_draws} steps"
    assert np.array_equal(asked[0], start), f"{name} did not ask for the log density of its start first"


def assert_recorded(found, asked, start, target, name):
    """Each draw is the one before it or what was proposed, rates count the latter, and log densities fit."""
    before = np.concatenate([start[:, None], found.draws[:, :-1]], axis=1)
    proposed = np.stack(asked[1:], axis=1)
    went, stayed = (found.draws == proposed).all(axis=2), (found.draws == before).all(axis=2)
    odd = np.count_nonzero(~(went | stayed))
    assert odd == 0, f"{name}: {odd} of {went.size} draws are neither the draw before nor what was proposed"
    assert 0.1 < went.mean() < 0.95, f"{name} moved in {went.mean():.0%} of its steps"
    assert_close(
        found.acceptance_rate, went.mean(axis=1), f"{name}(...).acceptance_rate", "the share of draws that moved"
    )
    density = target(found.draws.reshape(-1, start.shape[1])).reshape(went.shape)
    assert_close(found.log_density, density, f"{name}(...).log_density", "the target at the draws", rtol=1e-9)


def test_sample_adaptive_records_every_step_and_repeats_where_it_stays(rng):
    start = NORMAL.exact(rng, 9)
    found, asked = adaptive(NORMAL.log_density, start, 25, rng=rng)
    assert_asked(asked, start, 25, "sample_adaptive")
    assert_recorded(found, asked, start, NORMAL.log_density, "sample_adaptive")


@pytest.mark.parametrize(("n_draws", "n_first", "n_adapt", "used"), [(25, 4, 17, 17), (9, 4, 30, 9), (4, 4, 4, 4)])
def test_sample_adaptive_learns_from_the_whole_past_of_each_chain(n_draws, n_first, n_adapt, used, rng):
    start = NORMAL.exact(rng, 9)
    found, _ = adaptive(NORMAL.log_density, start, n_draws, n_first=n_first, n_adapt=n_adapt, epsilon=0.01, rng=rng)
    past = np.concatenate([start[:, None], found.draws[:, :used]], axis=1)
    covariance = np.stack([np.cov(chain.T) for chain in past])
    expected = 2.38**2 / 3 * (covariance + 0.01 * np.eye(3))
    call = f"F F^T of sample_adaptive(n_draws={n_draws}, n_first={n_first}, n_adapt={n_adapt}).factor"
    assert_close(
        found.factor @ transposed(found.factor),
        expected,
        call,
        f"(2) with numpy.cov of the start and the first {used} draws",
        rtol=1e-7,
        atol=1e-9,
    )


@pytest.mark.parametrize(("n_draws", "n_first", "n_adapt"), [(12, 4, 0), (12, 6, 5), (5, 6, 12)])
def test_sample_adaptive_keeps_its_first_factor_where_it_does_not_adapt(n_draws, n_first, n_adapt, rng):
    start = NORMAL.exact(rng, 4)
    found, _ = adaptive(NORMAL.log_density, start, n_draws, n_first=n_first, n_adapt=n_adapt, rng=rng)
    call = f"sample_adaptive(n_draws={n_draws}, n_first={n_first}, n_adapt={n_adapt}).factor"
    assert_close(found.factor, np.tile(START, (4, 1, 1)), call, "the factor that it was given")


def test_sample_adaptive_makes_each_step_with_the_factor_of_its_past(rng):
    n_chains, n_draws, n_first, n_adapt, epsilon = 1500, 14, 4, 9, 0.01
    start = NORMAL.exact(rng, n_chains)
    found, asked = adaptive(
        NORMAL.log_density, start, n_draws, n_first=n_first, n_adapt=n_adapt, epsilon=epsilon, rng=rng
    )
    past = np.concatenate([start[:, None], found.draws], axis=1)
    for t in (1, n_first, n_first + 1, n_first + 2, n_adapt, n_adapt + 1, n_draws):
        factor = np.tile(START, (n_chains, 1, 1))
        if t > n_first:
            known = past[:, : min(t - 1, n_adapt) + 1]
            off = known - known.mean(axis=1, keepdims=True)
            covariance = transposed(off) @ off / (known.shape[1] - 1)
            factor = np.linalg.cholesky(2.38**2 / 3 * (covariance + epsilon * np.eye(3)))
        z = np.linalg.solve(factor, (asked[t] - past[:, t - 1])[:, :, None])[:, :, 0]
        call = f"F^-1 (y - x) in step {t} of sample_adaptive(n_first=4, n_adapt=9)"
        because = "z of (1), with F by (2) of the past" if t > n_first else "z of (1), with the factor it was given"
        assert_variance(z, np.ones(3), call, because, error=1e-9)
        products = z * z[:, [1, 2, 0]]
        assert_mean(products, np.zeros(3), f"products of coordinates of {call}", because, sd=1, error=1e-9)


def test_sample_adaptive_leaves_its_target_invariant_once_frozen(rng):
    target, n_chains = _targets.banana(), 2000
    found, _ = adaptive(
        target.log_density,
        target.exact(rng, n_chains),
        25,
        factor=np.array([[2.0, 0.0], [-0.5, 1.5]]),
        n_adapt=0,
        rng=rng,
    )
    x = found.draws
    functions = {"x_1": (x[..., 0], 0.0), "x_1^2": (x[..., 0] ** 2, 4.0), "x_2": (x[..., 1], 0.0)}
    functions["x_1^2 x_2"] = (x[..., 0] ** 2 * x[..., 1] / 10, 1.6)
    for name, (values, expected) in functions.items():
        because = "exact moments: the chains start with exact draws"
        assert_mean(values.mean(axis=1), expected, f"{name} of frozen sample_adaptive", because, error=1e-9)


def test_sample_adaptive_finds_shape_and_moments_of_a_long_thin_target(rng):
    target = _targets.normal(np.array([3.0, -20.0]), np.array([[1.0, 9.5], [9.5, 100.0]]))
    found, _ = adaptive(target.log_density, target.exact(rng, 200), 400, factor=np.eye(2), n_first=20, rng=rng)
    shape = (found.factor @ transposed(found.factor)).mean(axis=0) / (2.38**2 / 2)
    assert np.allclose(shape, target.covariance, rtol=0.2), (
        f"after 400 steps sample_adaptive takes the covariance to be {shape.round(2).tolist()}"
        " on average over 200 chains; it is [[1, 9.5], [9.5, 100]]"
    )
    late = found.draws[:, 200:]
    because = "the target, in the long run"
    assert_mean(late.mean(axis=1), target.mean, "the later draws of sample_adaptive", because)
    squares = ((late - target.mean) ** 2).mean(axis=1)
    assert_mean(squares, np.diag(target.covariance), "squares of the later draws of sample_adaptive", because)


def test_sample_adaptive_starts_from_anywhere_and_leaves_its_arguments_alone(rng):
    start, factor = np.ones((3, 2), dtype=int), np.array([[1, 0], [1, 2]])
    found, _ = adaptive(GAMMAS.log_density, start, 8, factor=factor, rng=rng)
    assert (start == 1).all(), "sample_adaptive changed the array `position` that it was given"
    assert factor.tolist() == [[1, 0], [1, 2]], "sample_adaptive changed the array `factor` that it was given"
    moved = found.draws % 1
    assert moved.any(), "sample_adaptive moved by whole numbers only, when it was given a start of whole numbers"


def test_sample_adaptive_takes_all_its_randomness_from_its_generator():
    def run(seed):
        return adaptive(NORMAL.log_density, np.tile(NORMAL.mean, (4, 1)), 20, rng=np.random.default_rng(seed))[0].draws

    assert_close(
        run(1), run(1), "sample_adaptive with the same seed for the second time", "the draws of the first time"
    )
    assert (run(1) != run(2)).any(), "sample_adaptive returned the same draws for two different seeds"


BAD = [
    ({"start": np.array([[1.0, 1.0], [-1.0, 1.0]])}, "position"),
    ({"start": np.array([[1.0, np.nan]])}, "position"),
    ({"start": np.ones(2)}, "position"),
    ({"start": np.ones((0, 2))}, "position"),
    ({"n_draws": 0}, "n_draws"),
    ({"n_adapt": -1}, "n_adapt"),
    ({"factor": np.eye(3)}, "factor"),
    ({"factor": np.array([[1.0, 0.5], [0.0, 1.0]])}, "factor"),
    ({"factor": np.array([[1.0, 0.0], [0.5, 0.0]])}, "factor"),
    ({"factor": np.array([[1.0, 0.0], [np.inf, 1.0]])}, "factor"),
    ({"target": lambda x: x}, "log_density_fn"),
]


@pytest.mark.given
@pytest.mark.parametrize(("change", "name"), [*BAD, ({"n_first": 0}, "n_first")])
def test_sample_adaptive_refuses_what_it_cannot_start_with(change, name, rng):
    arguments = {"target": GAMMAS.log_density, "start": np.ones((2, 2)), "n_draws": 5, "factor": np.eye(2)} | change
    with pytest.raises(ValueError, match=f"{name} must"):
        adaptive(**arguments, rng=rng)


# coerce_factor


def test_coerce_factor_of_two_chains_by_hand():
    factor = np.array([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 3.0]]])
    noise, acceptance = np.array([[0.0, -5.0], [2.0, 0.0]]), np.array([0.0, 1.0])
    # n = 4 and decay = 1 make eta = 1/2. The first chain shrinks along the second axis, the second grows along the first.
    expected = np.array([[[2.0, 0.0], [0.0, np.sqrt(1 - 0.36 / 2)]], [[np.sqrt(1.32), 0.0], [np.sqrt(1.32), 3.0]]])
    found = coerce_factor(factor, noise, acceptance, 4, target_rate=0.36, decay=1.0)
    call = "coerce_factor([[2, 0], [0, 1]] and [[1, 0], [1, 3]], z = (0, -5) and (2, 0), alpha = 0 and 1, n=4, decay=1)"
    assert_close(found, expected, call, "equations (5) and (6)", atol=1e-12)


def squares_by_equation_5(factor, noise, acceptance, n, target_rate, decay):
    """S_n S_n^T, from what it adds to S_{n-1} S_{n-1}^T in the direction of the step S z."""
    step = np.einsum("nij,nj->ni", factor, noise)
    eta = min(1.0, noise.shape[1] / n**decay)
    size = eta * (acceptance - target_rate) / (noise**2).sum(axis=1)
    return factor @ transposed(factor) + np.einsum("n,ni,nj->nij", size, step, step)


@pytest.mark.parametrize("dim", [1, 2, 6])
@pytest.mark.parametrize(("n", "decay"), [(1, 0.7), (2, 0.9), (60, 0.7), (5000, 0.51)])
def test_coerce_factor_solves_equation_5(dim, n, decay, rng):
    factor, noise, acceptance = factors_for(25, dim), 3 * rng.normal(size=(25, dim)), rng.random(25)
    acceptance[:2] = 0, 1
    found = coerce_factor(factor, noise, acceptance, n, target_rate=0.3, decay=decay)
    expected = squares_by_equation_5(factor, noise, acceptance, n, 0.3, decay)
    call = f"S_n S_n^T of coerce_factor(25 chains, dim {dim}, n={n}, decay={decay})"
    assert_close(found @ transposed(found), expected, call, "equation (5)", rtol=1e-9, atol=1e-9)
    assert not np.triu(found, 1).any(), "coerce_factor returned a matrix that is not lower triangular"
    assert (np.diagonal(found, axis1=1, axis2=2) > 0).all(), "coerce_factor returned a diagonal that is not positive"


def test_coerce_factor_does_nothing_where_the_rate_is_right():
    factor, noise = factors_for(3, 4), np.random.default_rng(3).normal(size=(3, 4))
    found = coerce_factor(factor, noise, np.full(3, 0.4), 1, target_rate=0.4, decay=0.6)
    assert_close(found, factor, "coerce_factor(alpha = target_rate)", "equation (5): unchanged", rtol=1e-12)


@pytest.mark.parametrize("size", [1e-150, 1.0, 1e150])
def test_coerce_factor_sees_only_the_direction_of_the_noise(size):
    factor, noise = factors_for(3, 4), np.random.default_rng(3).normal(size=(3, 4))
    acceptance = np.array([0.0, 0.5, 1.0])
    found = coerce_factor(factor, size * noise, acceptance, 5, target_rate=0.2, decay=0.8)
    expected = coerce_factor(
        factor, noise * np.array([[2.0], [-1.0], [0.1]]), acceptance, 5, target_rate=0.2, decay=0.8
    )
    assert_close(found, expected, f"coerce_factor of noise times {size:g}", "equation (5): the same", rtol=1e-9)


def test_coerce_factor_leaves_its_arguments_alone():
    factor, noise, acceptance = factors_for(3, 4), np.ones((3, 4)), np.array([0.0, 0.5, 1.0])
    coerce_factor(factor, noise, acceptance, 5, target_rate=0.2, decay=0.8)
    assert np.array_equal(factor, factors_for(3, 4)), "coerce_factor changed its argument factor"
    assert (noise == 1).all(), "coerce_factor changed its argument noise"
    assert acceptance.tolist() == [0.0, 0.5, 1.0], "coerce_factor changed its argument acceptance"


@pytest.mark.given
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"n": 0}, "n"),
        ({"target_rate": 0.0}, "target_rate"),
        ({"target_rate": 1.0}, "target_rate"),
        ({"target_rate": np.nan}, "target_rate"),
        ({"decay": 0.5}, "decay"),
        ({"decay": 1.1}, "decay"),
        ({"decay": np.nan}, "decay"),
    ],
)
def test_coerce_factor_refuses_rates_out_of_range(change, name):
    arguments = {"n": 3, "target_rate": 0.3, "decay": 0.7} | change
    with pytest.raises(ValueError, match=f"^{name} must"):
        coerce_factor(factors_for(2, 3), np.ones((2, 3)), np.ones(2), **arguments)


# sample_robust


def robust(target, start, n_draws, *, rng, factor=START, n_adapt=10**6, target_rate=0.234, decay=2 / 3):
    """sample_robust, and what it asked the target."""
    asked = Recorder(target)
    found = sample_robust(
        asked, start, n_draws, factor=factor, n_adapt=n_adapt, target_rate=target_rate, decay=decay, rng=rng
    )
    return found, asked.asked


def test_sample_robust_records_every_step_and_repeats_where_it_stays(rng):
    start = NORMAL.exact(rng, 9)
    found, asked = robust(NORMAL.log_density, start, 25, rng=rng)
    assert_asked(asked, start, 25, "sample_robust")
    assert_recorded(found, asked, start, NORMAL.log_density, "sample_robust")


CASES = {
    "normal": (NORMAL, START, 12, 8),
    "normal, to the end": (NORMAL, START, 6, 6),
    "normal, one step": (NORMAL, START, 1, 1),
    "positive numbers": (GAMMAS, np.array([[1.5, 0.0], [1.0, 2.0]]), 10, 9),
}


@pytest.mark.parametrize("name", CASES)
def test_sample_robust_adapts_by_equation_5_after_each_step(name, rng):
    target, first, n_draws, n_adapt = CASES[name]
    start = target.exact(rng, 12)
    found, asked = robust(
        target.log_density, start, n_draws, factor=first, n_adapt=n_adapt, target_rate=0.3, decay=0.8, rng=rng
    )
    factor, here = np.tile(first, (12, 1, 1)), start
    for t in range(1, n_adapt + 1):
        noise = np.linalg.solve(factor, (asked[t] - here)[:, :, None])[:, :, 0]
        acceptance = np.exp(np.minimum(target.log_density(asked[t]) - target.log_density(here), 0))
        factor = np.linalg.cholesky(squares_by_equation_5(factor, noise, acceptance, t, 0.3, 0.8))
        here = found.draws[:, t - 1]
    call = f"sample_robust(n_draws={n_draws}, n_adapt={n_adapt}, target_rate=0.3, decay=0.8).factor, {name}"
    because = "(5), with z and alpha of the proposals that the target was asked for"
    assert_close(found.factor, factor, call, because, rtol=1e-7, atol=1e-9)


def test_sample_robust_makes_each_step_with_the_factor_after_the_last(rng):
    n_chains, n_adapt = 600, 6
    start = NORMAL.exact(rng, n_chains)
    found, asked = robust(NORMAL.log_density, start, 9, n_adapt=n_adapt, rng=rng)
    factor, here = np.tile(START, (n_chains, 1, 1)), start
    for t in range(1, 10):
        noise = np.linalg.solve(factor, (asked[t] - here)[:, :, None])[:, :, 0]
        if t in (1, 2, 7, 9):
            call = f"S^-1 (y - x) in step {t} of sample_robust(n_adapt=6)"
            assert_variance(noise, np.ones(3), call, "z of (1), with S by (5)", error=1e-9)
        if t <= n_adapt:
            acceptance = np.exp(np.minimum(NORMAL.log_density(asked[t]) - NORMAL.log_density(here), 0))
            factor = np.linalg.cholesky(squares_by_equation_5(factor, noise, acceptance, t, 0.234, 2 / 3))
        here = found.draws[:, t - 1]


@pytest.mark.parametrize(("first", "target_rate"), [(0.3, 0.234), (10.0, 0.4)])
def test_sample_robust_reaches_the_rate_that_is_asked_for(first, target_rate, rng):
    target = _targets.correlated(2, 0.5)
    start, first_factor = target.exact(rng, 150), first * np.eye(2)
    found, _ = robust(target.log_density, start, 250, factor=first_factor, target_rate=target_rate, decay=0.51, rng=rng)
    rate = (np.diff(found.draws[:, 150:], axis=1) != 0).any(axis=2).mean()
    # Off by 0.035 at most in 24 runs, with a standard deviation of 0.004.
    assert abs(rate - target_rate) < 0.08, (
        f"sample_robust(factor={first:g} I, target_rate={target_rate:g}) took {rate:.3f} of its steps 150 to 250"
    )


def test_sample_robust_finds_the_shape_of_a_target_without_a_covariance(rng):
    cauchy = _targets.student_t(2, 1.0)

    def stretched(x):
        return cauchy.log_density(x / np.array([1.0, 5.0]))

    start = cauchy.exact(rng, 60) * [1.0, 5.0]
    found, _ = robust(stretched, start, 300, factor=np.eye(2), decay=0.51, rng=rng)
    ratio = np.median(found.factor[:, 1, 1] / found.factor[:, 0, 0])
    # From 3.4 to 3.8 in 12 runs: it is still on its way.
    assert 2 < ratio < 8, f"sample_robust takes the second axis to be {ratio:.3g} times as long as the first; it is 5"


def test_sample_robust_leaves_its_target_invariant_without_adaptation(rng):
    start = GAMMAS.exact(rng, 3000)
    first = np.array([[1.5, 0.0], [-1.0, 4.0]])
    found, _ = robust(GAMMAS.log_density, start, 20, factor=first, n_adapt=0, rng=rng)
    assert_close(found.factor, np.tile(first, (3000, 1, 1)), "sample_robust(n_adapt=0).factor", "the one it was given")
    because = "exact moments: the chains start with exact draws"
    assert_mean(found.draws.mean(axis=1), GAMMAS.mean, "the draws of sample_robust(n_adapt=0)", because, error=1e-9)


def test_sample_robust_leaves_its_arguments_alone_and_takes_whole_numbers(rng):
    start, factor = np.ones((3, 2), dtype=int), np.array([[1, 0], [1, 2]])
    found, _ = robust(GAMMAS.log_density, start, 8, factor=factor, rng=rng)
    assert (start == 1).all(), "sample_robust changed the array `position` that it was given"
    assert factor.tolist() == [[1, 0], [1, 2]], "sample_robust changed the array `factor` that it was given"
    assert (found.draws % 1).any(), "sample_robust moved by whole numbers only, given a start of whole numbers"


def test_sample_robust_takes_all_its_randomness_from_its_generator():
    def run(seed):
        return robust(NORMAL.log_density, np.tile(NORMAL.mean, (4, 1)), 20, rng=np.random.default_rng(seed))[0].draws

    assert_close(run(1), run(1), "sample_robust with the same seed for the second time", "the draws of the first time")
    assert (run(1) != run(2)).any(), "sample_robust returned the same draws for two different seeds"


@pytest.mark.given
@pytest.mark.parametrize(("change", "name"), BAD)
def test_sample_robust_refuses_what_it_cannot_start_with(change, name, rng):
    arguments = {"target": GAMMAS.log_density, "start": np.ones((2, 2)), "n_draws": 5, "factor": np.eye(2)} | change
    with pytest.raises(ValueError, match=f"{name} must"):
        robust(**arguments, rng=rng)


# log_second_acceptance


def test_log_second_acceptance_by_hand():
    pi_x, pi_1, pi_2 = np.array([0.5, 0.5, 0.2]), np.array([0.1, 0.1, 0.05]), np.array([0.4, 0.4, 0.8])
    q = np.array([1.0, 1.5, 0.5])
    # For the first: (0.4 - 0.1) / (0.5 - 0.1), as pi (1 - alpha) is pi less the smaller density.
    expected = np.array([0.75, 1.0, 1.0])
    found = np.exp(log_second_acceptance(np.log(pi_x), np.log(pi_1), np.log(pi_2), np.log(q)))
    call = f"exp of log_second_acceptance(log of {pi_x.tolist()}, {pi_1.tolist()}, {pi_2.tolist()} and {q.tolist()})"
    assert_close(found, expected, call, "equation (9)", rtol=1e-9)


@pytest.mark.parametrize("zeros", [False, True])
def test_log_second_acceptance_balances_the_traffic_by_way_of_each_first_proposal(zeros, rng):
    n = 12
    q, h = rng.random((n, n)) + 0.05, rng.random((n, n, n))  # h[y1, x, y2]
    q, h = (q + q.T) / (2 * n), (h + transposed(h)) / n
    log_density = -rng.exponential(2, n)
    if zeros:
        log_density[[3, 8]] = -np.inf
    x, first, second = (i.ravel() for i in np.indices((n, n, n)))
    inside = np.isfinite(log_density[x])
    x, first, second = x[inside], first[inside], second[inside]
    alpha = np.exp(np.minimum(log_density[first] - log_density[x], 0))
    correction = np.log(q[second, first] / q[x, first])
    log_alpha = log_second_acceptance(log_density[x], log_density[first], log_density[second], correction)
    assert (log_alpha <= 0).all(), f"log_second_acceptance returned {log_alpha.max():.3g}, a probability above 1"
    traffic = np.zeros((n, n, n))
    traffic[first, x, second] = np.exp(log_density[x] + log_alpha) * q[x, first] * (1 - alpha) * h[first, x, second]
    assert np.count_nonzero(traffic) > 200, "log_second_acceptance lets hardly any second proposal through"
    call = "the traffic pi(x) q(y1 | x) (1 - alpha(x, y1)) h(y2 | x, y1) alpha_2 for all x, y1, y2"
    assert_close(traffic, transposed(traffic), call, "the way back, by (8) and (9)", rtol=1e-9, atol=1e-15)
    larger = np.maximum(traffic, transposed(traffic))
    least = q[x, first] * np.exp(log_density[x]) * (1 - alpha) * h[first, x, second]
    back = np.zeros_like(traffic)
    back[first, x, second] = least
    assert_close(larger, np.minimum(back, transposed(back)), call, "the smaller of both T", rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("size", [1e3, 1e5, 1e200])
def test_log_second_acceptance_survives_log_densities_that_are_large(size):
    x, first, second = (
        np.array([size, -size, -size]),
        np.array([-size, -3 * size, -2 * size]),
        np.array([0.0, 0, -size]),
    )
    correction = np.array([0.0, 1.0, -2.0])
    found = log_second_acceptance(x, first, second, correction)
    call = f"log_second_acceptance at log densities of {size:g}"
    assert_close(found, np.array([-size, 0.0, -2.0]), call, "equation (9)")


@pytest.mark.parametrize(
    ("x", "first", "second", "expected"),
    [
        (-1.0, -np.inf, -3.0, -1.5),
        (-1.0, -3.0, -np.inf, -np.inf),
        (-1.0, -np.inf, -np.inf, -np.inf),
        (-1.0, -3.0, -3.0, -np.inf),
        (-1.0, -3.0, -4.0, -np.inf),
        (-1.0, 0.0, 2.0, 0.0),
        (-1.0, -1.0, 2.0, 0.0),
        (-1.0, 0.0, -2.0, -np.inf),
        (-1.0, 0.0, 0.0, -np.inf),
    ],
)
def test_log_second_acceptance_knows_what_is_impossible_and_what_is_sure(x, first, second, expected):
    found = log_second_acceptance(np.array([x]), np.array([first]), np.array([second]), np.array([0.5]))
    call = f"log_second_acceptance({x}, {first}, {second}, 0.5)"
    assert_close(found, np.array([expected]), call, "its docstring")


def test_log_second_acceptance_is_exact_where_the_first_is_almost_sure():
    x, first = np.array([0.0, 0.0, 1e-20]), np.array([-1e-20, -3e-20, 0.0])
    second = np.array([2e-20, -1e-20, 0.5e-20])
    # 1 - alpha is the difference of log densities here, so the ratios are 3/1, 2/3 and 1/2.
    found = log_second_acceptance(x, first, second, np.zeros(3))
    assert_close(
        found, np.log([1.0, 2 / 3, 0.5]), "log_second_acceptance, densities equal to 20 digits", "(9)", rtol=1e-6
    )


def test_log_second_acceptance_leaves_its_arguments_alone():
    arguments = [np.array([0.0, -1.0]), np.array([-2.0, -3.0]), np.array([-1.0, -np.inf]), np.array([0.5, -0.5])]
    before = [a.copy() for a in arguments]
    log_second_acceptance(*arguments)
    assert all(np.array_equal(a, b) for a, b in zip(arguments, before, strict=True)), (
        "log_second_acceptance changed its arguments"
    )


# delayed_step


def test_delayed_step_says_by_which_attempt_each_chain_moved(rng):
    x, asked = GAMMAS.exact(rng, 2000), Recorder(GAMMAS.log_density)
    state, attempt = delayed_step(
        asked, at(GAMMAS.log_density, x), factor=3 * factors_for(2000, 2), shrink=0.4, rng=rng
    )
    assert len(asked.asked) == 2, f"delayed_step asked for log densities {len(asked.asked)} times, expected 2"
    first = asked.asked[0]
    assert first.shape == x.shape, f"delayed_step asked first for densities of shape {first.shape}, expected {x.shape}"
    counts = [np.count_nonzero(attempt == i) for i in range(3)]
    assert sum(counts) == 2000, f"delayed_step returned attempts {np.unique(attempt).tolist()}; they are 0, 1 or 2"
    assert min(counts) > 100, f"delayed_step: {counts[0]} of 2000 chains stayed, {counts[1]} and {counts[2]} moved"
    stayed, firsts, seconds = (attempt == i for i in range(3))
    assert_close(state.position[stayed], x[stayed], "delayed_step(...)[0].position where attempt is 0", "where it was")
    call = "delayed_step(...)[0].position where attempt is 1"
    assert_close(state.position[firsts], first[firsts], call, "the first proposals")
    known = set(map(tuple, asked.asked[1]))
    odd = sum(tuple(row) not in known for row in state.position[seconds])
    assert odd == 0, f"delayed_step: {odd} chains moved by the second attempt to where it was not proposed"
    density = GAMMAS.log_density(state.position)
    assert_close(state.log_density, density, "delayed_step(...)[0].log_density", "the target there", rtol=1e-9)


def test_delayed_step_keeps_what_the_first_attempt_gives(rng):
    state, attempt = delayed_step(flat, at(flat, np.zeros((50, 2))), factor=factors_for(50, 2), shrink=0.5, rng=rng)
    assert (attempt == 1).all(), f"on a flat target all first proposals are accepted, got attempts {np.unique(attempt)}"
    assert state.position.all(axis=1).all(), "delayed_step left chains where they were, on a flat target"


def test_delayed_step_proposes_twice_from_where_the_chain_is_the_second_time_shorter(rng):
    def spike(x):
        return np.where(x[:, 0] == 5.0, -2.0, -np.inf)

    n, shrink = N // 2, 0.25
    asked, factor = Recorder(spike), np.array([[2.0, 0.0], [3.0, 0.5]])
    start = np.tile([5.0, -7.0], (n, 1))
    state, attempt = delayed_step(asked, at(spike, start), factor=np.tile(factor, (n, 1, 1)), shrink=shrink, rng=rng)
    assert not attempt.any(), "delayed_step accepted a point of zero density"
    assert_close(state.position, start, "delayed_step(...)[0].position, all proposals without density", "the old one")
    first, second = (np.linalg.solve(factor, (y - start).T).T for y in asked.asked)
    for z, rho, name in ((first, 1.0, "F^-1 (y_1 - x)"), (second, shrink, "F^-1 (y_2 - x)")):
        call = f"{name} of delayed_step(shrink=0.25)"
        assert_variance(z, np.full(2, rho**2), call, "equation (10)")
        assert_mean(z / rho, np.zeros(2), call, "equation (10)", sd=1)
    call = "F^-1 (y_1 - x) times F^-1 (y_2 - x) / shrink of delayed_step"
    assert_mean(first * second / shrink, np.zeros(2), call, "(10): independent", sd=1)


def chances(log_density, x, factor, shrink):
    """The probabilities to move by the first attempt, down by the second and up by the second, by quadrature."""
    z = np.linspace(-7, 7, 700)  # none of them 0, where up and down part
    weight = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    here, first, second = (
        np.exp(log_density(y[:, None])) for y in (np.array([x]), x + factor * z, x + shrink * factor * z)
    )
    ratio = np.exp((z[:, None] ** 2 - (z[:, None] - shrink * z) ** 2) / 2)
    there, back = np.maximum(here - first, 0)[:, None], np.maximum(second - first[:, None], 0)  # pi (1 - alpha)
    moved = weight @ np.minimum(there, back * ratio) * weight / here
    return weight @ np.minimum(first / here, 1), moved[z < 0].sum(), moved[z > 0].sum()


@pytest.mark.parametrize(("x", "factor", "shrink"), [(0.5, 2.0, 0.5), (4.0, 1.0, 2.0)])
def test_delayed_step_moves_with_the_probabilities_of_equations_1_and_9(x, factor, shrink, rng):
    target = _targets.gammas(np.array([3.0]), np.array([2.0])).log_density
    n, (first, down, up) = 3 * N, chances(target, x, factor, shrink)
    start = at(target, np.full((n, 1), x))
    state, attempt = delayed_step(target, start, factor=np.full((n, 1, 1), factor), shrink=shrink, rng=rng)
    call = f"of delayed_step(x={x}, F={factor}, shrink={shrink}) for a gamma density"
    assert_frequency((attempt == 1).sum(), n, first, "first attempts " + call, "(1), by quadrature")
    upwards = state.position[attempt == 2, 0] > x
    assert_frequency((~upwards).sum(), n, down, "second attempts downwards " + call, "(9), by quadrature")
    assert_frequency(upwards.sum(), n, up, "second attempts upwards " + call, "(9), by quadrature")


@pytest.mark.parametrize("shrink", [0.3, 1.0, 2.0])
def test_delayed_step_leaves_its_target_invariant(shrink, rng):
    n = 4000
    state, factor = at(GAMMAS.log_density, GAMMAS.exact(rng, n)), np.tile([[2.5, 0.0], [-1.5, 5.0]], (n, 1, 1))
    total, logs, seconds = np.zeros((n, 2)), np.zeros((n, 2)), 0
    for _ in range(12):
        state, attempt = delayed_step(GAMMAS.log_density, state, factor=factor, shrink=shrink, rng=rng)
        total, logs, seconds = total + state.position, logs + np.log(state.position), seconds + (attempt == 2).mean()
    assert seconds > 0.5, f"only {seconds / 12:.1%} of the chains moved by the second attempt"
    because = "exact moments: the chains start with exact draws"
    call = f"after delayed_step(shrink={shrink:g}), 12 times"
    assert_mean(total / 12, GAMMAS.mean, f"x {call},", because, error=1e-9)
    # The expectation of log x is digamma(shape) - log(rate).
    expected = np.array([1 - np.euler_gamma, 1.5 - np.euler_gamma + np.log(2)])
    assert_mean(logs / 12, expected, f"log x {call},", because, error=1e-9)


def test_delayed_step_is_in_detailed_balance(rng):
    x = GAMMAS.exact(rng, N)
    state, _ = delayed_step(
        GAMMAS.log_density,
        at(GAMMAS.log_density, x),
        factor=np.tile([[4.0, 0.0], [3.0, 8.0]], (N, 1, 1)),
        shrink=0.4,
        rng=rng,
    )
    for border in (1.0, 2.0, 3.0):
        there = np.count_nonzero((x[:, 0] < border) & (state.position[:, 0] >= border))
        back = np.count_nonzero((x[:, 0] >= border) & (state.position[:, 0] < border))
        assert there + back, f"delayed_step moved none of {N} chains across {border}"
        call = f"chains that delayed_step moved upwards, of those that it moved across {border}"
        assert_frequency(there, there + back, 0.5, call, "detailed balance: as many as downwards")


def test_delayed_step_leaves_its_state_alone(rng):
    state = at(GAMMAS.log_density, np.ones((50, 2)))
    density = state.log_density.copy()
    delayed_step(GAMMAS.log_density, state, factor=factors_for(50, 2), shrink=0.5, rng=rng)
    assert (state.position == 1).all(), "delayed_step changed the positions of the state that it was given"
    assert np.array_equal(state.log_density, density), "delayed_step changed the log densities that it was given"


def test_delayed_step_refuses_a_second_density_that_is_none(rng):
    calls = []

    def fails(x):
        calls.append(len(x))
        return np.full(len(x), -np.inf if len(calls) == 1 else np.nan)

    with pytest.raises(ValueError, match="log_density_fn must"):
        delayed_step(fails, State(np.ones((3, 2)), np.zeros(3)), factor=factors_for(3, 2), shrink=0.5, rng=rng)


@pytest.mark.given
@pytest.mark.parametrize("shrink", [0.0, -1.0, np.nan, np.inf])
def test_delayed_step_refuses_a_shrink_that_is_not_positive(shrink, rng):
    with pytest.raises(ValueError, match="shrink must"):
        delayed_step(flat, at(flat, np.ones((2, 2))), factor=factors_for(2, 2), shrink=shrink, rng=rng)
