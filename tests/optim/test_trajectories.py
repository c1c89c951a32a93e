"""Shared tests of optim/trajectories: run on the reference, and on the learner's file.

What is drawn is tested by the data of the lines, never by pixels. Everything here is deterministic; 1e-9 leaves room for
another order of operations.
"""

import numpy as np
import pytest
from matplotlib.animation import AbstractMovieWriter
from matplotlib.figure import Figure

from mlpath.optim import gradient_descent
from mlpath.optim._shared import quadratic, rosenbrock
from mlpath.optim.trajectories import (
    Plane,
    animate,
    coordinates,
    draw_contours,
    draw_losses,
    draw_paths,
    levels,
    limits,
    principal_plane,
    restrict,
    sample,
)
from mlpath.testing import assert_close

FIRST = np.array([[1.3, 6.2], [4.1, 5.4], [2.9, 7.7], [3.3, 7.1], [3.6, 6.6]])
SECOND = np.array([[0.4, 5.9], [2.2, 8.3], [3.1, 6.8]])
WALKS = {"first": FIRST, "second": SECOND}


def axes(box=((0.0, 10.0), (-1.0, 12.0))):
    ax = Figure().subplots()
    ax.set(xlim=box[0], ylim=box[1])
    return ax


def points_of(ax, name):
    """The points of the line with this label, or None."""
    for line in ax.lines:
        if line.get_label() == name:
            return np.array(line.get_data(), dtype=float).T
    return None


def check_line(ax, name, expected, call, because):
    found = points_of(ax, name)
    labels = [line.get_label() for line in ax.lines]
    assert found is not None, f"{call} drew no line with the label {name!r}, only {labels}"
    assert_close(found, expected, f"{call}: the points of the line {name!r}", because, rtol=1e-9)


# limits


def test_limits_by_hand():
    found = limits(WALKS, margin=0.25)
    # The first coordinate runs from 0.4 to 4.1, the second from 5.4 to 8.3.
    expected = [[0.4 - 0.925, 4.1 + 0.925], [5.4 - 0.725, 8.3 + 0.725]]
    assert_close(found, expected, "limits(two walks, margin=0.25)", "equation (1)", rtol=1e-12)


def test_limits_without_and_with_the_usual_margin():
    assert_close(limits(WALKS, margin=0), [[0.4, 4.1], [5.4, 8.3]], "limits(walks, margin=0)", "equation (1)")
    assert_close(limits(WALKS), [[0.03, 4.47], [5.11, 8.59]], "limits(walks)", "(1) with m = 0.1", rtol=1e-12)


def test_limits_leave_out_points_that_are_not_finite():
    walks = WALKS | {"diverging": np.array([[2.0, 6.0], [-5.0, np.inf], [np.nan, 90.0], [-np.inf, np.inf]])}
    call = "limits with a walk through (2, 6), (-5, inf), (nan, 90) and (-inf, inf)"
    assert_close(limits(walks, margin=0), [[0.4, 4.1], [5.4, 8.3]], call, "(1), of the finite points")


def test_limits_of_one_place_are_one_wide():
    found = limits({"standing": np.array([[3.0, 7.0], [3.0, 9.0]])}, margin=0.1)
    assert_close(found, [[2.5, 3.5], [6.8, 9.2]], "limits of points with the same first coordinate", "half each side")


def test_limits_leave_the_paths_alone():
    walks = {name: points.copy() for name, points in WALKS.items()}
    limits(walks)
    for name, points in WALKS.items():
        assert_close(walks[name], points, f"limits changed the path {name!r}, which now", "no change", rtol=0)


# sample


def test_sample_by_hand():
    box = np.array([[0.5, 2.0], [-3.0, 1.0]])
    x, y, values = sample(lambda p: 10 * p[0] + p[1], box, shape=(4, 3))
    call = "sample(10 x + y, [[0.5, 2], [-3, 1]], shape=(4, 3))"
    assert_close(x, [0.5, 1.0, 1.5, 2.0], f"{call}: the first coordinate", "equation (2)")
    assert_close(y, [-3.0, -1.0, 1.0], f"{call}: the second coordinate", "equation (2)")
    expected = [[2.0, 7.0, 12.0, 17.0], [4.0, 9.0, 14.0, 19.0], [6.0, 11.0, 16.0, 21.0]]
    assert_close(values, expected, f"{call}: the values", "equation (2), a row for each y", rtol=1e-12)


