"""Shared tests of optim/adam_variants/layerwise: run on the reference, and on the learner's file.

Everything here is deterministic. The oracles are the papers' formulas in loops over single numbers, which compute in
another order of operations: updates may differ by some ulps, and by some more where an average cancels. They are compared
to 1e-9 of the largest update, and to 1e-4 of it in float32.
"""

import math

import numpy as np
import pytest

from mlpath.optim.adam_variants.decoupled import adamw
from mlpath.optim.adam_variants.layerwise import (
    VelocityState,
    adamp,
    effective_step,
    lamb,
    lars,
    layerwise,
    seems_scale_invariant,
    tangential,
    trust_ratio,
)
from mlpath.optim.adaptive import AdamState, at_rest
from mlpath.testing import assert_close

N_STEPS = 50
X, G = np.array([[2.3, -0.7], [1.9, 4.1], [-3.2, 0.4]]), np.array([[0.31, 1.7], [-0.83, 0.29], [0.57, -1.13]])
SHOWN = "x = [[2.3, -0.7], [1.9, 4.1], [-3.2, 0.4]] and a gradient of [[0.31, 1.7], [-0.83, 0.29], [0.57, -1.13]]"


@pytest.fixture
def rng():
    return np.random.default_rng(1708)


def norm(values):
    return math.sqrt(sum(float(v) ** 2 for v in np.ravel(values)))


def adam_state(count=1):
    return AdamState(count, 0.4 * G[::-1], 0.3 * G[::-1] ** 2 + 0.2)


def adam_move(state, gradient, decays, eps):
    """The next averages and Adam's quotient, written out."""
    first, second = (
        b * m + (1 - b) * g for b, m, g in zip(decays, (state.first, state.second), (gradient, gradient**2))
    )
    count = state.count + 1
    return first, second, first / (1 - decays[0] ** count) / (np.sqrt(second / (1 - decays[1] ** count)) + eps)


def rest(rule, like):
    return at_rest(VelocityState if rule is lars else AdamState, like)


def assert_pure(rule, rng, **settings):
    """The rule changes nothing that it was given, gives the same twice, keeps float32, and returns new arrays."""
    for dtype in (np.float64, np.float32):
        state = rest(rule, np.zeros((3, 4), dtype))
        for _ in range(3):
            state, _ = rule(state, *rng.standard_normal((2, 3, 4)).astype(dtype))
        gradient, x = rng.standard_normal((2, 3, 4)).astype(dtype)
        given = vars(state) | {"gradient": gradient, "x": x}
        before = {name: np.copy(value) for name, value in given.items()}
        new, update = rule(state, gradient, x, weight_decay=0.1, **settings)
        for name, value in before.items():
            assert_close(given[name], value, f"{rule.__name__} changed {name} of what it was given, which now")
        _, again = rule(state, gradient, x, weight_decay=0.1, **settings)
        assert_close(again, update, f"{rule.__name__} called twice with the same arguments", "the first call")
        for name, value in (vars(new) | {"the update": update}).items():
            if isinstance(value, np.ndarray):
                said = f"{rule.__name__} of {np.dtype(dtype)} arrays returned {name} of {value.dtype}"
                assert value.dtype == dtype, said
                for other, array in given.items():
                    shared = isinstance(array, np.ndarray) and np.shares_memory(value, array)
                    assert not shared, f"{rule.__name__} returned {name} in the memory of {other}"


def assert_walks(rule, oracle, rng, dtype, **settings):
    """Fifty steps of a layer of 3 x 4 beside the paper's loop, with gradients of all sizes, and some of zero."""
    x = rng.standard_normal((3, 4)).astype(dtype)
    gradients = rng.standard_normal((N_STEPS, 3, 4)) * 10.0 ** rng.uniform(-3, 3, (N_STEPS, 1, 1))
    gradients[[0, 7, 8]] = 0  # the first, too: there is neither a gradient nor a record of one
    gradients[:, 1, 2] = 0
    gradients = gradients.astype(dtype)
    state, points, memory = rest(rule, x), [x], None
    for gradient in gradients:
        state, update = rule(state, gradient, points[-1], **settings)
        memory, wanted = oracle(memory, gradient.astype(float), points[-1].astype(float), **settings)
        off = abs(update - wanted).max()
        allowed = (1e-9 if dtype == np.float64 else 1e-4) * abs(wanted).max()
        call = f"step {len(points)} of {rule.__name__}({settings}) in {np.dtype(dtype)}, gradient of length {norm(gradient):.4g}"
        assert off <= allowed, (
            f"{call}: the update {update.ravel()[:4]}... is off by {off:.3g}; expected {wanted.ravel()[:4]}... by the paper"
        )
        points.append(points[-1] + update)


