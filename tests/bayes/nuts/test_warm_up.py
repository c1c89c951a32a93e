"""Shared tests of bayes/nuts/warm_up: run on the reference, and on the learner's file.

What a warm-up has learned follows from its own record: the step size of each transition from the acceptance of those before, the mass from the draws of
the last window. Chance enters through checks with a stated error, and through sums over long chains, with bounds several times as wide as
what many seeds showed.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from mlpath.bayes import _targets as targets
from mlpath.bayes.hamiltonian_monte_carlo import adapt_step_size, begin_averaging
from mlpath.bayes.nuts.trajectory import System, place, step
from mlpath.bayes.nuts.warm_up import (
    Adaptation,
    Moments,
    adapt,
    begin_moments,
    draw,
    estimate,
    first_size,
    observe,
    record,
    resized,
    sample,
    warm_up,
    windows,
)
from mlpath.testing import assert_close, assert_mean

NORMAL = targets.normal(np.array([1.0, -2.0, 0.0]), np.array([[1.0, 0.5, 0.1], [0.5, 2.0, -0.3], [0.1, -0.3, 0.4]]))


@pytest.fixture
def rng():
    return np.random.default_rng(20250117)


def counting(target):
    """The two functions of a target, and the list of the positions at which its gradient is computed."""
    seen = []

    def gradient(x):
        seen.extend(x.copy())
        return target.gradient(x)

    return target.log_density, gradient, seen


def slope(steepness):
    """A log density that is linear in the first coordinate, and so steep that momentum is negligible.

    Steps keep its energy exactly. With a tree of one step, each transition goes up by half of the steepness times the squared step size, whether
    forward or back in time.
    """
    direction = np.array([steepness, 0.0])
    return (lambda x: x @ direction), (lambda x: np.tile(direction, (len(x), 1)))


def moments_of(draws, *, dense):
    n, mean = len(draws), draws.mean(axis=0)
    scatter = (draws - mean).T @ (draws - mean)
    return Moments(n, mean, scatter if dense else np.diag(scatter).copy())


def mass_of(draws, *, dense):
    """Equation (3), by NumPy."""
    n = len(draws)
    found = n / (n + 5) * np.cov(draws.T) + 5 / (n + 5) * 1e-3 * np.eye(draws.shape[1])
    return found if dense else np.diag(found).copy()


# given


@pytest.mark.given
def test_what_is_given_does_what_it_says(rng):
    system = System(NORMAL.log_density, NORMAL.gradient, 0.5, np.ones(3))
    assert (resized(system, 0.1).step_size, system.step_size) == (0.1, 0.5)
    begun = begin_moments(np.eye(3))
    assert (begun.n, begun.mean.shape, begun.scatter.shape) == (0, (3,), (3, 3))
    point = place(system, NORMAL.mean, np.zeros(3))
    assert np.log2(first_size(system, point, rng=rng) / 0.5) % 1 == 0
    trees = [step(system, point, rng=rng) for _ in range(4)]
    found = record(trees, 3)
    assert_close(
        found.draws, np.array([tree.choice.position for tree in trees]), "record(trees, 3).draws", "its docstring"
    )
    assert_close(found.acceptance, np.array([t.acceptance / t.n_steps for t in trees]), "record(...).acceptance", "(4)")
    assert record([], 3).draws.shape == (0, 3)


# windows


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1000, [(75, 100), (100, 150), (150, 250), (250, 450), (450, 950)]),
        (500, [(75, 100), (100, 150), (150, 250), (250, 450)]),
        (499, [(75, 100), (100, 150), (150, 449)]),
        (2000, [(75, 100), (100, 150), (150, 250), (250, 450), (450, 850), (850, 1950)]),
        (150, [(75, 100)]),
        (151, [(75, 101)]),
        (199, [(75, 149)]),
        (200, [(75, 100), (100, 150)]),
        (149, [(22, 135)]),
        (100, [(15, 90)]),
        (99, [(14, 90)]),
        (20, [(3, 18)]),
        (19, []),
        (0, []),
    ],
)
def test_windows_by_hand(n, expected):
    found = [tuple(int(i) for i in window) for window in windows(n)]
    assert found == expected, f"windows({n}) returned {found}, expected {expected} by (1) and the rule below it"


def test_windows_fill_the_second_phase():
    for n in range(20, 1300, 7):
        found = windows(n)
        first, last = (75, n - 50) if n >= 150 else (int(0.15 * n + 1e-9), n - int(0.1 * n + 1e-9))
        ends = [first, *(end for _, end in found)]
        assert [start for start, _ in found] == ends[:-1], (
            f"windows({n}) returned {found}: one does not begin where the last ends"
        )
        assert ends[-1] == last, f"windows({n}) ends at {ends[-1]}, expected {last} by (1)"
        lengths = np.diff(ends)
        for i, length in enumerate(lengths[:-1]):
            assert length == 25 * 2**i, f"window {i} of windows({n}) has {length} transitions, expected {25 * 2**i}"


@pytest.mark.given
def test_windows_refuses_a_negative_number():
    with pytest.raises(ValueError, match="n_warm_up must"):
        windows(-1)


# observe


@pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])
def test_observe_by_hand(dense):
    moments = begin_moments(np.eye(2) if dense else np.ones(2))
    scatters = ([[0, 0], [0, 0]], [[8, 4], [4, 2]], [[14, 1], [1, 3.5]])
    means = ([1.0, 0.0], [3.0, 1.0], [2.0, 1.5])
    for n, (new, mean, scatter) in enumerate(zip(([1, 0], [5, 2], [0, 2.5]), means, scatters, strict=True), start=1):
        moments = observe(moments, np.array(new, dtype=float))
        call = f"the moments after {n} calls of observe"
        assert moments.n == n, f"{call} count {moments.n} draws"
        assert_close(moments.mean, np.array(mean), f"mean of {call}", "equation (2)")
        expected = np.array(scatter, dtype=float)
        assert_close(
            moments.scatter, expected if dense else np.diag(expected), f"scatter of {call}", "equation (2)", atol=1e-14
        )


@pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])
def test_observe_agrees_with_two_passes(dense, rng):
    draws = rng.normal(0, 1, (60, 4)) @ rng.normal(0, 1, (4, 4)) + [10.0, -20.0, 0.0, 5.0]
    moments = begin_moments(np.eye(4) if dense else np.ones(4))
    for new in draws:
        moments = observe(moments, new)
    expected = moments_of(draws, dense=dense)
    assert_close(moments.mean, expected.mean, "mean after 60 calls of observe", "equation (2)", atol=1e-12)
    assert_close(
        moments.scatter, expected.scatter, "scatter after 60 calls of observe", "equation (2)", rtol=1e-8, atol=1e-9
    )


def test_observe_keeps_its_digits_far_from_zero(rng):
    draws = rng.normal(0, 1, (200, 2))
    for dense in (False, True):
        moments = begin_moments(np.eye(2) if dense else np.ones(2))
        for new in draws:
            moments = observe(moments, new + 1e8)
        expected = moments_of(draws, dense=dense).scatter
        call = "scatter of 200 draws around 1e8, of standard deviation 1,"
        assert_close(
            moments.scatter,
            expected,
            call,
            "that around 0",
            rtol=1e-5,
            atol=1e-3,
            tolerance="1e8 leaves 8 digits of 16",
        )


def test_observe_leaves_what_it_is_given_alone():
    moments, new = Moments(2, np.array([1.0, 2.0]), np.array([3.0, 4.0])), np.array([5.0, 6.0])
    observe(moments, new)
    assert_close(
        moments, Moments(2, np.array([1.0, 2.0]), np.array([3.0, 4.0])), "the moments handed to observe", "before"
    )
    assert_close(new, np.array([5.0, 6.0]), "the draw handed to observe", "before")


# estimate


@pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])
@pytest.mark.parametrize("n", [2, 25, 400])
def test_estimate_is_that_of_equation_3(dense, n, rng):
    draws = rng.normal(0, 1, (n, 3)) @ rng.normal(0, 1, (3, 3)) + 7
    found = estimate(moments_of(draws, dense=dense))
    call = f"estimate({'dense' if dense else 'diagonal'} moments of {n} draws)"
    assert_close(found, mass_of(draws, dense=dense), call, "equation (3)", rtol=1e-8, atol=1e-11)


def test_estimate_of_a_chain_that_did_not_move():
    found = estimate(Moments(45, np.ones(3), np.zeros(3)))
    assert_close(found, np.full(3, 1e-4), "estimate(45 equal draws)", "equation (3): 5 / 50 of 1e-3")
    found = estimate(Moments(45, np.ones(2), np.zeros((2, 2))))
    assert_close(found, 1e-4 * np.eye(2), "estimate(45 equal draws), dense,", "equation (3)")


@pytest.mark.given
def test_estimate_refuses_a_single_draw():
    with pytest.raises(ValueError, match="moments must"):
        estimate(Moments(1, np.ones(2), np.zeros(2)))


# adapt


def transition(rng, *, dense, acceptance=None):
    """A state of adaptation with some draws in its window, and a tree."""
    system = System(
        NORMAL.log_density, NORMAL.gradient, 0.4, np.diag([2.0, 0.5, 1.0]) if dense else np.array([2.0, 0.5, 1.0])
    )
    tree = step(system, place(system, rng.normal(0, 1, 3), np.zeros(3)), rng=rng)
    if acceptance is not None:
        tree = replace(tree, acceptance=acceptance * tree.n_steps)
    averaging = adapt_step_size(begin_averaging(np.array([0.3])), np.array([0.5]))
    draws = rng.normal(0, 1, (9, 3)) * [3.0, 1.0, 0.2]
    return Adaptation(system, averaging, moments_of(draws, dense=dense)), tree, draws


@pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])
@pytest.mark.parametrize("t", [0, 9, 30, 99])
def test_adapt_outside_of_windows_moves_the_step_size_only(t, dense, rng):
    state, tree, _ = transition(rng, dense=dense)
    found = adapt(state, tree, t, [(10, 20), (20, 30)], rng=rng)
    expected = adapt_step_size(state.averaging, np.array([tree.acceptance / tree.n_steps]))
    call = f"adapt(..., t={t}) with windows from 10 to 30"
    assert_close(found.averaging, expected, f"{call}: averaging", "one update of dual averaging by (4)")
    assert_close(
        found.system.step_size, np.exp(expected.log_step).item(), f"{call}: step size", "what dual averaging wants"
    )
    assert_close(found.system.inverse_mass, state.system.inverse_mass, f"{call}: inverse mass", "what it was")
    assert_close(found.moments, state.moments, f"{call}: moments", "what they were")


@pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])
@pytest.mark.parametrize("t", [10, 18, 20, 28])
def test_adapt_within_a_window_observes_the_draw(t, dense, rng):
    state, tree, draws = transition(rng, dense=dense)
    found = adapt(state, tree, t, [(10, 20), (20, 30)], rng=rng)
    call = f"adapt(..., t={t}) with windows from 10 to 30"
    expected = moments_of(np.vstack([draws, tree.choice.position]), dense=dense)
    assert found.moments.n == 10, f"{call}: the moments count {found.moments.n} draws, expected 10"
    assert_close(found.moments.mean, expected.mean, f"{call}: mean", "one more draw", rtol=1e-8, atol=1e-12)
    assert_close(found.moments.scatter, expected.scatter, f"{call}: scatter", "one more draw", rtol=1e-8, atol=1e-10)
    assert found.averaging.n_updates == 2, (
        f"{call}: dual averaging counts {found.averaging.n_updates} updates, expected 2"
    )
    assert_close(
        found.system.step_size, np.exp(found.averaging.log_step).item(), f"{call}: step size", "dual averaging"
    )
    assert_close(found.system.inverse_mass, state.system.inverse_mass, f"{call}: inverse mass", "what it was")


@pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])
@pytest.mark.parametrize("t", [19, 29])
def test_adapt_at_the_end_of_a_window_learns_the_mass_and_begins_again(t, dense, rng):
    state, tree, draws = transition(rng, dense=dense)
    found = adapt(state, tree, t, [(10, 20), (20, 30)], rng=rng)
    call = f"adapt(..., t={t}) with windows from 10 to 30"
    expected = mass_of(np.vstack([draws, tree.choice.position]), dense=dense)
    assert_close(
        found.system.inverse_mass,
        expected,
        f"{call}: inverse mass",
        "equation (3), all ten draws",
        rtol=1e-8,
        atol=1e-11,
    )
    root = found.system.root if dense else np.diag(found.system.root)
    whole = expected if dense else np.diag(expected)
    assert_close(root @ root.T @ whole, np.eye(3), f"{call}: root of the mass", "that of the new mass", atol=1e-7)
    assert found.moments.n == 0, f"{call}: the moments count {found.moments.n} draws; they begin again"
    assert not found.moments.scatter.any(), f"{call}: the scatter is not zero; the moments begin again"
    assert found.moments.scatter.shape == state.moments.scatter.shape, f"{call}: the form of the moments has changed"
    begun = begin_averaging(np.array([found.system.step_size]))
    assert_close(found.averaging, begun, f"{call}: averaging", "it begins again from the step size")


def test_adapt_guesses_with_the_new_mass_from_the_last_step_size(rng):
    # Where all coordinates have their own scale, the guess suits the new mass: about 1 to 2 whatever the scales are.
    scales = np.geomspace(1e-4, 1e2, 6)
    target = targets.normal(np.zeros(6), np.diag(scales**2))
    system = System(target.log_density, target.gradient, 1e-3, np.ones(6))
    tree = step(system, place(system, scales, np.zeros(6)), rng=rng, max_depth=2)
    draws = target.exact(rng, 200)
    state = Adaptation(system, begin_averaging(np.array([1e-3])), moments_of(draws, dense=False))
    found = adapt(state, tree, 4, [(0, 5)], rng=rng).system.step_size
    # The prior of (3) keeps the smallest scale of 1e-4 from being reached: its variance is at least 2.4e-5.
    assert 0.005 < found < 0.1, f"adapt guessed a step size of {found:.3g} with the new mass; about 0.03 expected"
    arrived = np.exp(adapt_step_size(state.averaging, np.array([tree.acceptance / tree.n_steps])).log_step).item()
    power = np.log2(found / arrived)
    assert abs(power - round(power)) < 1e-9, (
        f"adapt guessed {found:.6g}, which is not a power of two times {arrived:.6g}, at which dual averaging had arrived"
    )


def test_adapt_learns_from_the_mean_acceptance(rng):
    for acceptance, target in ((0.2, 0.8), (0.95, 0.8), (0.7, 0.6)):
        state, tree, _ = transition(rng, dense=False, acceptance=acceptance)
        found = adapt(state, tree, 3, [], target=target, rng=rng)
        expected = adapt_step_size(state.averaging, np.array([acceptance]), target=target)
        call = f"adapt(a tree of mean acceptance {acceptance}, target={target})"
        assert_close(found.averaging, expected, f"{call}: averaging", "equation (4)")


def test_adapt_leaves_what_it_is_given_alone(rng):
    state, tree, draws = transition(rng, dense=True)
    adapt(state, tree, 19, [(10, 20)], rng=rng)
    assert_close(state.moments, moments_of(draws, dense=True), "the moments handed to adapt", "before")
    assert (state.system.step_size, state.averaging.n_updates) == (0.4, 1), "adapt changed what it was given"


# warm_up


def restarted(sizes, acceptance, begin, end, target):
    """The step sizes of the transitions after `begin`, by dual averaging from that of `begin` on, and the last average."""
    averaging, expected = begin_averaging(sizes[begin : begin + 1]), []
    for t in range(begin, end):
        averaging = adapt_step_size(averaging, acceptance[t : t + 1], target=target)
        expected.append(np.exp(averaging.log_step).item())
    return np.array(expected), np.exp(averaging.log_average).item()


@pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])
@pytest.mark.parametrize(("n", "target"), [(15, 0.8), (60, 0.7), (210, 0.9)])
def test_warm_up_follows_its_schedule(n, target, dense, rng):
    first = np.eye(3) if dense else np.ones(3)
    warm = warm_up(
        NORMAL.log_density, NORMAL.gradient, np.zeros(3), n, inverse_mass=first, target=target, max_depth=3, rng=rng
    )
    sizes, kept, schedule = warm.step_size, warm.record, windows(n)
    assert (sizes.shape, kept.draws.shape) == ((n,), (n, 3)), (
        f"warm_up of {n} transitions recorded {len(sizes)} step sizes"
    )
    ends = [0, *(end for _, end in schedule), n]
    for begin, end in itertools.pairwise(ends):
        expected, average = restarted(sizes, kept.acceptance, begin, end, target)
        call = f"the step sizes of warm_up of {n} transitions, from {begin} to {end},"
        assert_close(sizes[begin + 1 : end], expected[:-1], call, "dual averaging since the last window", rtol=1e-6)
    assert_close(
        warm.system.step_size,
        average,
        f"the step size after warm_up of {n} transitions",
        "the average since then",
        rtol=1e-6,
    )
    mass = mass_of(kept.draws[slice(*schedule[-1])], dense=dense) if schedule else first
    call = f"the inverse mass after warm_up of {n} transitions"
    assert_close(warm.system.inverse_mass, mass, call, "(3), of the draws of the last window", rtol=1e-6, atol=1e-9)
    assert_close(warm.point.position, kept.draws[-1], f"the point after warm_up of {n} transitions", "the last draw")


def test_warm_up_moves_with_the_step_size_that_it_has(rng):
    # On a plain a move of one step is as long as the step size times the root of the inverse mass times a normal number.
    def log_density_fn(x):
        return np.where(abs(x[:, 0]) < 1e9, 0.0, -np.inf)

    warm = warm_up(
        log_density_fn,
        lambda x: 0 * x,
        np.zeros(4),
        18,
        inverse_mass=np.full(4, 9.0),
        step_size=0.02,
        max_depth=1,
        rng=rng,
    )
    moves = np.diff(np.vstack([np.zeros(4), warm.record.draws]), axis=0)
    assert_close(warm.step_size[0], 0.02, "the first step size of warm_up(step_size=0.02)", "its docstring")
    assert_mean(
        (moves / warm.step_size[:, None] / 3).ravel() ** 2,
        1.0,
        "squared moves over step size and root of the mass",
        "what each transition is given",
    )
    assert warm.record.n_steps.tolist() == [1] * 18, f"warm_up(max_depth=1) made {warm.record.n_steps.tolist()} steps"


def test_warm_up_computes_each_gradient_once(rng):
    log_density_fn, gradient_fn, seen = counting(NORMAL)
    warm = warm_up(log_density_fn, gradient_fn, np.zeros(3), 19, inverse_mass=np.ones(3), step_size=0.3, rng=rng)
    expected = 1 + warm.record.n_steps.sum()
    assert len(seen) == expected, (
        f"warm_up computed {len(seen)} gradients in 19 transitions, expected {expected} with the start's"
    )


def test_warm_up_of_no_transitions(rng):
    warm = warm_up(
        NORMAL.log_density, NORMAL.gradient, np.ones(3), 0, inverse_mass=np.full(3, 2.0), step_size=0.7, rng=rng
    )
    assert_close(warm.system.step_size, 0.7, "the step size after warm_up of 0 transitions", "the first")
    assert_close(
        warm.system.inverse_mass, np.full(3, 2.0), "the inverse mass after warm_up of 0 transitions", "the first"
    )
    assert_close(warm.point.position, np.ones(3), "the point after warm_up of 0 transitions", "the start")
    assert warm.record.draws.shape == (0, 3), (
        f"the draws of warm_up of 0 transitions have shape {warm.record.draws.shape}"
    )


def test_warm_up_learns_very_different_scales(rng):
    scales = np.geomspace(0.3, 5.0, 100)
    target = targets.normal(np.arange(100.0), np.diag(scales**2))
    warm = warm_up(target.log_density, target.gradient, np.arange(100.0), 60, inverse_mass=np.ones(100), rng=rng)
    found = np.sqrt(warm.system.inverse_mass) / scales
    # 45 draws tell a standard deviation to some 11 %: over many seeds all lay between 0.5 and 2, medians above 0.89.
    assert 0.8 < np.median(found) < 1.2, (
        f"warm_up learned scales that are off by a factor of {np.median(found):.2f} (median of 100)"
    )
    assert found.min() > 0.3, f"warm_up learned a scale that is off by a factor of {found.min():.2f}"
    assert found.max() < 3, f"warm_up learned a scale that is off by a factor of {found.max():.2f}"
    last = warm.record.n_steps[-6:].mean()
    # 9 to 15 with the right mass, 60 and more with ones.
    assert last < 40, f"the last 6 transitions of warm_up make {last:.0f} steps each; some 12 with the right mass"


# draw


def test_draw_records_each_transition(rng):
    log_density_fn, gradient_fn, seen = counting(NORMAL)
    system = System(log_density_fn, gradient_fn, 0.6, np.ones(3))
    start = place(system, NORMAL.mean, np.zeros(3))
    seen.clear()
    found = draw(system, start, 40, rng=rng)
    assert found.draws.shape == (40, 3), f"draw(..., 40) has draws of shape {found.draws.shape}"
    assert_close(found.log_density, NORMAL.log_density(found.draws), "draw(...).log_density", "that of each draw")
    assert len(seen) == found.n_steps.sum(), (
        f"draw computed {len(seen)} gradients, its n_steps sum to {found.n_steps.sum()}"
    )
    assert len(np.unique(found.draws[:, 0])) > 30, "draw returned the same position again and again"
    assert 0.5 < found.acceptance.mean() < 1, f"draw(...).acceptance averages {found.acceptance.mean():.2f}"


def test_draw_goes_on_from_the_last_draw(rng):
    system = System(*slope(1e8), 1e-3, np.ones(2))
    found = draw(system, place(system, np.array([0.0, -5.0]), np.zeros(2)), 30, max_depth=1, rng=rng)
    call = "the way up of draw(max_depth=1) on a steep slope"
    assert_close(found.draws[:, 0], 50 * np.arange(1.0, 31), call, "(1e-3)^2 / 2 times 1e8 for each draw", rtol=1e-2)
    assert set(found.n_steps.tolist()) == {1}, (
        f"draw(max_depth=1) made {set(found.n_steps.tolist())} steps a transition"
    )


def test_draw_keeps_the_law_of_its_target(rng):
    means = []
    for start in NORMAL.exact(rng, 40):
        system = System(NORMAL.log_density, NORMAL.gradient, 0.9, np.ones(3))
        means.append(draw(system, place(system, start, np.zeros(3)), 3, rng=rng).draws.mean(axis=0))
    assert_mean(np.array(means), NORMAL.mean, "draw, from exact draws,", "the exact mean")


# sample


def test_sample_puts_its_chains_together(rng):
    log_density_fn, gradient_fn, seen = counting(NORMAL)
    start = NORMAL.exact(rng, 3)
    run = sample(log_density_fn, gradient_fn, start, 25, n_warm_up=19, step_size=0.4, rng=rng)
    shapes = [x.shape for x in (run.draws, run.log_density, run.divergent, run.depth, run.n_steps)]
    assert shapes == [(3, 25, 3), *[(3, 25)] * 4], f"sample of 3 chains, 25 draws, 3 dimensions has shapes {shapes}"
    shapes = [
        x.shape
        for x in (run.acceptance_rate, run.step_size, run.inverse_mass, run.warm_up_steps, run.warm_up_divergent)
    ]
    assert shapes == [(3,), (3,), (3, 3), (3,), (3,)], f"sample of 3 chains has, of each chain, shapes {shapes}"
    expected = np.stack([NORMAL.log_density(one) for one in run.draws])
    assert_close(run.log_density, expected, "sample(...).log_density", "that of each draw")
    made = run.n_steps.sum() + run.warm_up_steps.sum()
    # Each start may be looked at once more, by the checks.
    assert 3 <= len(seen) - made <= 9, f"sample computed {len(seen)} gradients, and reports {made} steps for 3 chains"
    assert len(np.unique(run.step_size)) == 3, "sample has one step size for several chains; each adapts its own"
    assert len(np.unique(run.draws[:, :, 0])) > 60, "the chains of sample have draws in common"
    assert (run.n_steps >= 2**run.depth - 1).all(), "sample reports trees of fewer steps than points"
    assert 0.6 < run.acceptance_rate.mean() < 1, (
        f"sample(...).acceptance_rate averages {run.acceptance_rate.mean():.2f}"
    )


def test_sample_hands_its_settings_on(rng):
    start, mass = NORMAL.exact(rng, 2), np.diag([1.0, 2.0, 3.0])
    settings = {"n_warm_up": 0, "step_size": 0.05, "inverse_mass": mass, "max_depth": 2}
    run = sample(NORMAL.log_density, NORMAL.gradient, start, 6, rng=rng, **settings)
    assert_close(run.step_size, np.full(2, 0.05), "sample(step_size=0.05, n_warm_up=0).step_size", "the first")
    assert_close(
        run.inverse_mass, np.stack([mass, mass]), "sample(inverse_mass=..., n_warm_up=0).inverse_mass", "the first"
    )
    assert run.n_steps.max() == 3, f"sample(max_depth=2) made up to {run.n_steps.max()} steps, expected 3"
    assert not run.warm_up_steps.any(), f"sample(n_warm_up=0) reports {run.warm_up_steps} steps of its warm-up"
    settings = {"n_warm_up": 30, "step_size": 0.05, "max_depth": 1}
    run = sample(NORMAL.log_density, NORMAL.gradient, start, 4, rng=rng, **settings)
    assert run.warm_up_steps.tolist() == [30, 30], (
        f"sample(n_warm_up=30, max_depth=1) reports {run.warm_up_steps} steps of its warm-up"
    )
    assert run.inverse_mass.shape == (2, 3), (
        f"sample learned inverse masses of shape {run.inverse_mass.shape}, expected (2, 3)"
    )
    assert (run.inverse_mass[0] != run.inverse_mass[1]).all(), "sample learned the same inverse mass for both chains"


def test_sample_aims_at_its_target(rng):
    # On a plain every step is accepted, so that dual averaging sees an acceptance of 1, time and again.
    plain = (lambda x: 0 * x[:, 0]), (lambda x: 0 * x)
    run = sample(*plain, np.zeros((2, 3)), 1, n_warm_up=5, step_size=0.02, target=0.6, max_depth=2, rng=rng)
    averaging = begin_averaging(np.full(2, 0.02))
    for _ in range(5):
        averaging = adapt_step_size(averaging, np.ones(2), target=0.6)
    expected = np.exp(averaging.log_average)
    call = "sample(n_warm_up=5, step_size=0.02, target=0.6).step_size where all is accepted"
    assert_close(run.step_size, expected, call, "dual averaging", rtol=1e-7)
    assert_close(run.acceptance_rate, np.ones(2), "sample(...).acceptance_rate where all is accepted", "(4)", rtol=1e-7)


def test_sample_draws_from_where_the_warm_up_has_led(rng):
    start = np.array([[0.0, 0.0], [1e4, 1000.0], [-1e4, 3000.0]])
    run = sample(*slope(1e4), start, 4, n_warm_up=5, step_size=0.1, max_depth=1, rng=rng)
    averaging, way = begin_averaging(np.array([0.1])), 0.0
    for _ in range(5):
        way += 5e3 * np.exp(2 * averaging.log_step).item()
        averaging = adapt_step_size(averaging, np.ones(1))
    steps = 5e3 * np.exp(2 * averaging.log_average).item() * np.arange(1.0, 5)
    call = "the way up of sample(n_warm_up=5, max_depth=1) on a steep slope"
    assert_close(
        run.draws[:, :, 0] - start[:, :1],
        np.tile(way + steps, (3, 1)),
        call,
        "five transitions before the first",
        rtol=1e-2,
    )
    assert_close(
        run.draws[:, :, 1],
        np.tile(start[:, 1:], (1, 4)),
        "the coordinate across the slope",
        "that of each start",
        atol=150.0,
    )


def test_sample_lets_each_chain_draw_by_what_it_has_learned(rng):
    # Two modes, far from each other, of which the second is a hundred times as narrow.
    def log_density_fn(x):
        return -np.where(x[:, 0] < 500, x[:, 0] ** 2, ((x[:, 0] - 1000) / 0.01) ** 2) / 2

    def gradient_fn(x):
        return -np.where(x < 500, x, (x - 1000) / 0.01**2)

    run = sample(log_density_fn, gradient_fn, np.array([[0.5], [1000.005]]), 30, n_warm_up=150, rng=rng)
    assert run.inverse_mass[0, 0] > 100 * run.inverse_mass[1, 0], (
        f"sample learned inverse masses of {run.inverse_mass[:, 0]} in modes of deviations 1 and 0.01"
    )
    assert run.acceptance_rate.min() > 0.3, (
        f"the chains of sample accept {run.acceptance_rate.round(2)} after their warm-ups"
    )
    assert run.n_steps.mean(axis=1).max() < 20, (
        f"the chains of sample make {run.n_steps.mean(axis=1)} steps a draw in one dimension"
    )
    assert not run.divergent.any(), f"the chains of sample have {run.divergent.sum(axis=1)} divergences in normal modes"


def test_sample_reports_divergences(rng):
    target = targets.funnel(10, 3.0)
    start = np.hstack([np.full((2, 1), -6.0), rng.normal(0, 0.05, (2, 9))])
    run = sample(target.log_density, target.gradient, start, 20, n_warm_up=0, step_size=1.0, rng=rng)
    shares = run.divergent.mean(axis=1)
    # In the neck, of width 0.05, steps of 1 diverge at once.
    assert (shares > 0.8).all(), (
        f"sample with large steps in the neck of a funnel reports shares {shares} of divergences"
    )
    run = sample(target.log_density, target.gradient, start, 5, n_warm_up=19, step_size=1.0, max_depth=4, rng=rng)
    counts = run.warm_up_divergent
    assert ((counts >= 1) & (counts < 19)).all(), (
        f"sample reports {counts} divergences of 19 in its warm-ups in the neck of a funnel"
    )
    run = sample(NORMAL.log_density, NORMAL.gradient, NORMAL.exact(rng, 2), 20, n_warm_up=19, rng=rng)
    assert not run.divergent.any(), f"sample reports {run.divergent.sum()} divergences on a normal distribution"


def schools():
    """Eight schools, with effects mu + tau * z: the log density of (mu, log tau, z), and its gradient."""
    y, error = targets.eight_schools()

    def parts(x):
        mu, tau, z = x[:, :1], np.exp(x[:, 1:2]), x[:, 2:]
        return mu, tau, z, (y - mu - tau * z) / error**2

    def log_density(x):
        mu, tau, z, _ = parts(x)
        prior = -((mu[:, 0] / 5) ** 2) / 2 - np.log1p((tau[:, 0] / 5) ** 2) + x[:, 1] - (z**2).sum(axis=1) / 2
        return prior - (((y - mu - tau * z) / error) ** 2).sum(axis=1) / 2

    def gradient(x):
        mu, tau, z, pull = parts(x)
        of_mu = -mu / 25 + pull.sum(axis=1, keepdims=True)
        of_tau = 1 - 2 * tau**2 / (25 + tau**2) + tau * (pull * z).sum(axis=1, keepdims=True)
        return np.hstack([of_mu, of_tau, tau * pull - z])

    return log_density, gradient


def schools_by_quadrature():
    """Posterior means of mu and of log tau, the effects integrated out."""
    y, error = targets.eight_schools()
    mu, log_tau = np.linspace(-25, 30, 111)[:, None, None], np.linspace(-12, 6, 121)[None, :, None]
    tau = np.exp(log_tau)
    variance = error**2 + tau**2
    log_p = -((y - mu) ** 2 / variance + np.log(variance)).sum(axis=2) / 2
    log_p = log_p + (-((mu / 5) ** 2) / 2 - np.log1p((tau / 5) ** 2) + log_tau)[:, :, 0]
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    return np.array([(p * mu[:, :, 0]).sum(), (p * log_tau[:, :, 0]).sum()])


def test_sample_of_eight_schools_agrees_with_quadrature(rng):
    log_density_fn, gradient_fn = schools()
    run = sample(log_density_fn, gradient_fn, rng.uniform(-1, 1, (1, 10)), 100, n_warm_up=60, rng=rng)
    found, expected = run.draws[:, :, :2].mean(axis=(0, 1)), schools_by_quadrature()
    # Standard errors are 0.35 and 0.18.
    assert (abs(found - expected) < [2.0, 1.0]).all(), (
        f"sample of eight schools averages {found.round(2)} for mu and log tau, quadrature {expected.round(2)}"
    )


def test_sample_takes_all_its_randomness_from_its_generator_and_leaves_its_start_alone():
    start, mass = np.zeros((2, 3)), np.ones(3)

    def run(seed):
        rng = np.random.default_rng(seed)
        return sample(
            NORMAL.log_density, NORMAL.gradient, start, 4, n_warm_up=20, max_depth=2, inverse_mass=mass, rng=rng
        ).draws

    assert_close(run(1), run(1), "sample with the same seed for the second time", "the draws of the first time")
    assert (run(1) != run(2)).any(), "sample returned the same draws for two different seeds"
    assert not start.any(), "sample changed the array `position` that it was given"
    assert (mass == 1).all(), "sample changed the array `inverse_mass` that it was given"


@pytest.mark.given
@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"position": np.array([[-1.0]])}, "position"),
        ({"position": np.array([[np.nan]])}, "position"),
        ({"position": np.ones(3)}, "position"),
        ({"position": np.ones((0, 1))}, "position"),
        ({"gradient_fn": lambda x: x * np.nan}, "position"),
        ({"n_draws": 0}, "n_draws"),
        ({"n_warm_up": -1}, "n_warm_up"),
        ({"max_depth": 0}, "max_depth"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": np.nan}, "step_size"),
        ({"target": 1.0}, "target"),
        ({"inverse_mass": np.ones(2)}, "inverse_mass"),
        ({"inverse_mass": np.array(1.0)}, "inverse_mass"),
        ({"inverse_mass": -np.ones(1)}, "inverse_mass"),
        ({"log_density_fn": lambda x: x}, "log_density_fn"),
        ({"gradient_fn": lambda x: x[:, 0]}, "gradient_fn"),
    ],
)
def test_sample_refuses_what_makes_no_sense(changes, name, rng):
    target = targets.gammas(np.array([2.0]), np.array([1.0]))
    settings = {
        "log_density_fn": target.log_density,
        "gradient_fn": target.gradient,
        "position": np.ones((2, 1)),
        "n_draws": 2,
        "n_warm_up": 3,
        "rng": rng,
    }
    with pytest.raises(ValueError, match=f"{name} must"):
        sample(**{**settings, **changes})