def test_sample_asks_one_point_at_a_time():
    seen = []

    def fun(p):
        seen.append(np.shape(p))
        return p @ p  # a matrix of points would fail here, or mix them up

    sample(fun, np.array([[0.0, 1.0], [2.0, 3.0]]), shape=(5, 2))
    assert set(seen) == {(2,)}, f"sample called fun with arrays of the shapes {set(seen)}, expected (2,)"


def test_sample_of_a_known_valley_and_its_usual_size():
    valley = rosenbrock()
    x, y, values = sample(valley.fun, np.array([[-2.0, 2.0], [-1.0, 3.0]]))
    sizes = (len(x), len(y), np.shape(values))
    assert sizes == (100, 100, (100, 100)), f"sample without a shape returned {sizes}, expected 100 by 100"
    expected = (1 - x) ** 2 + 100 * (y[:, None] - x**2) ** 2
    assert_close(values, expected, "sample(Rosenbrock)", "equation (2)", rtol=1e-9, atol=1e-12)


# levels


def test_levels_by_hand():
    values = np.array([[2.0, 40.0, 7.0], [102.0, 3.0, 90.0]])
    found = levels(values, count=3, decades=2)
    assert_close(found, [3.0, 12.0, 102.0], "levels of values from 2 to 102, count=3, decades=2", "(3)", rtol=1e-12)
    found = levels(values - 500, count=5, decades=3)
    expected = -498 + 100 * 10 ** np.array([-3, -2.25, -1.5, -0.75, 0])
    call = "levels of values from -498 to -398, count=5, decades=3"
    assert_close(found, expected, call, "equation (3)", rtol=1e-12)


def test_levels_leave_out_what_is_not_finite():
    values = np.array([[2.0, np.inf, 7.0], [102.0, np.nan, -np.inf]])
    found = levels(values, count=3, decades=2)
    assert_close(found, [3.0, 12.0, 102.0], "levels of 2, 7, 102, two infinities and NaN", "(3)", rtol=1e-12)


def test_levels_without_options_are_fifteen_over_four_decades():
    values = np.random.default_rng(0).uniform(3, 8, (9, 11))
    low, high = values.min(), values.max()
    expected = low + (high - low) * 10 ** (-4 * (1 - np.arange(15) / 14))
    assert_close(levels(values), expected, "levels(values between 3 and 8)", "equation (3)", rtol=1e-12)


def test_levels_of_a_bowl_are_circles_whose_radius_grows_by_a_factor():
    line = np.linspace(-10, 10, 201)
    found = levels(line**2 + line[:, None] ** 2, count=9, decades=4)
    radii = np.sqrt(found)
    assert_close(radii[1:] / radii[:-1], np.full(8, 10**0.25), "quotients of radii for levels of a bowl", "note: (3)")


# draw_paths


def test_draw_paths_draws_a_line_through_the_points_of_each():
    ax = axes()
    draw_paths(ax, WALKS)
    for name, points in WALKS.items():
        check_line(ax, name, points, "draw_paths(ax, two walks)", "its points in their order")
    assert len(ax.lines) == 2, f"draw_paths of two walks drew {len(ax.lines)} lines, expected one each"
    colors = [line.get_color() for line in ax.lines]
    assert colors[0] != colors[1], (
        f"draw_paths of two walks drew both in the colour {colors[0]!r}: who is to know which?"
    )


def test_draw_paths_keeps_the_limits():
    ax = axes(((1.0, 3.0), (6.0, 6.5)))
    draw_paths(ax, WALKS)
    assert_close(ax.get_xlim(), (1.0, 3.0), "draw_paths moved the limits of x, which now", "as they were")
    assert_close(ax.get_ylim(), (6.0, 6.5), "draw_paths moved the limits of y, which now", "as they were")
    fresh = Figure().subplots()
    draw_contours(fresh, lambda p: p @ p, np.array([[-1.0, 2.0], [-3.0, 1.0]]), shape=(5, 6))
    draw_paths(fresh, WALKS)
    ends = (*fresh.get_xlim(), *fresh.get_ylim())
    assert_close(ends, (-1.0, 2.0, -3.0, 1.0), "the limits after draw_contours and draw_paths", "the box")
    untouched = Figure().subplots()
    draw_paths(untouched, WALKS)
    ends = (*untouched.get_xlim(), *untouched.get_ylim())
    assert_close(ends, (0.0, 1.0, 0.0, 1.0), "the limits of new axes after draw_paths", "as they were")