# trust_ratio


def test_trust_ratio_of_a_case_by_hand():
    got = [trust_ratio(X, G), trust_ratio(X, G, weight_decay=0.37), trust_ratio(X, G, weight_decay=0.37, trust=0.013)]
    tall, short = math.sqrt(36.6), math.sqrt(5.3609)
    expected = [tall / short, tall / (short + 0.37 * tall), 0.013 * tall / (short + 0.37 * tall)]
    call = f"trust_ratio of {SHOWN}: plain, with weight_decay=0.37, and with trust=0.013 besides"
    assert_close(got, expected, call, "equation (1)", rtol=1e-12)


def test_trust_ratio_is_one_without_weights_or_without_a_move():
    for x, move in ((np.zeros((3, 2)), G), (X, np.zeros((3, 2))), (np.zeros((3, 2)), np.zeros((3, 2)))):
        got = trust_ratio(x, move, weight_decay=0.3, trust=0.01)
        assert_close(got, 1.0, f"trust_ratio of weights of length {norm(x):.3g} and a move of {norm(move):.3g}", "(1)")


def test_trust_ratio_holds_at_extremes():
    for scale, other in ((1e200, 1e200), (1e-200, 1e-200), (1e150, 1e-150), (1e-290, 1.0)):
        expected = norm(X) / norm(G) * (scale / other)
        call = f"trust_ratio of arrays times {scale} and {other}"
        assert_close(trust_ratio(X * scale, G * other), expected, call, "equation (1)", rtol=1e-12)
    tall = np.float32(1e30) * X.astype(np.float32)
    assert_close(
        trust_ratio(tall, tall), 1.0, "trust_ratio of float32 numbers of 1e30 with themselves", "(1)", rtol=1e-6
    )


def test_trust_ratio_changes_nothing():
    x, move = X.copy(), G.copy()
    trust_ratio(x, move, weight_decay=0.1)
    assert_close(x, X, "trust_ratio changed x, which now")
    assert_close(move, G, "trust_ratio changed move, which now")


# lars


def test_lars_of_a_case_by_hand():
    state = VelocityState(0.4 * G[::-1])
    settings = {"step_size": 0.7, "momentum": 0.6, "weight_decay": 0.37, "trust": 0.13}
    new, update = lars(state, G, X, **settings)
    ratio = 0.13 * norm(X) / (norm(G) + 0.37 * norm(X))
    expected = 0.6 * 0.4 * G[::-1] + 0.7 * ratio * (G + 0.37 * X)
    call = f"lars of {SHOWN}, a velocity of 0.4 times the gradient's rows in reverse, and {settings}"
    assert_close(new.velocity, expected, f"{call}: velocity", "equation (2)", rtol=1e-12)
    assert_close(update, -expected, f"{call}: update", "equation (2)", rtol=1e-12)


def paper_lars(velocity, gradient, x, *, step_size=1.0, momentum=0.9, weight_decay=0.0, trust=1e-3):
    velocity = [0.0] * x.size if velocity is None else velocity
    local = 1.0
    if norm(x) > 0 and norm(gradient) > 0:
        local = trust * norm(x) / (norm(gradient) + weight_decay * norm(x))
    pairs = zip(velocity, gradient.flat, x.flat, strict=True)
    velocity = [momentum * v + step_size * local * (g + weight_decay * w) for v, g, w in pairs]
    return velocity, -np.reshape(velocity, x.shape)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lars_equals_the_paper_number_by_number(dtype, rng):
    assert_walks(lars, paper_lars, rng, dtype)
    assert_walks(lars, paper_lars, rng, dtype, step_size=0.5, momentum=0.7, weight_decay=0.03, trust=0.1)


