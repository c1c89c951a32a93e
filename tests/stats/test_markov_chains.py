"""Shared tests of stats/markov_chains: run on the reference, and on the learner's file.

Nothing here goes by chance. Where a chain is well conditioned, two ways of computing something agree to 1e-9; what is said of
small stationary probabilities is compared with exact fractions.
"""

from fractions import Fraction
from itertools import pairwise
from math import gcd, log, log1p

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.sparse.csgraph import connected_components

from mlpath.stats.markov_chains import (
    CommunicatingClass,
    absorption,
    communicating_classes,
    mixing_bounds,
    mixing_time,
    pagerank,
    period,
    reachable,
    spectral_gap,
    stationary,
)
from mlpath.testing import assert_close

# who met whom in Zachary's karate club, a line for each member with those of larger number
CLUB = """1 2 3 4 5 6 7 8 10 11 12 13 17 19 21 31; 2 3 7 13 17 19 21 30; 3 7 8 9 13 27 28 32; 7 12 13; 6 10; 6 10 16; 16;;
30 32 33; 33;;;; 33; 32 33; 32 33;;; 32 33; 33; 32 33;; 32 33; 25 27 29 32 33; 25 27 31; 31; 29 33; 33; 31 33; 32 33; 32 33;
32 33; 33;"""


@pytest.fixture
def rng():
    return np.random.default_rng(1906)


def karate():
    """The walk on the club: to any of those whom one has met."""
    links = np.zeros((34, 34))
    for i, line in enumerate(CLUB.split(";")):
        for j in line.split():
            links[i, int(j)] = links[int(j), i] = 1.0
    return links


def normalised(weights):
    return weights / weights.sum(axis=1, keepdims=True)


def random_chain(n, rng):
    """All entries positive, and quite different from each other."""
    return normalised(rng.random((n, n)) ** 4 + 1e-3)


def mixed():
    """Ten states in shuffled order: transient {1, 7}, {4} and {9}, closed {0, 3, 8} of period 3, {2, 6} and {5}."""
    matrix = np.zeros((10, 10))
    for i, ways in {
        1: {7: 0.5, 0: 0.1, 4: 0.2, 6: 0.2},
        7: {1: 0.3, 7: 0.4, 5: 0.3},
        4: {4: 0.7, 2: 0.1, 8: 0.2},
        9: {1: 0.25, 4: 0.75},
        0: {8: 1.0},
        8: {3: 1.0},
        3: {0: 1.0},
        2: {6: 0.6, 2: 0.4},
        6: {2: 1.0},
        5: {5: 1.0},
    }.items():
        for j, p in ways.items():
            matrix[i, j] = p
    return matrix


def ring(n, up):
    """A walk on a ring: up with the given probability, else down."""
    return up * np.roll(np.eye(n), 1, axis=1) + (1 - up) * np.roll(np.eye(n), -1, axis=1)


def frozen(matrix):
    matrix = np.array(matrix, dtype=float)
    matrix.flags.writeable = False  # whoever changes it fails
    return matrix


# reachable


def test_reachable_follows_ways_of_any_length():
    found = np.asarray(reachable(frozen(mixed())))
    expected = {
        0: {0, 3, 8}, 8: {0, 3, 8}, 3: {0, 3, 8}, 2: {2, 6}, 6: {2, 6}, 5: {5}, 4: {0, 2, 3, 4, 6, 8},
        1: set(range(9)), 7: set(range(9)), 9: set(range(10)),
    }  # fmt: skip
    for i, states in expected.items():
        assert set(np.flatnonzero(found[i])) == states, (
            f"from {i} one reaches {sorted(states)}; got {np.flatnonzero(found[i])}"
        )
    assert found.dtype == bool, f"reachable should return booleans, got {found.dtype}"


def test_reachable_on_a_long_way_and_by_tiny_steps():
    matrix = np.eye(90, k=1)
    matrix[-1, -1] = 1.0
    assert_close(reachable(matrix), np.triu(np.ones((90, 90), bool)), "reachable of a way of 90 states", "one way only")
    small = np.array([[1.0, 1e-200, 0.0], [0.0, 1.0, 1e-200], [0.0, 0.0, 1.0]])
    assert_close(
        reachable(small), np.triu(np.ones((3, 3), bool)), "reachable with probabilities of 1e-200", "positive is enough"
    )