def test_draw_paths_leaves_the_paths_and_earlier_lines_alone():
    ax = axes()
    ax.plot([1.0, 2.0], [3.0, 5.0], label="earlier")
    walks = {name: points.copy() for name, points in WALKS.items()}
    draw_paths(ax, walks)
    check_line(ax, "earlier", [[1.0, 3.0], [2.0, 5.0]], "draw_paths on axes with a line", "no change")
    for name, points in WALKS.items():
        assert_close(walks[name], points, f"draw_paths changed the path {name!r}, which now", "no change", rtol=0)


# draw_losses


def test_draw_losses_draws_the_excess_over_the_step():
    ax = Figure().subplots()
    losses = {"slow": np.array([9.3, 7.1, 6.2, 5.5]), "fast": np.array([9.3, 4.4])}
    draw_losses(ax, losses, lowest=2.7)
    call = "draw_losses(ax, two walks, lowest=2.7)"
    check_line(ax, "slow", [[0, 6.6], [1, 4.4], [2, 3.5], [3, 2.8]], call, "equation (4)")
    check_line(ax, "fast", [[0, 6.6], [1, 1.7]], call, "equation (4)")
    assert ax.get_yscale() == "log", f"{call} left the y axis on the scale {ax.get_yscale()!r}, expected 'log'"
    assert ax.get_xscale() == "linear", f"{call} has the x axis on the scale {ax.get_xscale()!r}, expected 'linear'"


def test_draw_losses_draws_nothing_where_the_excess_is_not_positive():
    ax = Figure().subplots()
    values = np.array([5.0, 3.5, 3.0, 3.25, 2.9])
    before = values.copy()
    draw_losses(ax, {"walk": values}, lowest=3.0)
    found = points_of(ax, "walk")
    assert found is not None, "draw_losses drew no line with the label 'walk'"
    drawn = found[np.isfinite(found).all(axis=1) & (found[:, 1] > 0)]
    call = "draw_losses of 5, 3.5, 3, 3.25, 2.9 with lowest=3"
    assert_close(drawn, [[0, 2.0], [1, 0.5], [3, 0.25]], f"{call}: what is drawn", "the positive of (4)", rtol=1e-9)
    false = found[(found[:, 1] <= 0)]
    assert len(false) == 0, f"{call} has the points {false.tolist()} in its line, which have no logarithm: NaN, by (4)"
    assert_close(values, before, "draw_losses changed the losses, which now", "no change", rtol=0)


def test_draw_losses_without_lowest_draws_the_losses_themselves():
    ax = Figure().subplots()
    draw_losses(ax, {"walk": np.array([5.0, 0.5])})
    check_line(ax, "walk", [[0, 5.0], [1, 0.5]], "draw_losses(ax, 5 and 0.5)", "(4) with 0 for the lowest")


# principal_plane


def check_plane(plane, path, call):
    """Assert what every right plane has, whatever the signs of its axes."""
    assert_close(plane.origin, path[-1], f"{call}.origin", "the last point")
    assert plane.axes.shape == (2, path.shape[1]), f"{call}.axes has the shape {plane.axes.shape}, expected two rows"
    squares = plane.axes @ plane.axes.T
    assert_close(squares, np.eye(2), f"products of {call}.axes", "orthogonal, of length 1", rtol=1e-9, atol=1e-9)