def test_lars_does_not_care_for_the_scale_of_the_loss(rng):
    state = scaled = VelocityState(np.zeros((3, 2)))
    for _ in range(5):
        gradient = rng.standard_normal((3, 2))
        state, update = lars(state, gradient, X)
        scaled, other = lars(scaled, 1e5 * gradient, X)
        assert_close(other, update, "lars with gradients times 1e5", "(1): the scale cancels", rtol=1e-9)


def test_lars_makes_a_first_step_in_proportion_to_the_weights():
    for scale in (1e-6, 1.0, 1e6):
        _, update = lars(VelocityState(np.zeros((3, 2))), G, scale * X, step_size=0.5, trust=0.01)
        call = f"the length of the first update of lars(step_size=0.5, trust=0.01), for weights of length {norm(scale * X):.4g}"
        assert_close(norm(update), 0.005 * norm(scale * X), call, "a η ‖x‖", rtol=1e-9)


def test_lars_of_a_layer_of_zeros_is_momentum():
    state, x = VelocityState(np.zeros(2)), np.zeros(2)
    for gradient, expected in (([1.3, -0.7], [-0.65, 0.35]), ([0.4, 0.9], [-0.72, -0.17])):
        state, update = lars(state, np.array(gradient), x, step_size=0.5, momentum=0.8, weight_decay=0.3)
        assert_close(
            update, expected, f"lars for zero weights and the gradient {gradient}", "(2) with τ = 1", rtol=1e-9
        )


def test_lars_is_pure(rng):
    assert_pure(lars, rng)


# lamb


def test_lamb_of_a_case_by_hand():
    settings = {"step_size": 0.7, "decays": (0.6, 0.8), "eps": 0.3, "weight_decay": 0.37}
    new, update = lamb(adam_state(), G, X, **settings)
    first, second, move = adam_move(adam_state(), G, (0.6, 0.8), 0.3)
    move = move + 0.37 * X
    call = f"lamb of {SHOWN}, a state after one step, and {settings}"
    assert_close(new, AdamState(2, first, second), f"{call}: state", "Adam's averages", rtol=1e-12)
    assert_close(update, -0.7 * norm(X) / norm(move) * move, f"{call}: update", "equation (3)", rtol=1e-12)


def paper_lamb(memory, gradient, x, *, step_size=1e-3, decays=(0.9, 0.999), eps=1e-6, weight_decay=0.0):
    count, first, second = memory or (0, [0.0] * x.size, [0.0] * x.size)
    count += 1
    first = [decays[0] * m + (1 - decays[0]) * g for m, g in zip(first, gradient.flat, strict=True)]
    second = [decays[1] * v + (1 - decays[1]) * g * g for v, g in zip(second, gradient.flat, strict=True)]
    move = []
    for m, v, w in zip(first, second, x.flat, strict=True):
        root = math.sqrt(v / (1 - decays[1] ** count))
        move.append(m / (1 - decays[0] ** count) / (root + eps) + weight_decay * w)
    ratio = norm(x) / norm(move) if norm(x) > 0 and norm(move) > 0 else 1.0
    return (count, first, second), -step_size * ratio * np.reshape(move, x.shape)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lamb_equals_the_paper_number_by_number(dtype, rng):
    assert_walks(lamb, paper_lamb, rng, dtype)
    assert_walks(lamb, paper_lamb, rng, dtype, step_size=0.05, decays=(0.7, 0.95), eps=1e-3, weight_decay=0.3)


def test_lamb_moves_each_layer_by_a_share_of_its_length(rng):
    for scale in (1e-6, 1.0, 1e6):
        state = at_rest(AdamState, X)
        for _ in range(3):
            state, update = lamb(state, rng.standard_normal((3, 2)), scale * X, step_size=0.02, weight_decay=0.1)
            call = f"the length of an update of lamb(step_size=0.02), for weights of length {norm(scale * X):.4g}"
            assert_close(norm(update), 0.02 * norm(scale * X), call, "‖u‖ = a ‖x‖", rtol=1e-9)