def test_reachable_includes_each_state_itself():
    found = reachable(np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert_close(found, [[True, True], [False, True]], "reachable([[0, 1], [0, 1]])", "t = 0 counts")


@pytest.mark.given
def test_reachable_refuses_what_is_no_transition_matrix():
    for matrix in (np.ones(3), np.zeros((0, 0)), np.ones((2, 3)) / 3, np.array([[0.5, 0.4], [0, 1]]), np.array([[1.5, -0.5], [0, 1]]),
                   np.full((2, 2), np.nan)):  # fmt: skip
        for call in (reachable, communicating_classes, stationary, absorption, mixing_time, spectral_gap):
            with pytest.raises(ValueError, match="matrix"):
                call(matrix)


# period


def test_period_is_the_gcd_of_all_ways_back():
    for lengths in ((3,), (4, 6), (6, 10), (6, 10, 15), (2, 5), (9, 12), (1,), (1, 4)):
        # petals that share the state 0: one for each length
        n = 1 + sum(length - 1 for length in lengths)
        matrix, free = np.zeros((n, n)), 1
        for length in lengths:
            walk = [0, *range(free, free + length - 1), 0]
            free += length - 1
            for i, j in pairwise(walk):
                matrix[i, j] += 1 / len(lengths) if i == 0 else 1.0
        for states in (range(n), list(range(n))[::-1], np.random.default_rng(0).permutation(n).tolist()):
            found = period(frozen(matrix), states)
            assert found == gcd(*lengths), (
                f"the period of cycles of {lengths} through one state is {gcd(*lengths)}, got {found}"
            )


def test_period_is_that_of_the_class_alone():
    matrix = mixed()
    for states, expected in (((0, 3, 8), 3), ((8, 0, 3), 3), ((2, 6), 1), ((5,), 1), ((1, 7), 1), ((4,), 1), ((9,), 0)):
        found = period(matrix, states)
        assert found == expected, f"period(..., {states}) should be {expected}, got {found}"
    matrix[7, 7], matrix[7, 1] = 0.0, 0.7
    found = period(matrix, (1, 7))
    assert found == 2, f"two transient states that swap have period 2; got {found}"


def test_period_sees_a_shortcut_that_breaks_it():
    for n in (6, 9):
        matrix = np.roll(np.eye(n), 1, axis=1)
        assert period(matrix, range(n)) == n, f"a ring of {n} states in one direction has the period {n}"
        for end in range(n):
            shortcut = matrix.copy()
            shortcut[2] = 0.5 * (shortcut[2] + np.eye(n)[end])
            expected = gcd(n, (2 + 1 - end) % n) if (2 + 1 - end) % n else n
            found = period(shortcut, range(n))
            assert found == expected, (
                f"a ring of {n} states with a way from 2 to {end} too has the period {expected}, got {found}"
            )


# communicating_classes


def test_communicating_classes_of_a_shuffled_chain():
    found = communicating_classes(frozen(mixed()))
    expected = [
        CommunicatingClass((0, 3, 8), True, 3),
        CommunicatingClass((1, 7), False, 1),
        CommunicatingClass((2, 6), True, 1),
        CommunicatingClass((4,), False, 1),
        CommunicatingClass((5,), True, 1),
        CommunicatingClass((9,), False, 0),
    ]
    assert len(found) == 6, f"there are 6 classes, in the order of their first states; got {[c.states for c in found]}"
    for each, right in zip(found, expected, strict=True):
        assert tuple(each.states) == right.states, f"there should be the class {right.states}, got {each.states}"
        assert each.closed == right.closed, f"the class {right.states} is {'' if right.closed else 'not '}closed"
        assert each.period == right.period, f"the class {right.states} has the period {right.period}, got {each.period}"


def test_communicating_classes_come_in_the_order_of_their_least_states():
    matrix = np.zeros((6, 6))
    for i, j in ((0, 2), (1, 4), (2, 3), (3, 5), (4, 1), (5, 2)):
        matrix[i, j] = 1.0
    found = [tuple(each.states) for each in communicating_classes(matrix)]
    assert found == [(0,), (1, 4), (2, 3, 5)], f"the classes are (0,), (1, 4), (2, 3, 5), in this order; got {found}"
    closed = [each.closed for each in communicating_classes(matrix)]
    assert closed == [False, True, True], f"the last two are closed; got {closed}"


def test_communicating_classes_are_scipys_strong_components(rng):
    for n, share in ((12, 0.1), (40, 0.03), (25, 0.06)):
        weights = (rng.random((n, n)) < share) * rng.random((n, n)) + 0.01 * np.roll(np.eye(n), 3, axis=1) * (
            rng.random((n, 1)) < 0.8
        )
        weights[weights.sum(axis=1) == 0, 0] = 1.0
        matrix = normalised(weights)
        _, labels = connected_components(matrix > 0, directed=True, connection="strong")
        expected = sorted(tuple(np.flatnonzero(labels == k).tolist()) for k in np.unique(labels))
        found = communicating_classes(matrix)
        assert [tuple(c.states) for c in found] == expected, (
            f"the classes are SciPy's strong components, {len(expected)} of them"
        )
        for each in found:
            inside = matrix[np.ix_(each.states, each.states)].sum()
            assert each.closed == (abs(inside - len(each.states)) < 1e-9), (
                f"the class {each.states}: closed is {each.closed}"
            )


# stationary


def test_stationary_of_chains_in_closed_form():
    a, b = 0.3, 0.05
    assert_close(
        stationary(np.array([[1 - a, a], [b, 1 - b]])), [1 / 7, 6 / 7], "stationary of two states", "b and a over a + b"
    )
    assert_close(
        stationary(ring(7, 0.8)), np.full(7, 1 / 7), "stationary of a ring, up with 0.8,", "it is doubly stochastic"
    )
    links = karate()
    degrees = links.sum(axis=1)
    assert_close(
        stationary(frozen(normalised(links))),
        degrees / degrees.sum(),
        "stationary of the karate club",
        "degrees over 156",
    )
    n, up, down = 30, 0.2, 0.3
    birth = np.diag(np.full(n - 1, up), 1) + np.diag(np.full(n - 1, down), -1)
    birth += np.diag(1 - birth.sum(axis=1))
    powers = (up / down) ** np.arange(n)
    assert_close(stationary(birth), powers / powers.sum(), "stationary of births and deaths", "(up / down)^i")


def test_stationary_is_what_linear_algebra_finds(rng):
    for n in (1, 3, 10, 60):
        matrix = random_chain(n, rng)
        found = stationary(frozen(matrix))
        expected = null_space(matrix.T - np.eye(n))[:, 0] if n > 1 else np.ones(1)
        assert_close(
            found, expected / expected.sum(), f"stationary of {n} states", "scipy.linalg.null_space", rtol=1e-7
        )
        assert_close(found @ matrix, found, f"stationary of {n} states, one step later,", "equation (3)", rtol=1e-8)


def exact(matrix):
    """The stationary distribution in fractions, by elimination; the diagonal is what is left of each row."""
    n = len(matrix)
    rows = [[Fraction(float(p)) for p in row] for row in matrix]
    for i in range(n):
        rows[i][i] = -sum(rows[i][j] for j in range(n) if j != i)
    # solve pi (P - I) = 0 with pi_0 = 1: columns 1 to n - 1
    system = [[rows[i][j] for i in range(1, n)] + [-rows[0][j]] for j in range(1, n)]
    for k in range(n - 1):
        pivot = next(r for r in range(k, n - 1) if system[r][k] != 0)
        system[k], system[pivot] = system[pivot], system[k]
        system[k] = [entry / system[k][k] for entry in system[k]]
        for r in range(n - 1):
            if r != k:
                system[r] = [x - system[r][k] * y for x, y in zip(system[r], system[k], strict=True)]
    weights = [Fraction(1), *(row[-1] for row in system)]
    return np.array([float(w / sum(weights)) for w in weights])


@pytest.mark.parametrize("tiny", [1e-6, 1e-16, 1e-40])
def test_stationary_of_nearly_separate_parts_is_right_to_twelve_digits(tiny, rng):
    matrix = np.zeros((9, 9))
    for part in (slice(0, 4), slice(4, 9)):
        matrix[part, part] = random_chain(9, rng)[part, part]
    matrix[3, 5], matrix[6, 0] = 2 * tiny, 7 * tiny
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, 1 - matrix.sum(axis=1))
    order = rng.permutation(9)
    for name, shuffled in (("", matrix), (", shuffled,", matrix[np.ix_(order, order)])):
        call = f"stationary of two parts that are linked by {2 * tiny:g} and {7 * tiny:g}{name}"
        assert_close(stationary(frozen(shuffled)), exact(shuffled), call, "exact fractions", rtol=1e-12)


