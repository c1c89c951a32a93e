"""Shared tests of bayes/gibbs/ising: run on the reference, and on the learner's file.

Small grids are enumerated, so that most is exact. Chance enters through checks that a right solution fails with a probability of
1e-8 each, over independent chains, whatever the order of its random numbers: some 30 of them, 3e-7 together.
"""

import numpy as np
import pytest
from scipy import integrate
from sklearn.datasets import load_digits

from mlpath.bayes.gibbs.ising import (
    all_grids,
    denoise,
    log_partition,
    log_weight,
    neighbour_sum,
    probability_up,
    sweep,
    swendsen_wang,
    update_matrix,
)
from mlpath.testing import assert_close, assert_frequencies, assert_frequency, assert_mean

N = 20_000


@pytest.fixture
def rng():
    return np.random.default_rng(20250204)


GRID = np.array([[1, -1, -1, 1, 1], [-1, -1, 1, -1, 1], [1, 1, 1, 1, -1]])
FIELD = np.array([[0.3, -0.2, 0.0, 0.7, -0.5], [0.1, 0.4, -0.9, 0.2, 0.6], [-0.3, 0.8, 0.25, -0.1, 0.05]])


def neighbours(row, column, height, width, periodic):
    """The sites beside one, one by one."""
    found = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
    if periodic:
        return [(r % height, c % width) for r, c in found]
    return [(r, c) for r, c in found if 0 <= r < height and 0 <= c < width]


def by_loops(spins, coupling, field, periodic):
    """Equation (1), pair by pair: to the right and below of each site."""
    height, width = spins.shape
    field = np.broadcast_to(field, spins.shape)
    total = 0.0
    for r in range(height):
        for c in range(width):
            total += field[r, c] * spins[r, c]
            for below, right in ((r + 1, c), (r, c + 1)):
                if periodic or (below < height and right < width):
                    total += coupling * spins[r, c] * spins[below % height, right % width]
    return total


def pairs(grids, *, periodic):
    """The sum of s_i s_j over pairs, of all grids at once."""
    below, right = grids * np.roll(grids, -1, 1), grids * np.roll(grids, -1, 2)
    if not periodic:
        below, right = below[:, :-1], right[:, :, :-1]
    return below.sum(axis=(1, 2)) + right.sum(axis=(1, 2))


def probabilities(grids, coupling, field=0.0, *, periodic=False):
    w = coupling * pairs(grids, periodic=periodic) + (field * grids).sum(axis=(1, 2))
    p = np.exp(w - w.max())
    return p / p.sum()


def number_of(spins):
    """The number that `all_grids` gives each grid."""
    n_sites = spins.shape[1] * spins.shape[2]
    return (spins.reshape(len(spins), -1) > 0) @ (1 << np.arange(n_sites))


# all_grids, which is given


@pytest.mark.given
def test_all_grids_are_numbered_by_their_bits():
    grids = all_grids(2, 3)
    assert np.array_equal(number_of(grids), np.arange(64)), "all_grids(2, 3) is not in the order of its bits"
    for height, width in ((0, 2), (4, 5)):
        with pytest.raises(ValueError, match="height times width must"):
            all_grids(height, width)


# neighbour_sum


def test_neighbour_sum_with_a_free_boundary():
    found = neighbour_sum(GRID[None], periodic=False)[0]
    expected = np.array([[-2, -1, 1, -1, 2], [1, 0, -2, 4, -1], [0, 1, 3, -1, 2]])
    assert_close(found, expected, f"neighbour_sum({GRID.tolist()}, periodic=False)", "counting")


def test_neighbour_sum_with_a_periodic_boundary():
    found = neighbour_sum(GRID[None], periodic=True)[0]
    expected = np.array([[0, 0, 2, 0, 2], [2, 0, -2, 4, -2], [0, 0, 2, 0, 4]])
    assert_close(found, expected, f"neighbour_sum({GRID.tolist()}, periodic=True)", "counting")