def test_principal_plane_by_hand():
    # From the last point: (3, 0, 0), (0, 4, 0) and (0, 0, 1), squares 9, 16 and 1.
    origin = np.array([2.0, -1.0, 5.0])
    path = origin + np.array([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    plane = principal_plane(path)
    call = "principal_plane(path)"
    check_plane(plane, path, call)
    expected = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    assert_close(abs(plane.axes), expected, f"{call}.axes, without signs", "(5): largest first", atol=1e-9)
    assert_close(plane.shares, (16 / 26, 9 / 26), f"{call}.shares", "equation (5)", rtol=1e-9)


def test_principal_plane_holds_more_than_any_other():
    rng = np.random.default_rng(2)
    path = (rng.standard_normal((30, 7)) * [3.0, 1.0, 0.4, 2.0, 0.1, 5.0, 0.7]).cumsum(axis=0) + 40
    plane = principal_plane(path)
    check_plane(plane, path, "principal_plane of a walk in 7 dimensions")
    off = path - path[-1]
    values, vectors = np.linalg.eigh(off.T @ off)
    shares = values[:-3:-1] / values.sum()
    assert_close(plane.shares, shares, "shares of principal_plane", "(5), by eigenvalues of M'M", rtol=1e-7)
    projector, expected = plane.axes.T @ plane.axes, vectors[:, -2:] @ vectors[:, -2:].T
    call = "projector on principal_plane's axes"
    assert_close(projector, expected, call, "eigenvectors of M'M", rtol=0, atol=1e-7)


def test_principal_plane_of_pure_chance_has_the_shares_of_the_note():
    walk = np.random.default_rng(3).standard_normal((150, 4000)).cumsum(axis=0)
    plane = principal_plane(walk)
    expected = (8 / np.pi**2, 8 / (9 * np.pi**2))
    # In the limit of many steps and dimensions; here the shares are within some 1 / sqrt(4000) of it.
    assert_close(plane.shares, expected, "principal_plane(chance).shares", "8/pi^2, 8/(9 pi^2)", rtol=0, atol=0.02)


def test_principal_plane_of_a_straight_walk_and_of_any_size():
    for direction in ([3.0, 0.0, -4.0, 0.0], [0.0, 2.0, 0.0, 0.0]):
        straight = np.arange(4.0)[:, None] * np.array(direction)
        plane = principal_plane(straight)
        check_plane(plane, straight, f"principal_plane of a straight walk along {direction}")
        assert_close(plane.shares, (1.0, 0.0), "its shares", "all along one axis", atol=1e-9)
    for scale in (1e-200, 1e200):
        plane = principal_plane(scale * np.array([[3.0, 0, 0], [0, 4.0, 0], [0, 0, 0]]))
        assert_close(plane.shares, (0.64, 0.36), f"shares of a walk of size {scale}", "equation (5)", rtol=1e-9)


def test_principal_plane_leaves_the_path_alone_and_does_not_hang_on_it():
    path = SECOND.copy()
    plane = principal_plane(path)
    assert_close(path, SECOND, "principal_plane changed the path, which now", "no change", rtol=0)
    path[:] = 0
    assert_close(plane.origin, SECOND[-1], "the origin, after the path was overwritten,", "a copy", rtol=0)


# restrict


def test_restrict_by_hand():
    plane = Plane(np.array([1.0, 1.5, 0.5]), np.array([[0.0, 0.6, 0.8], [1.0, 0.0, 0.0]]), (0.6, 0.3))
    found = restrict(lambda x: float(100 * x[0] + 10 * x[1] + x[2]), plane)(np.array([2.5, 3.0]))
    # (1, 1.5, 0.5) + 2.5 (0, 0.6, 0.8) + 3 (1, 0, 0) is (4, 3, 2.5).
    assert_close(found, 432.5, "restrict(100 x + 10 y + z, plane)([2.5, 3])", "equation (6)", rtol=1e-12)


def test_restrict_agrees_with_the_objective_at_points_of_the_plane():
    bowl = quadratic(np.geomspace(1, 30, 6), rng=np.random.default_rng(4))
    path = gradient_descent.minimize(bowl.fun, bowl.grad, bowl.start, step_size=0.05, record_path=True).path
    rng = np.random.default_rng(5)
    rows, _ = np.linalg.qr(rng.standard_normal((6, 2)))
    plane = Plane(path[-1], rows.T, (0.5, 0.5))
    on_plane = restrict(bowl.fun, plane)
    assert_close(on_plane(np.zeros(2)), bowl.fun(path[-1]), "restrict(fun, plane)([0, 0])", "(6): at the origin")
    for point in plane.origin + rng.standard_normal((3, 2)) @ plane.axes:
        (at,) = coordinates(point[None], plane)
        call = f"restrict(fun, plane) at the coordinates {at} of a point of the plane"
        assert_close(on_plane(at), bowl.fun(point), call, "the objective at that point", rtol=1e-9)


# animate


class Frames(AbstractMovieWriter):
    """Notes the lines of each frame instead of writing a film."""

    def setup(self, fig, outfile, dpi=None):
        self.fig, self.frames = fig, []

    def grab_frame(self, **options):
        ax = self.fig.axes[0]
        self.frames.append({line.get_label(): np.array(line.get_data(), dtype=float).T for line in ax.lines})

    def finish(self):
        pass


def frames_of(ax, walks, **options):
    writer = Frames()
    animate(ax, walks, **options).save("no file", writer=writer)
    return writer.frames


@pytest.mark.parametrize(
    ("stride", "counts"),
    [
        (1, [(1, 1), (2, 2), (3, 3), (4, 3), (5, 3)]),
        (2, [(1, 1), (3, 3), (5, 3)]),
        (3, [(1, 1), (4, 3), (5, 3)]),
        (4, [(1, 1), (5, 3)]),
        (100, [(1, 1), (5, 3)]),
    ],
)
def test_animate_shows_the_points_so_far(stride, counts):
    found = frames_of(axes(), WALKS, stride=stride)
    call = f"animate(ax, walks of 5 and 3 points, stride={stride})"
    shown = [tuple(len(frame[name]) if name in frame else 0 for name in WALKS) for frame in found]
    assert shown == counts, f"{call} shows in its frames {shown} points of the two walks, expected by (7): {counts}"
    for number, (frame, pair) in enumerate(zip(found, counts)):
        for (name, points), count in zip(WALKS.items(), pair):
            call = f"animate with stride={stride}: frame {number}, the line {name!r}"
            assert_close(frame[name], points[:count], call, "equation (7)", rtol=1e-12)


def test_animate_of_a_single_point_has_one_frame():
    found = frames_of(axes(), {"standing": FIRST[:1]}, stride=2)
    assert len(found) == 1, f"animate of a walk of one point has {len(found)} frames, expected 1"


def test_animate_keeps_the_limits_and_the_paths_and_earlier_lines():
    ax = axes(((1.0, 3.0), (6.0, 6.5)))
    ax.plot([1.0, 2.0], [3.0, 5.0], label="earlier")
    walks = {name: points.copy() for name, points in WALKS.items()}
    last = frames_of(ax, walks)[-1]
    ends = (*ax.get_xlim(), *ax.get_ylim())
    assert_close(ends, (1.0, 3.0, 6.0, 6.5), "the limits of the axes after animate", "as they were")
    assert_close(last["earlier"], [[1.0, 3.0], [2.0, 5.0]], "an earlier line, after animate,", "no change")
    for name, points in WALKS.items():
        assert_close(walks[name], points, f"animate changed the path {name!r}, which now", "no change", rtol=0)


def test_animate_waits_as_long_as_it_is_told(tmp_path):
    image = pytest.importorskip("PIL.Image")
    figure = Figure(figsize=(1, 1), dpi=40)
    ax = figure.subplots()
    ax.set(xlim=(0, 5), ylim=(5, 9))
    animate(ax, WALKS, interval=250).save(tmp_path / "walk.gif", writer="pillow")
    with image.open(tmp_path / "walk.gif") as film:
        found = (film.n_frames, film.info["duration"])
    assert found == (5, 250), f"animate(..., interval=250) made a GIF of {found} frames and ms each, expected (5, 250)"


# what is given


@pytest.mark.given
def test_coordinates_by_hand():
    plane = Plane(np.array([1.0, 1.0, 0.0]), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]), (0.6, 0.3))
    found = coordinates(np.array([[4.0, 9.0, 2.0], [1.0, 5.0, 0.5]]), plane)
    assert_close(found, [[2.0, 3.0], [0.5, 0.0]], "coordinates of two points", "v'(x - origin)")