def test_stationary_finds_tiny_probabilities():
    up, down = 1e-3, 0.9
    birth = np.diag(np.full(19, up), 1) + np.diag(np.full(19, down), -1)
    birth += np.diag(1 - birth.sum(axis=1))
    powers = (up / down) ** np.arange(20)
    for name, matrix, expected in (
        ("rare states last", birth, powers),
        ("rare states first", birth[::-1, ::-1], powers[::-1]),
    ):
        call = f"stationary of births and deaths, {name},"
        assert_close(stationary(matrix), expected / powers.sum(), call, "(up / down)^i, down to 1e-56", rtol=1e-12)


def test_stationary_is_zero_on_transient_states():
    matrix = mixed()
    matrix[5] = 0.5 * (np.eye(10)[6] + np.eye(10)[1])
    matrix[8] = 0.5 * (np.eye(10)[3] + np.eye(10)[2])
    expected = np.zeros(10)
    expected[[2, 6]] = 1 / 1.6, 0.6 / 1.6  # the only closed class is {2, 6}
    assert_close(
        stationary(matrix), expected, "stationary of a chain with 8 transient states", "(3), zero on transient states"
    )
    assert_close(stationary(ring(6, 1.0)), np.full(6, 1 / 6), "stationary of a chain with a period", "equation (3)")