@pytest.mark.parametrize("periodic", [False, True], ids=["free", "periodic"])
def test_neighbour_sum_of_several_grids(periodic, rng):
    spins = rng.choice([-1, 1], (4, 3, 7))
    expected = np.array(
        [
            [[sum(grid[s] for s in neighbours(r, c, 3, 7, periodic)) for c in range(7)] for r in range(3)]
            for grid in spins
        ]
    )
    found = neighbour_sum(spins, periodic=periodic)
    assert_close(found, expected, f"neighbour_sum(4 grids of 3 by 7, {periodic=})", "site by site")


@pytest.mark.parametrize("shape", [(2, 1, 1), (1, 1, 5), (3, 4, 1)])
def test_neighbour_sum_of_a_single_row_column_or_site(shape, rng):
    spins = rng.choice([-1, 1], shape)
    found = neighbour_sum(spins, periodic=False)
    expected = np.array(
        [
            [
                [sum(grid[s] for s in neighbours(r, c, *shape[1:], False)) for c in range(shape[2])]
                for r in range(shape[1])
            ]
            for grid in spins
        ]
    )
    assert_close(found, expected, f"neighbour_sum of shape {shape}, periodic=False", "site by site")


def test_neighbour_sum_of_small_integers_does_not_overflow_and_leaves_them_alone():
    spins = np.ones((2, 4, 4), dtype=np.int8)
    found = neighbour_sum(spins, periodic=True)
    assert_close(found, np.full((2, 4, 4), 4), "neighbour_sum(all up, int8, periodic=True)", "four neighbours")
    neighbour_sum(spins, periodic=False)
    assert (spins == 1).all(), "neighbour_sum changed its argument spins"


@pytest.mark.given
@pytest.mark.parametrize("spins", [np.ones((3, 3), int), np.zeros((1, 3, 3), int), np.ones((0, 3, 3), int)])
def test_neighbour_sum_refuses_what_are_no_grids(spins):
    with pytest.raises(ValueError, match="spins must"):
        neighbour_sum(spins, periodic=False)


@pytest.mark.given
def test_neighbour_sum_refuses_a_periodic_grid_of_two_rows():
    with pytest.raises(ValueError, match="spins must have 3"):
        neighbour_sum(np.ones((1, 2, 3), int), periodic=True)


# log_weight


def test_log_weight_of_a_small_grid():
    # Side by side: -1; 1 - 1 ... in the rows (1, -1, -1) and (1, 1, 1): 0 and 2; above each other 1 - 1 - 1; in all 1.
    found = log_weight(np.array([[[1, -1, -1], [1, 1, 1]]]), coupling=2.0, field=0.25, periodic=False)
    assert_close(found, np.array([2.5]), "log_weight([[1, -1, -1], [1, 1, 1]], coupling=2, field=0.25)", "equation (1)")


@pytest.mark.parametrize("periodic", [False, True], ids=["free", "periodic"])
@pytest.mark.parametrize("coupling", [0.7, -1.3])
def test_log_weight_counts_every_pair_once(coupling, periodic, rng):
    spins = rng.choice([-1, 1], (6, 3, 5))
    found = log_weight(spins, coupling=coupling, periodic=periodic)
    expected = np.array([by_loops(grid, coupling, 0.0, periodic) for grid in spins])
    assert_close(
        found, expected, f"log_weight(6 grids of 3 by 5, {coupling=}, {periodic=})", "equation (1)", atol=1e-12
    )


@pytest.mark.parametrize("periodic", [False, True], ids=["free", "periodic"])
@pytest.mark.parametrize("field", [0.4, FIELD], ids=["one field", "a field a site"])
def test_log_weight_adds_the_field(field, periodic, rng):
    spins = rng.choice([-1, 1], (6, 3, 5))
    found = log_weight(spins, coupling=0.8, field=field, periodic=periodic)
    expected = np.array([by_loops(grid, 0.8, field, periodic) for grid in spins])
    assert_close(found, expected, f"log_weight(..., field, {periodic=})", "equation (1)", atol=1e-12)