def test_lamb_does_not_care_for_the_scale_of_the_loss(rng):
    state = scaled = at_rest(AdamState, X)
    for _ in range(5):
        gradient = rng.standard_normal((3, 2))
        state, update = lamb(state, gradient, X, weight_decay=0.1)
        scaled, other = lamb(scaled, 1e5 * gradient, X, weight_decay=0.1)
        why = "as eps is 1e-6 beside gradients down to 0.01"
        assert_close(other, update, "lamb with gradients times 1e5", "(3): it cancels", rtol=1e-3, tolerance=why)


def test_lamb_is_adamw_where_the_ratio_is_one():
    _, _, move = adam_move(at_rest(AdamState, X), G, (0.9, 0.999), 1e-6)
    x = X * (norm(move) / norm(X))  # as long as the move
    _, update = lamb(at_rest(AdamState, X), G, x, step_size=0.1)
    _, expected = adamw(at_rest(AdamState, X), G, x, step_size=0.1, eps=1e-6, weight_decay=0.0)
    assert_close(update, expected, "lamb of weights as long as Adam's move", "adamw", rtol=1e-9)
    _, update = lamb(at_rest(AdamState, X), G, 0 * X, step_size=0.1)
    assert_close(update, expected, "lamb of weights that are zero", "adamw, as τ = 1", rtol=1e-9)


def test_lamb_is_pure(rng):
    assert_pure(lamb, rng)


# layerwise


def counting(factor):
    return lambda state, gradient, x: (state + 1, factor * gradient + 0.1 * x)


def test_layerwise_gives_each_layer_its_own_step_and_the_exempt_the_plain_rule(rng):
    shapes = {"first.weight": (4, 3), "first.bias": (4,), "second.weight": (2, 4), "second.bias": (2,)}
    x, gradients = ({name: rng.standard_normal(shape) for name, shape in shapes.items()} for _ in range(2))
    rule = layerwise(counting(-2.0), exempt=["first.bias", "second.bias"], plain=counting(-0.5))
    before = dict.fromkeys(shapes, 3)
    states, updates = rule(before, gradients, x)
    for name in shapes:
        expected = (-0.5 if "bias" in name else -2.0) * gradients[name] + 0.1 * x[name]
        assert_close(updates[name], expected, f"layerwise(...): the update of {name}", "its own rule", rtol=1e-12)
        assert states[name] == 4, f"layerwise(...): the state of {name} is {states[name]}; expected 4, the next one"
    assert set(states) == set(updates) == set(shapes), f"layerwise returned states of {set(states)}, not {set(shapes)}"
    assert before == dict.fromkeys(shapes, 3), "layerwise changed the states that it was given"


def test_layerwise_goes_by_names_and_not_by_the_order_of_a_dictionary(rng):
    x = {"a": rng.standard_normal(3), "b": rng.standard_normal(3)}
    gradients = {"b": rng.standard_normal(3), "a": rng.standard_normal(3)}
    states, updates = layerwise(counting(-1.0), exempt=(), plain=counting(0.0))({"b": 1, "a": 5}, gradients, x)
    for name in x:
        expected = -gradients[name] + 0.1 * x[name]
        assert_close(updates[name], expected, f"layerwise(...): the update of {name}", "by name", rtol=1e-12)
    assert states == {"a": 6, "b": 2}, f"layerwise returned the states {states}; expected a: 6, b: 2"


def test_layerwise_measures_a_layer_apart_from_the_others(rng):
    x = {"small": 1e-3 * rng.standard_normal(5), "large": 1e3 * rng.standard_normal((2, 5))}
    gradients = {"small": rng.standard_normal(5), "large": rng.standard_normal((2, 5))}
    rule = layerwise(lars, exempt=(), plain=lars)
    _, updates = rule({name: VelocityState(np.zeros_like(value)) for name, value in x.items()}, gradients, x)
    for name in x:
        assert_close(norm(updates[name]), 1e-3 * norm(x[name]), f"layerwise(lars): length of {name}", "a η ‖x‖")


# effective_step