@pytest.mark.given
def test_stationary_refuses_several_closed_classes():
    for call in (stationary, mixing_time, spectral_gap):
        with pytest.raises(ValueError, match="matrix"):
            call(mixed())


def test_stationary_over_four_hundred_orders_of_magnitude():
    n = 420
    matrix = np.diag(np.full(n - 1, 0.5), 1) + np.diag(np.full(n - 1, 0.05), -1)
    matrix += np.diag(1 - matrix.sum(axis=1))
    found = stationary(frozen(matrix))[-300:]
    call = "the last 300 entries of stationary(420 states, each ten times as likely as the one before)"
    assert_close(found, 0.9 * 10.0 ** np.arange(-299, 1), call, "the ratio 0.5 / 0.05 of neighbours", rtol=1e-9)


# absorption


@pytest.mark.parametrize("up", [0.3, 0.5, 0.58])
def test_absorption_of_the_gamblers_ruin(up):
    n = 9
    matrix = np.diag(np.r_[0, np.full(n - 2, up)], 1) + np.diag(np.r_[np.full(n - 2, 1 - up), 0], -1)
    matrix[0, 0] = matrix[-1, -1] = 1.0
    i, last, ratio = np.arange(1, n - 1), n - 1, (1 - up) / up
    rich = i / last if up == 0.5 else (1 - ratio**i) / (1 - ratio**last)
    steps = i * (last - i) if up == 0.5 else (i - last * rich) / (1 - 2 * up)
    found, call = absorption(frozen(matrix)), f"absorption of the gambler's ruin, up with {up},"
    assert tuple(found.states) == tuple(range(1, 8)), f"{call} has the transient states 1 to 7, got {found.states}"
    assert_close(found.probabilities, np.column_stack([1 - rich, rich]), f"{call} probabilities", "the closed form")
    assert_close(found.steps, steps, f"{call} steps", "the closed form")