@pytest.mark.given
@pytest.mark.parametrize(("coupling", "field", "name"), [(np.nan, 0.0, "coupling"), (1.0, np.inf, "field")])
def test_log_weight_refuses_a_model_that_is_not_finite(coupling, field, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        log_weight(GRID[None], coupling=coupling, field=field, periodic=False)


# probability_up


def test_probability_up_of_a_single_row():
    found = probability_up(np.array([[[1, 1, -1]]]), coupling=0.5, field=0.25, periodic=False)
    # Neighbours: 1; 1 - 1; 1.
    expected = 1 / (1 + np.exp(-np.array([[[1.5, 0.5, 1.5]]])))
    assert_close(found, expected, "probability_up([[1, 1, -1]], coupling=0.5, field=0.25)", "equation (2)")


@pytest.mark.parametrize("periodic", [False, True], ids=["free", "periodic"])
@pytest.mark.parametrize("coupling", [0.7, -1.3])
def test_probability_up_compares_the_grid_with_the_spin_up_and_down(coupling, periodic, rng):
    spins = rng.choice([-1, 1], (2, 3, 5))
    found = probability_up(spins, coupling=coupling, field=FIELD, periodic=periodic)
    for g, r, c in [(0, 0, 0), (0, 1, 2), (0, 2, 4), (1, 0, 3), (1, 1, 0), (1, 2, 1)]:
        up, down = spins[g].copy(), spins[g].copy()
        up[r, c], down[r, c] = 1, -1
        gain = by_loops(up, coupling, FIELD, periodic) - by_loops(down, coupling, FIELD, periodic)
        call = f"probability_up(...)[{g}, {r}, {c}] for {coupling=}, {periodic=}"
        assert_close(found[g, r, c], 1 / (1 + np.exp(-gain)), call, "equation (1), up over up and down", rtol=1e-8)


def test_probability_up_does_not_look_at_the_spin_itself():
    other = GRID.copy()
    other[1, 2] *= -1
    found = probability_up(other[None], coupling=0.9, field=FIELD, periodic=False)[0, 1, 2]
    expected = probability_up(GRID[None], coupling=0.9, field=FIELD, periodic=False)[0, 1, 2]
    assert_close(found, expected, "probability_up(...)[0, 1, 2] after that spin was flipped", "that before")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [500.0, 1e8])
def test_probability_up_survives_large_couplings_and_fields(size):
    spins = np.array([[[1, 1, 1, 1], [-1, -1, -1, -1]]])
    found = probability_up(spins, coupling=size, periodic=False)
    expected = np.array([[[0.5, 1, 1, 0.5], [0.5, 0, 0, 0.5]]])
    assert_close(found, expected, f"probability_up(..., coupling={size:g})", "equation (2)", atol=1e-12)
    found = probability_up(spins, coupling=0.3, field=-size, periodic=False)
    assert_close(found, np.zeros((1, 2, 4)), f"probability_up(..., field={-size:g})", "equation (2)", atol=1e-12)


# update_matrix


def test_update_matrix_of_two_spins():
    found = update_matrix(2, 1, 0, 0, coupling=0.5, field=0.25, periodic=False)
    down, up = 1 / (1 + np.exp([0.5, -1.5]))  # with the other down, and up
    expected = np.array([[1 - down, down, 0, 0]] * 2 + [[0, 0, 1 - up, up]] * 2)
    call = "update_matrix(2, 1, row=0, column=0, coupling=0.5, field=0.25)"
    assert_close(found, expected, call, "equation (3)", atol=1e-14)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 0), (0, 2), (1, 1)])
def test_update_matrix_is_in_detailed_balance(row, column):
    matrix = update_matrix(2, 3, row, column, coupling=0.6, field=FIELD[:2, :3], periodic=False)
    p = probabilities(all_grids(2, 3), 0.6, FIELD[:2, :3])
    traffic = p[:, None] * matrix
    call = f"the traffic between all grids by update_matrix(2, 3, {row}, {column})"
    assert_close(traffic, traffic.T, call, "detailed balance, after equation (3)", rtol=1e-12, atol=1e-15)
    assert_close(matrix.sum(axis=1), np.ones(64), f"the row sums of update_matrix(2, 3, {row}, {column})", "(3)")


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 0), (0, 2)])
def test_update_matrix_changes_its_site_alone(row, column):
    matrix = update_matrix(2, 3, row, column, coupling=0.6, field=0.1, periodic=False)
    grids = all_grids(2, 3)
    i, j = np.nonzero(matrix)
    changed = (grids[i] != grids[j]).any(axis=0)
    expected = np.zeros((2, 3), bool)
    expected[row, column] = True
    call = f"where update_matrix(2, 3, row={row}, column={column}) changes spins"
    assert_close(changed, expected, call, "equation (3)")