def test_effective_step_of_cases_by_hand():
    # From the direction (3, 4)/5 to (3, -4)/5, to itself, to the opposite, and by a right angle.
    x = np.array([[3.0], [4.0]])
    for update, expected in (([0.0, -8.0], 1.6), ([1.5, 2.0], 0.0), ([-9.0, -12.0], 2.0), ([1.0, -7.0], math.sqrt(2))):
        call = f"effective_step([[3], [4]], {update} as a column)"
        assert_close(effective_step(x, np.array(update)[:, None]), expected, call, "(5)", rtol=1e-12, atol=1e-15)
    moved = X + G
    expected = math.sqrt(sum((moved / norm(moved) - X / norm(X)).ravel() ** 2))
    assert_close(effective_step(X, G), expected, f"effective_step of {SHOWN}", "equation (5)", rtol=1e-12)


def test_effective_step_depends_on_the_ratio_of_the_lengths_only():
    expected = effective_step(X, 0.3 * G)
    for scale in (1e-200, 1e-3, 1e7, 1e200):
        got = effective_step(scale * X, 0.3 * scale * G)
        assert_close(got, expected, f"effective_step with both arrays times {scale}", "(5)", rtol=1e-9)


@pytest.mark.given
def test_effective_step_refuses_weights_without_a_direction():
    for x, update in ((np.zeros(2), np.ones(2)), (np.ones(2), -np.ones(2)), (np.full(2, np.nan), np.ones(2))):
        with pytest.raises(ValueError, match="x must"):
            effective_step(x, update)


# tangential


def test_tangential_of_a_case_by_hand():
    inner, squared = float((X * G).sum()), 36.6
    expected = G - inner / squared * X
    assert_close(tangential(X, G), expected, f"tangential of {SHOWN}", "equation (7)", rtol=1e-12)


def test_tangential_is_at_right_angles_and_leaves_what_is_so(rng):
    x, move = rng.standard_normal((2, 6, 5))
    move = move + 2 * x
    part = tangential(x, move)
    assert abs((x * part).sum()) < 1e-12, f"tangential(x, move) has the product {(x * part).sum()} with x; expected 0"
    assert_close(tangential(x, part), part, "tangential of a move at right angles", "the move itself", rtol=1e-9)
    assert_close(tangential(x, 3 * x), 0 * x, "tangential(x, 3 x)", "zero, by (7)", atol=1e-13)
    assert_close(tangential(-7e4 * x, move), part, "tangential(-7e4 x, move)", "no matter how long x is", rtol=1e-9)


def test_tangential_holds_at_extremes_and_keeps_float32():
    for scale in (1e-200, 1e200):
        got = tangential(scale * X, G)
        assert_close(got, tangential(X, G), f"tangential(x times {scale}, move)", "(7): the scale cancels", rtol=1e-9)
    got = tangential(0 * X, G)
    assert_close(got, G, "tangential of zero weights", "all of the move")
    assert not np.shares_memory(got, G), "tangential of zero weights returned the move itself; expected a new array"
    x, move = X.astype(np.float32), G.astype(np.float32)
    got = tangential(x, move)
    assert got.dtype == np.float32, f"tangential of float32 returned {got.dtype}"
    assert_close(x, X.astype(np.float32), "tangential changed x, which now")
    assert_close(move, G.astype(np.float32), "tangential changed the move, which now")


def test_tangential_steps_stop_the_growth_that_momentum_brings(rng):
    # Gradients as (4) has them: at right angles to the weights, and otherwise noise, of one length.
    lengths, share, rate = {}, 0.9, 0.01
    for kept in (True, False):
        x, momentum, needed = rng.standard_normal(400), np.zeros(400), 0.0
        before = x @ x
        for t in range(400):
            gradient = rng.standard_normal(400)
            gradient -= (gradient @ x) / (x @ x) * x
            momentum = share * momentum + gradient
            step = momentum if kept else tangential(x, momentum)
            x = x - rate * step
            needed += rate**2 * (step @ step)
            if t == 100:  # by then 0.9^t is nothing, and (6) holds
                before, needed = x @ x, 0.0
        lengths[kept] = (x @ x - before) / needed
    call = "growth of ‖x‖² by the squared lengths of momentum's steps"
    assert_close(lengths[False], 1.0, f"{call}, each step tangential", "Pythagoras", rtol=1e-9)
    # The lengths of the steps scatter by a few percent, and ‖x‖ is not constant.
    assert_close(lengths[True], 19.0, f"{call}, as they are", "(6): (1 + β)/(1 - β)", rtol=0.2)