def test_absorption_into_classes_of_several_states():
    matrix = mixed()
    found = absorption(frozen(matrix))
    assert tuple(found.states) == (1, 4, 7, 9), f"the transient states are 1, 4, 7, 9; got {found.states}"
    far = np.linalg.matrix_power(matrix, 3000)  # a multiple of the period
    where = [far[np.ix_(found.states, states)].sum(axis=1) for states in ((0, 3, 8), (2, 6), (5,))]
    assert_close(
        found.probabilities,
        np.transpose(where),
        "absorption(...).probabilities",
        "the power 3000, class by class",
        atol=1e-12,
    )
    among = matrix[np.ix_(found.states, found.states)]
    visits = sum(np.linalg.matrix_power(among, t) for t in range(200))
    assert_close(found.visits, visits, "absorption(...).visits", "the sum of the powers of Q", rtol=1e-8, atol=1e-12)
    assert_close(found.steps, visits.sum(axis=1), "absorption(...).steps", "equation (7)", rtol=1e-8)
    assert_close(found.probabilities.sum(axis=1), np.ones(4), "the sums of the probabilities", "it ends somewhere")


def test_absorption_without_transient_states_and_with_one_class(rng):
    found = absorption(random_chain(5, rng))
    shapes = (found.visits.shape, found.probabilities.shape, found.steps.shape)
    assert found.states == () and shapes == ((0, 0), (0, 1), (0,)), (
        f"no transient states: {found.states}, shapes {shapes}"
    )
    found = absorption(np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]]))
    assert_close(found.probabilities, np.ones((2, 1)), "absorption with one closed class", "it ends there")
    tau = np.linalg.solve([[0.5, -0.5], [-0.25, 0.5]], [1.0, 1.0])
    assert_close(found.steps, tau, "its expected steps", "one step, and then from where it leads")


def test_absorption_from_a_state_that_is_hardly_ever_left():
    matrix = np.diag([1.0, 1.0, 1.0, 0.25])
    matrix[0, [1, 2]], matrix[3, [0, 2]] = [3e-18, 7e-18], [0.5, 0.25]
    found, call = absorption(frozen(matrix)), "absorption where a state is left with a probability of 1e-17"
    where = np.array([[0.3, 0.7], [0.2, 0.8]])
    assert_close(found.probabilities, where, f"{call}: probabilities", "(7) with the rest of the row for 1 - Q_ii")
    assert_close(found.steps, np.array([1e17, 1e17 / 1.5]), f"{call}: steps", "one over the probability", rtol=1e-9)


# mixing_time


def slowly(matrix, epsilon):
    """The mixing time step by step, with the stationary distribution from least squares."""
    n = len(matrix)
    goal = np.linalg.lstsq(np.vstack([matrix.T - np.eye(n), np.ones(n)]), np.eye(n + 1)[-1])[0]
    power, t = np.eye(n), 0
    while abs(power - goal).sum(axis=1).max() / 2 > epsilon and t < 5000:
        power, t = power @ matrix, t + 1
    return t


def test_mixing_time_of_three_hundred_million_steps():
    there, back = 1e-8, 3e-8
    matrix = np.array([[1 - there, there], [back, 1 - back]])
    found = mixing_time(frozen(matrix), 1e-6)
    exact = log(1e-6 / 0.75) / log1p(-4e-8)
    message = f"mixing_time of two states, 1e-8 and 3e-8, epsilon=1e-6 is {exact:.6g}, where 3/4 (1 - 4e-8)^t = 1e-6; got {found}"
    assert found is not None and abs(found / exact - 1) < 1e-5, message


def test_mixing_time_is_the_first_time_that_is_near_enough(rng):
    lazy = 0.5 * np.eye(34) + 0.5 * normalised(karate())
    sticky = 0.9 * np.eye(6) + 0.1 * random_chain(6, rng)
    for name, matrix in (("the lazy karate club", lazy), ("six sticky states", sticky), ("a ring of 5", ring(5, 0.7))):
        for epsilon in (0.4, 0.25, 0.1, 0.01, 1e-4):
            found, expected = mixing_time(frozen(matrix), epsilon), slowly(matrix, epsilon)
            assert found == expected, f"mixing_time of {name}, {epsilon}, is {expected} step by step; got {found}"
        found, expected = mixing_time(matrix), slowly(matrix, 0.25)
        assert found == expected, f"mixing_time of {name} with the default epsilon of 1/4 is {expected}; got {found}"