def test_update_matrix_knows_the_periodic_boundary():
    matrix = update_matrix(3, 3, 0, 1, coupling=0.4, field=-0.2, periodic=True)
    p = probabilities(all_grids(3, 3), 0.4, -0.2, periodic=True)
    assert_close(p @ matrix, p, "pi K of update_matrix(3, 3, 0, 1, periodic=True)", "pi", rtol=1e-11)


@pytest.mark.given
@pytest.mark.parametrize(
    ("arguments", "name"),
    [((4, 4, 0, 0), "height"), ((2, 3, 2, 0), "row"), ((2, 3, 0, 3), "row"), ((2, 3, -1, 0), "row")],
)
def test_update_matrix_refuses_large_grids_and_sites_that_are_not_there(arguments, name):
    with pytest.raises(ValueError, match=f"{name} "):
        update_matrix(*arguments, coupling=1.0, periodic=False)


# sweep


def one_colour(height, width, turn, coupling, field, periodic=False):
    """The kernel of drawing all spins of one colour, site by site: they are independent given the others."""
    grids, matrix = all_grids(height, width), np.eye(2 ** (height * width))
    number = np.arange(len(grids))
    field = np.broadcast_to(field, (height, width))
    for r in range(height):
        for c in range(width):
            if (r + c) % 2 == turn:
                n = sum(grids[:, a, b] for a, b in neighbours(r, c, height, width, periodic))
                up = 1 / (1 + np.exp(-2 * (coupling * n + field[r, c])))
                bit = 1 << (r * width + c)
                update = np.zeros_like(matrix)
                update[number, number | bit], update[number, number & ~bit] = up, 1 - up
                matrix = matrix @ update
    return matrix


@pytest.mark.parametrize("start", [0, 21, 38])
def test_sweep_draws_the_black_spins_and_then_the_white_ones(start, rng):
    field = FIELD[:2, :3]
    kernel = one_colour(2, 3, 0, 0.8, field) @ one_colour(2, 3, 1, 0.8, field)
    spins = np.repeat(all_grids(2, 3)[start : start + 1], N, axis=0)
    found = sweep(spins, coupling=0.8, field=field, periodic=False, rng=rng)
    counts = np.bincount(number_of(found), minlength=64)
    call = f"the numbers of the grids that sweep makes of number {start}"
    assert_frequencies(counts, kernel[start], call, "equation (2) for black, then for white")


def test_sweep_leaves_the_distribution_as_it_is(rng):
    p = probabilities(all_grids(3, 2), 0.7, 0.15)
    spins = all_grids(3, 2)[rng.choice(64, N, p=p)]
    for _ in range(3):
        spins = sweep(spins, coupling=0.7, field=0.15, periodic=False, rng=rng)
    counts = np.bincount(number_of(spins), minlength=64)
    assert_frequencies(counts, p, "grids of 3 by 2 after three sweeps from exact draws", "equation (1)")


def test_sweep_of_a_periodic_grid(rng):
    start = np.array([[1, -1, -1, 1], [-1, -1, 1, -1], [1, 1, 1, 1], [1, -1, 1, 1]])
    spins = np.repeat(start[None], N, axis=0)
    found = sweep(spins, coupling=0.6, field=0.1, periodic=True, rng=rng)
    for r, c in [(0, 0), (3, 3), (1, 3), (2, 0)]:
        n = sum(start[s] for s in neighbours(r, c, 4, 4, True))
        p = 1 / (1 + np.exp(-2 * (0.6 * n + 0.1)))
        count = np.count_nonzero(found[:, r, c] == 1)
        assert_frequency(count, N, p, f"spins up at [{r}, {c}], which is black, after a sweep", "equation (2)")