# seems_scale_invariant


def test_seems_scale_invariant_of_cases_by_hand():
    cosine = abs(float((X * G).sum())) / (norm(X) * norm(G))
    edge = cosine * math.sqrt(6)
    for threshold, expected in ((0.99 * edge, False), (1.01 * edge, True)):
        for gradient, x in ((G, X), (-G, X), (1e-200 * G, 1e200 * X), (1e200 * G, 1e200 * X)):
            got = seems_scale_invariant(gradient, x, threshold=threshold)
            said = f"seems_scale_invariant(threshold={threshold:.4f}), where |cosine| √6 = {edge:.4f}, returned {got}"
            assert bool(got) is expected, f"{said}; expected {expected} by (8)"


def test_seems_scale_invariant_takes_a_tenth_for_its_threshold():
    x = np.zeros(25)
    x[0] = 2.0
    for cosine, expected in ((0.019, True), (0.021, False)):
        gradient = np.zeros(25)
        gradient[:2] = -cosine, math.sqrt(1 - cosine**2)
        got = seems_scale_invariant(3 * gradient, x)
        assert bool(got) is expected, f"25 numbers, |cosine| {cosine}: {got}; expected {expected}, as 0.1 / √25 = 0.02"


def test_seems_scale_invariant_takes_zero_for_a_right_angle():
    for gradient, x in ((G, 0 * X), (0 * G, X), (0 * G, 0 * X)):
        assert seems_scale_invariant(gradient, x), "seems_scale_invariant of zero should be True: there is no angle"


def test_seems_scale_invariant_finds_the_layer_before_a_normalisation(rng):
    features, targets = rng.standard_normal((30, 8)), rng.standard_normal(30)
    for normalised in (True, False):
        w = rng.standard_normal(8)

        def loss(w, normalised=normalised):
            out = features @ w
            return ((out / out.std() if normalised else out) - targets) @ np.arange(30.0) + (out @ out) * (
                not normalised
            )

        gradient = np.array([(loss(w + h) - loss(w - h)) / 2e-5 for h in 1e-5 * np.eye(8)])
        got = seems_scale_invariant(gradient, w)
        assert bool(got) is normalised, f"a layer with normalisation {normalised}: {got}; expected {normalised} by (4)"


# adamp


def tilted(cosine):
    """A gradient of length 2.3 with such a cosine to X."""
    aside = G - (X * G).sum() / (X * X).sum() * X
    return 2.3 * (cosine * X / norm(X) + math.sqrt(1 - cosine**2) * aside / norm(aside))


@pytest.mark.parametrize(("cosine", "projected"), [(0.03, True), (0.05, False), (-0.05, False)])
def test_adamp_of_a_case_by_hand(cosine, projected):
    settings = {"step_size": 0.7, "decays": (0.6, 0.8), "eps": 0.3, "weight_decay": 0.37}
    new, update = adamp(adam_state(), tilted(cosine), X, **settings)
    first, second, move = adam_move(adam_state(), tilted(cosine), (0.6, 0.8), 0.3)
    decay = 0.37
    if projected:
        move, decay = move - (X * move).sum() / 36.6 * X, 0.037
    call = f"adamp of x with x·x = 36.6 in 6 numbers, a gradient with a cosine of {cosine} to it, and {settings}"
    assert_close(new, AdamState(2, first, second), f"{call}: state", "Adam's averages", rtol=1e-12)
    because = f"(9), where (8) {'holds' if projected else 'does not hold'}"
    assert_close(update, -0.7 * (move + decay * X), f"{call}: update", because, rtol=1e-9)