@pytest.mark.given
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: limits({}), "paths"),
        (lambda: limits({"a": np.ones((3, 3))}), "paths"),
        (lambda: limits({"a": np.ones((0, 2))}), "paths"),
        (lambda: limits({"a": np.full((3, 2), np.nan)}), "paths"),
        (lambda: limits(WALKS, margin=-0.1), "margin"),
        (lambda: limits(WALKS, margin=np.inf), "margin"),
        (lambda: sample(np.sum, np.array([[0.0, 1.0], [2.0, 2.0]])), "box"),
        (lambda: sample(np.sum, np.array([[0.0, 1.0], [2.0, np.inf]])), "box"),
        (lambda: sample(np.sum, np.array([[0.0, 1.0], [2.0, 3.0]]), shape=(1, 5)), "shape"),
        (lambda: levels(np.array([[1.0, np.nan]])), "values"),
        (lambda: levels(np.array([[1.0, 2.0]]), count=1), "count"),
        (lambda: levels(np.array([[1.0, 2.0]]), decades=0), "decades"),
        (lambda: draw_paths(axes(), {}), "paths"),
        (lambda: draw_losses(axes(), {}), "losses"),
        (lambda: draw_losses(axes(), {"a": np.ones(2)}, lowest=np.nan), "lowest"),
        (lambda: principal_plane(FIRST[:2]), "path"),
        (lambda: principal_plane(FIRST[:, :1]), "path"),
        (lambda: principal_plane(FIRST * np.inf), "path"),
        (lambda: principal_plane(np.ones((4, 3))), "path"),
        (lambda: animate(axes(), {}), "paths"),
        (lambda: animate(axes(), WALKS, stride=0), "stride"),
        (lambda: animate(axes(), WALKS, interval=0), "interval"),
    ],
)
def test_given_checks_name_the_argument(call, name):
    with pytest.raises(ValueError, match=name):
        call()