def test_sweep_draws_spins_of_one_colour_by_themselves(rng):
    found = sweep(np.ones((N, 3, 3), int), coupling=0.0, periodic=False, rng=rng)
    for (r, c), (a, b) in [((0, 0), (1, 1)), ((0, 1), (1, 0)), ((0, 2), (2, 2)), ((0, 0), (0, 1))]:
        same = np.count_nonzero(found[:, r, c] == found[:, a, b])
        call = f"grids in which the spins at [{r}, {c}] and [{a}, {b}] agree after a sweep with coupling=0"
        assert_frequency(same, N, 0.5, call, "independence")


def test_sweep_gives_every_chain_random_numbers_of_its_own(rng):
    found = sweep(np.ones((N, 3, 4), int), coupling=0.3, field=-0.4, periodic=False, rng=rng)
    kinds = len(np.unique(number_of(found)))
    assert kinds > 500, f"sweep made only {kinds} different grids of {N} equal ones"


def test_sweep_returns_spins_and_leaves_its_argument_alone(rng):
    spins = np.repeat(GRID[None], 3, axis=0)
    found = sweep(spins, coupling=0.5, periodic=False, rng=rng)
    assert found.shape == (3, 3, 5), f"sweep of shape (3, 3, 5) returned shape {found.shape}"
    assert (abs(found) == 1).all(), f"sweep returned spins {np.unique(found)}; they are 1 and -1"
    assert (spins == GRID).all(), "sweep changed the grids that it was given"


def test_sweep_lets_the_white_spins_see_the_new_black_ones(rng):
    # The black spins follow their field for sure, and the white ones then follow the black ones.
    black = np.indices((4, 5)).sum(axis=0) % 2 == 0
    found = sweep(-np.ones((3, 4, 5), int), coupling=10.0, field=np.where(black, 90.0, 0.0), periodic=False, rng=rng)
    share = (found[:, black] == 1).mean()
    assert share == 1, f"after sweep {share:.0%} of the black spins are up, which a field of 90 asks for"
    share = (found[:, ~black] == 1).mean()
    assert share == 1, f"after sweep {share:.0%} of the white spins are up, though all their neighbours now are"


@pytest.mark.given
@pytest.mark.parametrize("shape", [(1, 3, 4), (1, 4, 5)])
def test_sweep_refuses_a_periodic_grid_of_odd_sides(shape, rng):
    with pytest.raises(ValueError, match="spins must have even"):
        sweep(np.ones(shape, int), coupling=1.0, periodic=True, rng=rng)


# swendsen_wang


@pytest.mark.parametrize(("periodic", "height", "width"), [(False, 2, 3), (True, 3, 3)], ids=["free", "periodic"])
def test_swendsen_wang_leaves_the_distribution_as_it_is(periodic, height, width, rng):
    grids = all_grids(height, width)
    p = probabilities(grids, 0.5, periodic=periodic)
    spins = grids[rng.choice(len(p), N, p=p)]
    for _ in range(2):
        spins = swendsen_wang(spins, coupling=0.5, periodic=periodic, rng=rng)
    counts = np.bincount(number_of(spins), minlength=len(p))
    call = f"grids of {height} by {width} after two steps of swendsen_wang(coupling=0.5, {periodic=}) from exact draws"
    assert_frequencies(counts, p, call, "equation (1)")


def agreement(found, a, b):
    return np.count_nonzero(found[(slice(None), *a)] == found[(slice(None), *b)])


@pytest.mark.parametrize("coupling", [0.2, 1.1])
@pytest.mark.parametrize("shape", [(1, 2), (2, 1)], ids=["side by side", "above each other"])
def test_swendsen_wang_opens_bonds_with_the_probability_of_equation_4(shape, coupling, rng):
    found = swendsen_wang(np.ones((N, *shape), int), coupling=coupling, periodic=False, rng=rng)
    # With an open bond they agree, otherwise in half of the cases.
    p = 1 - np.exp(-2 * coupling)
    call = f"pairs that agree after swendsen_wang(two spins up, of shape {shape}, {coupling=})"
    assert_frequency(agreement(found, (0, 0), (-1, -1)), N, p + (1 - p) / 2, call, "equation (4)")