def test_mixing_time_when_the_distance_is_small_from_the_start():
    matrix = np.array([[0.75, 0.25], [0.25, 0.75]])  # d(t) is half of 2^-t
    for epsilon, expected in ((0.501, 0), (0.499, 1), (0.2501, 1), (0.2499, 2), (0.001954, 8), (0.001953, 9), (0.9, 0)):
        found = mixing_time(matrix, epsilon)
        assert found == expected, f"where d(t) = 2^-t / 2, mixing_time(..., {epsilon}) is {expected}, got {found}"
    assert mixing_time(np.ones((1, 1))) == 0, "a single state is stationary from the start"
    assert mixing_time(np.full((3, 3), 1 / 3)) == 1, "equal rows are stationary after one step"


def test_mixing_time_is_that_of_the_worst_start():
    # from 0 it takes long, from 2 it is at once where it should be
    matrix = np.array([[0.98, 0.02, 0.0], [0.0, 0.0, 1.0], [0.001, 0.001, 0.998]])
    expected = slowly(matrix, 0.25)
    found = mixing_time(matrix)
    assert found == expected, f"mixing_time of a chain with one slow start is {expected}, got {found}"
    transient = np.array([[0.9, 0.1, 0.0], [0.0, 0.3, 0.7], [0.0, 0.6, 0.4]])
    expected = slowly(transient, 0.25)
    found = mixing_time(transient)
    assert found == expected, f"mixing_time with a transient state to start in is {expected}, got {found}"


def test_mixing_time_of_millions_of_steps():
    for a, b in ((1e-6, 3e-6), (2e-8, 1e-8)):
        matrix = np.array([[1 - a, a], [b, 1 - b]])
        for epsilon in (0.25, 0.001):
            expected = log(epsilon * (a + b) / max(a, b)) / np.log1p(-a - b)
            found = mixing_time(matrix, epsilon)
            call = f"mixing_time of two states that swap with {a:g} and {b:g}, epsilon={epsilon},"
            assert found is not None and abs(found - expected) < 1e-4 * expected, (
                f"{call} is near {expected:.0f}; got {found}"
            )


def test_mixing_time_gives_up():
    lazy = 0.5 * np.eye(34) + 0.5 * normalised(karate())
    needed = slowly(lazy, 0.05)
    for max_steps in (1, 2, needed - 1):
        found = mixing_time(lazy, 0.05, max_steps=max_steps)
        assert found is None, (
            f"{needed} steps are needed; mixing_time(max_steps={max_steps}) should be None, got {found}"
        )
    for max_steps in (needed, needed + 1, 10 * needed):
        found = mixing_time(lazy, 0.05, max_steps=max_steps)
        assert found == needed, f"{needed} steps are needed; mixing_time(max_steps={max_steps}) returned {found}"
    found = mixing_time(ring(6, 0.4))
    assert found is None, f"a ring of 6 has the period 2 and never mixes; got {found}"


@pytest.mark.given
def test_mixing_time_refuses_what_it_cannot_use():
    for epsilon in (0.0, 1e-7, 1.0, np.nan):
        with pytest.raises(ValueError, match="epsilon"):
            mixing_time(ring(5, 0.5), epsilon)
    with pytest.raises(ValueError, match="max_steps"):
        mixing_time(ring(5, 0.5), max_steps=0)


# spectral_gap