def paper_adamp(
    memory,
    gradient,
    x,
    *,
    step_size=1e-3,
    decays=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0.0,
    threshold=0.1,
    decay_share=0.1,
):
    count, first, second = memory or (0, [0.0] * x.size, [0.0] * x.size)
    count += 1
    first = [decays[0] * m + (1 - decays[0]) * g for m, g in zip(first, gradient.flat, strict=True)]
    second = [decays[1] * v + (1 - decays[1]) * g * g for v, g in zip(second, gradient.flat, strict=True)]
    move = []
    for m, v in zip(first, second, strict=True):
        move.append(m / (1 - decays[0] ** count) / (math.sqrt(v / (1 - decays[1] ** count)) + eps))
    weights = [float(w) for w in x.flat]
    inner = sum(g * w for g, w in zip(gradient.flat, weights, strict=True))
    if abs(inner) * math.sqrt(len(weights)) < threshold * norm(gradient) * norm(x) or norm(gradient) == 0:
        along = sum(d * w for d, w in zip(move, weights, strict=True)) / norm(x) ** 2
        move = [d - along * w for d, w in zip(move, weights, strict=True)]
        weight_decay *= decay_share
    update = [-step_size * (d + weight_decay * w) for d, w in zip(move, weights, strict=True)]
    return (count, first, second), np.reshape(update, x.shape)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_adamp_equals_the_paper_number_by_number(dtype, rng):
    # With a threshold of 1 about two in three steps are projected.
    assert_walks(adamp, paper_adamp, rng, dtype, threshold=1.0)
    settings = {"step_size": 0.05, "decays": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.3, "decay_share": 0.4}
    assert_walks(adamp, paper_adamp, rng, dtype, threshold=1.0, **settings)


def test_adamp_is_adamw_where_the_length_matters(rng):
    state = other = at_rest(AdamState, X)
    for _ in range(5):
        gradient = tilted(0.4) + 0.1 * rng.standard_normal((3, 2))
        state, update = adamp(state, gradient, X, step_size=0.1, weight_decay=0.2)
        other, expected = adamw(other, gradient, X, step_size=0.1, weight_decay=0.2)
        assert_close(update, expected, "adamp for a gradient far from a right angle to x", "adamw", rtol=1e-9)


def test_adamp_grows_the_weights_by_no_more_than_its_steps_need():
    matrix = np.diag(np.linspace(1, 4, 12)) + 0.1  # f(x) = x'Ax / x'x, whose gradient is at right angles to x
    ends = {}
    for name, rule in (("adamp", adamp), ("adamw", adamw)):
        x = np.linspace(0.2, 1.0, 12)
        state, grown = at_rest(AdamState, x), x @ x
        for _ in range(60):
            gradient = 2 * (matrix @ x - (x @ matrix @ x) / (x @ x) * x) / (x @ x)
            state, update = rule(state, gradient, x, step_size=0.05, weight_decay=0.0)
            grown += update @ update
            x = x + update
        ends[name] = x @ x, grown
    got, expected = ends["adamp"]
    assert_close(got, expected, "‖x‖² after 60 steps of adamp", "‖x₀‖² plus all ‖u‖², by Pythagoras", rtol=1e-9)
    assert ends["adamw"][0] > 1.2 * ends["adamw"][1], f"adamw should grow more than its steps need: {ends['adamw']}"


def test_adamp_is_pure(rng):
    assert_pure(adamp, rng, threshold=3.0)
    assert_pure(adamp, rng, threshold=1e-9)


@pytest.mark.given
def test_lars_and_the_other_rules_refuse_nonsense():
    own = {
        lars: ("trust", {"momentum": 1.0}),
        lamb: ("eps", {"decays": (1.0, 0.9)}),
        adamp: ("threshold", {"decays": (0.9, -0.1)}),
    }
    for rule, (positive, shares) in own.items():
        refused = [(name, value) for name in ("step_size", positive) for value in (0.0, -1.0, np.nan, np.inf)]
        refused += [("weight_decay", value) for value in (-0.1, np.nan, np.inf)]
        for name, value in refused:
            with pytest.raises(ValueError, match=name):
                rule(rest(rule, np.zeros(2)), np.ones(2), np.ones(2), **{name: value})
        with pytest.raises(ValueError, match="decay, or momentum"):
            rule(rest(rule, np.zeros(2)), np.ones(2), np.ones(2), **shares)
        for name, arrays in (("gradient", (np.ones(3), np.ones((3, 1)))), ("x", (np.ones((3, 1)), np.ones(1)))):
            with pytest.raises(ValueError, match=name):
                rule(rest(rule, np.zeros((3, 1))), *arrays)