def test_swendsen_wang_opens_no_bond_between_different_spins(rng):
    found = swendsen_wang(np.tile([[-1], [1]], (N, 1, 1)), coupling=3.0, periodic=False, rng=rng)
    call = "pairs that agree after swendsen_wang([[-1], [1]], coupling=3)"
    assert_frequency(agreement(found, (0, 0), (1, 0)), N, 0.5, call, "two clusters")


@pytest.mark.parametrize("periodic", [False, True], ids=["free", "periodic"])
def test_swendsen_wang_turns_clusters_as_a_whole(periodic, rng):
    # With this coupling all bonds between equal spins are open.
    spins = np.array([[1, -1, -1, 1], [1, 1, -1, -1], [-1, 1, -1, 1]])
    found = swendsen_wang(np.repeat(spins[None], 400, axis=0), coupling=200.0, periodic=periodic, rng=rng)
    # Free: six plus spins at the left, two of them alone at the right; the minus spins in the middle, and one alone.
    label = np.array([[0, 1, 1, 2], [0, 0, 1, 1], [3, 0, 1, 4]])
    if periodic:  # the first and last columns touch, as do the first and last rows
        label = np.array([[0, 1, 1, 0], [0, 0, 1, 1], [2, 0, 1, 0]])
    for k in range(label.max() + 1):
        part = found[:, label == k]
        assert (part == part[:, :1]).all(), f"swendsen_wang tore the cluster {np.argwhere(label == k).tolist()} apart"
    first = [found[:, label == k][:, 0] for k in range(label.max() + 1)]
    for k in range(1, len(first)):
        share = (first[k] == first[0]).mean()
        assert 0.2 < share < 0.8, f"clusters 0 and {k} of swendsen_wang agree in {share:.0%} of the chains"


def test_swendsen_wang_gives_each_cluster_a_fair_coin(rng):
    found = swendsen_wang(np.ones((N, 2, 2), int), coupling=200.0, periodic=False, rng=rng)
    up = np.count_nonzero(found[:, 0, 0] == 1)
    assert_frequency(up, N, 0.5, "grids that are up after swendsen_wang(all up, coupling=200)", "a fair coin")


def test_swendsen_wang_without_coupling_draws_every_spin_by_itself(rng):
    found = swendsen_wang(np.ones((N, 2, 3), int), coupling=0.0, periodic=False, rng=rng)
    counts = np.bincount(number_of(found), minlength=64)
    assert_frequencies(counts, np.full(64, 1 / 64), "grids after swendsen_wang(all up, coupling=0)", "equation (4)")


def test_swendsen_wang_keeps_chains_apart(rng):
    found = swendsen_wang(np.ones((300, 3, 4), int), coupling=200.0, periodic=True, rng=rng)
    share = (found[:, 0, 0] == 1).mean()
    assert 0.2 < share < 0.8, f"after swendsen_wang(300 chains, coupling=200) {share:.0%} of the chains are up"


@pytest.mark.parametrize("periodic", [False, True], ids=["free", "periodic"])
def test_swendsen_wang_has_the_energy_that_follows_from_the_partition_function(periodic, rng):
    grids = all_grids(3, 4)
    p = probabilities(grids, 0.4, periodic=periodic)
    start = grids[rng.choice(len(p), 5000, p=p)]
    found = swendsen_wang(start, coupling=0.4, periodic=periodic, rng=rng)
    energy = pairs(grids, periodic=periodic)
    call = f"the sum over pairs after swendsen_wang(3 by 4, coupling=0.4, {periodic=})"
    assert_mean(energy[number_of(found)], p @ energy, call, "equation (1)")


def test_swendsen_wang_leaves_its_argument_alone(rng):
    spins = np.repeat(GRID[None], 3, axis=0)
    found = swendsen_wang(spins, coupling=0.5, periodic=False, rng=rng)
    assert found.shape == (3, 3, 5), f"swendsen_wang of shape (3, 3, 5) returned shape {found.shape}"
    assert (spins == GRID).all(), "swendsen_wang changed the grids that it was given"


@pytest.mark.given
@pytest.mark.parametrize("coupling", [-0.1, np.nan, np.inf])
def test_swendsen_wang_refuses_a_coupling_below_zero(coupling, rng):
    with pytest.raises(ValueError, match="coupling must"):
        swendsen_wang(GRID[None], coupling=coupling, periodic=False, rng=rng)