def test_spectral_gap_in_closed_form():
    for n in (4, 7):
        complete = (np.ones((n, n)) - np.eye(n)) / (n - 1)
        assert_close(
            spectral_gap(frozen(complete)), 1 - 1 / (n - 1), f"spectral_gap of {n} states that all meet", "-1 / (n - 1)"
        )
        lazy = 0.5 * np.eye(n) + 0.5 * ring(n, 0.5)
        assert_close(
            spectral_gap(lazy), (1 - np.cos(2 * np.pi / n)) / 2, f"spectral_gap of a lazy ring of {n}", "cos(2 pi / n)"
        )
    for a, b in ((0.3, 0.1), (0.9, 0.8)):
        found = spectral_gap(np.array([[1 - a, a], [b, 1 - b]]))
        assert_close(found, 1 - abs(1 - a - b), f"spectral_gap of two states, {a} and {b},", "the eigenvalue 1 - a - b")
    assert_close(
        spectral_gap(ring(7, 0.5)),
        1 - np.cos(np.pi / 7),
        "spectral_gap of a ring of 7",
        "(11): -cos(pi / 7) is largest",
    )


def test_spectral_gap_is_that_of_the_eigenvalues(rng):
    weights = rng.random((12, 12)) ** 5
    for name, matrix in (
        ("the karate club", normalised(karate())),
        ("random weights", normalised(weights + weights.T)),
    ):
        values = np.sort(abs(np.linalg.eigvals(matrix)))
        found = spectral_gap(frozen(matrix))
        assert_close(
            found, 1 - values[-2], f"spectral_gap of {name}", "numpy.linalg.eigvals, (11)", rtol=1e-7, atol=1e-10
        )
    up, down = 0.02, 0.4
    birth = np.diag(np.full(11, up), 1) + np.diag(np.full(11, down), -1)
    birth += np.diag(1 - birth.sum(axis=1))
    expected = up + down - 2 * np.sqrt(up * down) * np.cos(np.pi / 12)
    assert_close(spectral_gap(birth), expected, "spectral_gap of births and deaths", "its known eigenvalues", rtol=1e-8)


def test_spectral_gap_of_one_state_and_of_a_period():
    assert_close(spectral_gap(np.ones((1, 1))), 1.0, "spectral_gap of a single state", "the docstring")
    assert_close(
        spectral_gap(ring(8, 0.5)), 0.0, "spectral_gap of a ring of 8", "(11): -1 is an eigenvalue", atol=1e-12
    )


def test_spectral_gap_bounds_the_mixing_time(rng):
    weights = rng.random((9, 9)) ** 6
    chains = [0.5 * np.eye(34) + 0.5 * normalised(karate()), ring(9, 0.5), normalised(weights + weights.T)]
    for matrix in chains:
        for epsilon in (0.25, 0.01):
            low, high = mixing_bounds(matrix, epsilon)
            slowness = 1 / spectral_gap(matrix)
            assert_close(
                low, (slowness - 1) * log(1 / (2 * epsilon)), "mixing_bounds: the lower", "equation (12)", atol=1e-12
            )
            t = slowly(matrix, epsilon)
            assert low <= t <= high + 1, (
                f"{len(matrix)} states: the mixing time {t} is not between {low:.2f} and {high:.2f}"
            )


@pytest.mark.given
def test_spectral_gap_refuses_what_is_not_reversible():
    for matrix in (ring(5, 0.6), np.array([[0.5, 0.5], [0.0, 1.0]])):
        with pytest.raises(ValueError, match="matrix"):
            spectral_gap(matrix)


# pagerank


def web():
    """Seven pages: page 6 has no links, page 4 links to itself, and nobody links to page 5."""
    links = np.zeros((7, 7))
    for i, j, weight in ((0, 1, 2.0), (0, 2, 1.0), (1, 2, 1.0), (2, 0, 3.0), (2, 3, 0.5), (3, 4, 1.0), (4, 3, 1.0), (4, 4, 2.0),
                         (5, 0, 1.0), (5, 6, 1.5)):  # fmt: skip
        links[i, j] = weight
    return links


def test_pagerank_agrees_with_networkx():
    found = pagerank(frozen(web()), tol=1e-13)
    expected = [
        0.159335949751,
        0.116530203591,
        0.17043569088,
        0.144277281633,
        0.343558895661,
        0.026239832065,
        0.039622146418,
    ]
    assert_close(found.ranks, expected, "pagerank of seven pages", "networkx.pagerank", atol=1e-11)
    restart = frozen([1.0, 0, 0, 0, 0, 3.0, 0])
    found = pagerank(web(), damping=0.6, restart=restart, tol=1e-13)
    expected = [
        0.265279574707,
        0.106111829883,
        0.116723012871,
        0.012506037093,
        0.012506037093,
        0.35799522673,
        0.128878281623,
    ]
    call = "pagerank with damping 0.6, restarts at pages 0 and 5,"
    assert_close(found.ranks, expected, call, "networkx.pagerank with personalization", atol=1e-11)