# log_partition


def test_log_partition_of_two_spins():
    # Up up, down down, and twice one of each.
    expected = np.log(np.exp(0.7 + 0.6) + np.exp(0.7 - 0.6) + 2 * np.exp(-0.7))
    for height, width in ((2, 1), (1, 2)):
        found = log_partition(height, width, coupling=0.7, field=0.3, periodic=False)
        assert_close(found, expected, f"log_partition({height}, {width}, coupling=0.7, field=0.3)", "equation (1)")


@pytest.mark.parametrize("coupling", [0.4, -0.9])
@pytest.mark.parametrize(
    ("height", "width", "periodic"),
    [(2, 4, False), (4, 2, False), (3, 4, True), (4, 3, True), (1, 5, False), (5, 1, False)],
)
def test_log_partition_agrees_with_the_sum_over_all_grids(height, width, periodic, coupling):
    grids = all_grids(height, width)
    w = coupling * pairs(grids, periodic=periodic) + 0.25 * grids.sum(axis=(1, 2))
    found = log_partition(height, width, coupling=coupling, field=0.25, periodic=periodic)
    call = f"log_partition({height}, {width}, {coupling=}, field=0.25, {periodic=})"
    assert_close(found, np.log(np.exp(w).sum()), call, "the sum over all grids", rtol=1e-9)


def test_log_partition_of_a_tall_grid_is_nearly_onsagers():
    beta = 0.2

    def inside(a, b):
        return np.log(np.cosh(2 * beta) ** 2 - np.sinh(2 * beta) * (np.cos(a) + np.cos(b)))

    expected = np.log(2) + integrate.dblquad(inside, 0, np.pi, 0, np.pi, epsabs=1e-6)[0] / (2 * np.pi**2)
    found = log_partition(60, 5, coupling=beta, periodic=True) / 300
    call = "log_partition(60, 5, coupling=0.2, periodic=True) a site"
    assert_close(
        found, expected, call, "Onsager's integral", rtol=2e-3, tolerance="five columns are not infinitely many"
    )


@pytest.mark.filterwarnings("error")
def test_log_partition_does_not_overflow():
    found = log_partition(50, 4, coupling=300.0, periodic=False)
    # Two grids agree everywhere, in 49 * 4 + 50 * 3 pairs.
    call = "log_partition(50, 4, coupling=300, periodic=False)"
    assert_close(found, 300 * 346 + np.log(2), call, "the two grids that count", rtol=1e-12)
    found = log_partition(50, 4, coupling=-300.0, periodic=True)
    call = "log_partition(50, 4, coupling=-300, periodic=True)"
    assert_close(found, 300 * 400 + np.log(2), call, "the two chequerboards", rtol=1e-12)


@pytest.mark.given
@pytest.mark.parametrize(("height", "width", "periodic"), [(0, 2, False), (2, 8, False), (2, 4, True), (4, 2, True)])
def test_log_partition_refuses_sizes_that_it_cannot_do(height, width, periodic):
    with pytest.raises(ValueError, match="height and width must"):
        log_partition(height, width, coupling=1.0, periodic=periodic)


# denoise

NOISY = np.array([[1, -1, 1, 1], [1, 1, -1, 1], [-1, -1, -1, 1]])


def exact_marginals(noisy, flip, coupling):
    grids = all_grids(*noisy.shape)
    seen = np.where(grids == noisy, 1 - flip, flip).prod(axis=(1, 2))
    posterior = probabilities(grids, coupling) * seen
    return (posterior[:, None, None] * (grids == 1)).sum(axis=0) / posterior.sum()


@pytest.mark.parametrize(("flip", "coupling"), [(0.2, 0.4), (0.7, 0.25)])
def test_denoise_estimates_the_posterior_of_each_pixel(flip, coupling, rng):
    found = denoise(NOISY, flip=flip, coupling=coupling, n_chains=3000, n_sweeps=20, rng=rng)
    # By Hoeffding, the mean over 3000 independent chains of a share is within 0.062, but for odds of 1e-9 a pixel; and after
    # 10 sweeps of twelve weakly coupled spins the start is forgotten to 1e-3.
    call = f"denoise({NOISY.tolist()}, {flip=}, {coupling=}, n_chains=3000, n_sweeps=20)"
    assert_close(
        found, exact_marginals(NOISY, flip, coupling), call, "the posterior by enumeration", rtol=0, atol=0.063
    )


def test_denoise_of_half_the_pixels_flipped_sees_nothing(rng):
    found = denoise(NOISY, flip=0.5, coupling=0.0, n_chains=4000, n_sweeps=8, rng=rng)
    count = np.round(found * 16000)
    assert_frequency(count, 16000, np.full(NOISY.shape, 0.5), "spins up in denoise(flip=0.5, coupling=0)", "no field")


def test_denoise_without_coupling_knows_what_each_pixel_says(rng):
    found = denoise(NOISY, flip=0.2, coupling=0.0, n_chains=4000, n_sweeps=5, rng=rng)
    # Without coupling each sweep is an exact draw; 3 of the 5 count.
    count, p = np.round(found * 12000), np.where(NOISY == 1, 0.8, 0.2)
    assert_close(found * 12000, count, "the shares that denoise returns, times 4000 * 3", "whole numbers", rtol=1e-9)
    assert_frequency(count, 12000, p, "spins up in denoise(flip=0.2, coupling=0)", "equation (7)")


def test_denoise_leaves_out_the_first_half_of_the_sweeps(rng):
    # An edge runs down the picture; at this coupling no spin leaves its side, but the lone pixel turns in the first sweep.
    noisy = -np.ones((6, 6), dtype=int)
    noisy[2, 3] = 1
    found = denoise(noisy, flip=0.4, coupling=30.0, n_chains=50, n_sweeps=2, rng=rng)
    assert_close(found, np.zeros((6, 6)), "denoise(one pixel up, coupling=30, n_sweeps=2)", "the second sweep")


def test_denoise_averages_over_the_second_half_of_the_sweeps(rng):
    found = denoise(np.ones((10, 10), int), flip=0.5, coupling=0.0, n_chains=1, n_sweeps=6, rng=rng)
    # A pixel is up in all three or none with probability 1/4: all hundred are once in 10^60.
    between = (found > 0) & (found < 1)
    assert between.any(), "denoise(n_chains=1, n_sweeps=6, flip=0.5) returned shares of 0 and 1 only, as of one sweep"
    third = np.round(found * 3)
    assert_close(found * 3, third, "three times the shares of denoise(n_chains=1, n_sweeps=6)", "whole numbers")


def test_denoise_cleans_a_digit(rng):
    digit = np.kron(np.where(load_digits().images[3] > 7, 1, -1), np.ones((6, 6), int))
    noisy = np.where(rng.random(digit.shape) < 0.1, -digit, digit)
    found = np.where(denoise(noisy, flip=0.1, coupling=0.7, n_chains=10, n_sweeps=30, rng=rng) > 0.5, 1, -1)
    wrong, before = np.count_nonzero(found != digit), np.count_nonzero(noisy != digit)
    # A tenth is usual, so that half is far off.
    assert wrong < before / 2, f"denoise left {wrong} wrong pixels of {before}; expected less than half"


def test_denoise_leaves_its_picture_alone_and_takes_its_randomness_from_its_generator():
    def run(seed):
        return denoise(NOISY, flip=0.3, coupling=0.3, n_chains=3, n_sweeps=7, rng=np.random.default_rng(seed))

    kept = NOISY.copy()
    assert_close(run(1), run(1), "denoise with the same seed again", "the first time", rtol=0)
    assert any((run(1) != run(seed)).any() for seed in (2, 3)), "denoise returned the same for three seeds"
    assert (kept == NOISY).all(), "denoise changed its argument noisy"


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "value"), [("flip", 0.0), ("flip", 1.0), ("flip", np.nan), ("n_chains", 0), ("n_sweeps", 0)]
)
def test_denoise_refuses_certainties_and_no_sweeps(name, value, rng):
    arguments = {"flip": 0.1, "coupling": 0.5, "n_chains": 2, "n_sweeps": 4} | {name: value}
    with pytest.raises(ValueError, match=name):
        denoise(NOISY, rng=rng, **arguments)