def test_pagerank_solves_its_equation(rng):
    links = rng.random((40, 40)) * (rng.random((40, 40)) < 0.08)
    links[rng.permutation(40)[:7]] = 0.0
    for damping in (0.0, 0.5, 0.9):
        restart = rng.random(40)
        v = restart / restart.sum()
        rows = np.array([row / row.sum() if row.any() else v for row in links])
        expected = np.linalg.solve(np.eye(40) - damping * rows.T, (1 - damping) * v)
        found = pagerank(links, damping=damping, restart=restart, tol=1e-13)
        call = f"pagerank of 40 pages, damping={damping},"
        assert found.success, f"{call} should succeed"
        assert_close(found.ranks, expected, call, "the linear system of (13)", rtol=1e-9, atol=1e-12)
        assert_close(found.ranks.sum(), 1.0, f"the sum of the ranks of {call}", "they are a distribution")


def test_pagerank_stops_when_a_step_changes_little():
    links, v = web(), np.full(7, 1 / 7)
    rows = np.array([row / row.sum() if row.any() else v for row in links])
    for tol in (1e-2, 1e-6):
        x, nit, change = v, 0, 1.0
        while change > tol:
            following = 0.85 * x @ rows + 0.15 * v
            x, nit, change = following, nit + 1, abs(following - x).sum()
        found = pagerank(links, tol=tol)
        assert found.nit == nit and found.success, f"pagerank(tol={tol}) takes {nit} steps; it made {found.nit}"
        assert_close(found.ranks, x, f"pagerank(tol={tol}).ranks", "the last step", rtol=1e-9)
        less = pagerank(links, tol=tol, max_iter=nit - 1)
        assert not less.success and less.nit == nit - 1, (
            f"with max_iter={nit - 1}: success {less.success}, {less.nit} steps"
        )
        just = pagerank(links, tol=tol, max_iter=nit)
        assert just.success and just.nit == nit, f"with max_iter={nit}: success {just.success}, {just.nit} steps"
        best = np.linalg.solve(np.eye(7) - 0.85 * rows.T, 0.15 * v)
        off = abs(found.ranks - best).sum()
        assert off <= 0.85 / 0.15 * tol, f"pagerank(tol={tol}) is off by {off:.2g}; (14) allows {0.85 / 0.15 * tol:.2g}"


def test_pagerank_of_pages_without_any_links():
    found = pagerank(np.zeros((4, 4)))
    assert_close(found.ranks, np.full(4, 0.25), "pagerank of four pages without links", "all begin anew always")
    assert found.success and found.nit == 1, (
        f"one step, which changes nothing; success {found.success}, {found.nit} steps"
    )
    found = pagerank(np.zeros((3, 3)), restart=np.array([2.0, 0.0, 6.0]))
    assert_close(found.ranks, [0.25, 0.0, 0.75], "pagerank without links, restart=[2, 0, 6],", "v")


@pytest.mark.given
def test_pagerank_refuses_what_it_cannot_use():
    for name, links, options in (
        ("links", np.ones((2, 3)), {}),
        ("links", np.array([[0.0, -1.0], [1.0, 0.0]]), {}),
        ("links", np.array([[0.0, np.inf], [1.0, 0.0]]), {}),
        ("restart", np.ones((2, 2)), {"restart": np.ones(3)}),
        ("restart", np.ones((2, 2)), {"restart": np.zeros(2)}),
        ("damping", np.ones((2, 2)), {"damping": 1.0}),
        ("tol", np.ones((2, 2)), {"tol": -1.0}),
        ("max_iter", np.ones((2, 2)), {"max_iter": 0}),
    ):
        with pytest.raises(ValueError, match=name):
            pagerank(links, **options)
