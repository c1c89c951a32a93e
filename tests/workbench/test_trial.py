"""Trials of any source as a solution, and what is measured of tests that go by chance."""

import subprocess
import sys
from pathlib import Path

import pytest

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.patterns import steady
from mlpath.workbench.proofs import complaints, measure_power
from mlpath.workbench.records import Mutants, Power, Proof
from mlpath.workbench.trial import WHOLE, Trials

ROOT = Path(__file__).parents[2]
NORMS, CHAINS = exercises()["linalg/norms"], exercises()["bayes/metropolis_hastings"]
ONLY = ("-k", "test_random_walk_proposes or test_random_walk_moves or test_random_walk_needs")


def trial(exercise, change=("", ""), *options, **settings):
    source = exercise.reference.read_text()
    assert change[0] in source
    with Trials(exercise, ROOT, *options) as trials:
        return trials.run(source.replace(*change), **settings)


def test_the_reference_passes_and_its_tests_come_in_order():
    found = trial(NORMS)
    assert found.failed() == []
    assert next(iter(found.outcomes)) == "test_l1_norm_adds_the_absolute_values"
    assert found.said == found.messages == found.errors == {}


def test_a_wrong_solution_fails_with_words_and_values():
    found = trial(NORMS, ("np.abs(x).sum()", "x.sum()"), "-k", "test_l1_norm")
    name = found.failed()[0]
    assert name == "test_l1_norm_adds_the_absolute_values"
    assert "returned 3.5\nexpected by equation (1): 7.5" in found.messages[name]
    assert found.said[name].endswith(" 4.5 3.5 7.5")


@pytest.mark.parametrize(("by", "seconds"), [("exit()", 60), ("while True: pass", 2)])
def test_a_source_that_ends_or_hangs_fails_as_a_whole(by, seconds):
    found = trial(NORMS, ("import numpy as np\n", f"import numpy as np\n\n{by}\n"), seconds=seconds)
    assert found.failed() in ([WHOLE], ["file"])


def test_one_trial_leaves_nothing_to_the_next():
    source = NORMS.reference.read_text()
    wrong = source.replace("np.abs(x).sum()", "x.sum()    ")  # as long, within the same second
    with Trials(NORMS, ROOT) as trials:
        found = [trials.run(text, seconds=30).failed() for text in (source, wrong, "exit()", "def", source)]
    assert found[0] == found[4] == []
    assert found[1][0] == "test_l1_norm_adds_the_absolute_values"
    assert found[2] == found[3] == ["file"]


def test_what_another_processor_rounds_otherwise_is_seen():
    """Of three points in five dimensions, which axes have no variance is decided by rounding."""
    pca = exercises()["linalg/pca"]
    mistake = next(m for m in pca.details.mistakes if m.name == "axes-in-columns")
    wrong = pca.reference.read_text().replace(mistake.replace, mistake.by)
    ones = []
    for elsewhere in (False, True):
        with Trials(pca, ROOT, "-k", "test_axes_by_covariance", elsewhere=elsewhere) as trials:
            assert trials.run(pca.reference.read_text()).failed() == []
            ones.append(trials.run(wrong))
    here, there = ones
    assert here.failed() == there.failed() != []
    kept = steady(here.said, there.said)
    assert "test_axes_by_covariance_finds_the_axes_of_four_points" in kept
    assert kept.keys() <= here.said.keys()


def test_the_stub_fails_each_test_by_what_is_not_written():
    with Trials(NORMS, ROOT) as trials:
        assert set(trials.run(NORMS.stub).outcomes.values()) == {"not written yet", "given"}


def test_some_tests_are_run_alone_and_a_run_ends_at_the_first_failure():
    wrong = NORMS.reference.read_text().replace("np.abs(x).sum()", "x.sum()")
    with Trials(NORMS, ROOT) as trials:
        whole = trials.run(wrong)
        names = whole.failed()[:2]
        assert trials.run(wrong, tests=names).outcomes == dict.fromkeys(names, "failed")
        assert list(trials.run(wrong, until_failure=True).outcomes)[-1] == names[0]


def test_the_functions_that_a_test_comes_through_are_watched():
    calls = trial(NORMS, ("", ""), "-k", "test_l1_norm", watch=True).calls
    assert calls["test_l1_norm_adds_the_absolute_values"] == {"l1_norm", "_real"}
    assert not any(trial(NORMS, ("", ""), "-k", "test_l1_norm_adds").calls.values())


@pytest.mark.parametrize("settings", [{}, {"tests": ["test_l1_norm_adds_the_absolute_values"], "until_failure": True}])
def test_without_forks_a_fresh_process_says_the_same(monkeypatch, settings):
    change = ("np.abs(x).sum()", "x.sum()")
    name = "test_l1_norm_adds_the_absolute_values"
    forked = trial(NORMS, change, "-k", "test_l1_norm", **settings)
    monkeypatch.setattr("mlpath.workbench.trial.CAN_FORK", False)
    fresh = trial(NORMS, change, "-k", "test_l1_norm", **settings)
    assert fresh.outcomes == forked.outcomes
    assert fresh.said == forked.said
    assert fresh.messages[name] == forked.messages[name]


def test_the_probability_of_a_false_rejection_is_summed_for_each_test():
    found = trial(CHAINS, ("", ""), *ONLY)
    assert found.failed() == []
    assert 0 < sum(found.errors.values()) < 1e-6
    assert set(found.errors) < set(found.outcomes)


def test_the_seeds_of_tests_are_moved_reproducibly_and_no_others():
    code = """
import numpy as np, torch
from mlpath.workbench.trial import _move_seeds
def draws():
    g, rng = torch.Generator().manual_seed(5), np.random.default_rng(5)
    return [rng.random(), torch.rand(1, generator=g).item(), torch.manual_seed(5) and torch.rand(1).item()]
tests = {"__name__": "mlpath_shared_x", "np": np, "torch": torch}
exec("def draws():\\n    g, rng = torch.Generator().manual_seed(5), np.random.default_rng(5)\\n"
     "    return [rng.random(), torch.rand(1, generator=g).item(), torch.manual_seed(5) and torch.rand(1).item()]", tests)
before = draws()
assert tests["draws"]() == before
_move_seeds(1)
after = tests["draws"]()
assert all(a != b for a, b in zip(before, after)), (before, after)
assert tests["draws"]() == after
assert draws() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_power_is_measured_of_the_mistakes_that_only_chance_can_tell(monkeypatch):
    """A walk of twice the scale is seen by a check that goes by chance, whatever the seed."""
    from mlpath.workbench import proofs

    source = CHAINS.reference.read_text()
    old = "scale * rng.standard_normal(position.shape), np"
    assert old in source
    monkeypatch.setattr(proofs, "Trials", lambda exercise, root: Trials(exercise, root, *ONLY))
    mistake = CHAINS.details.mistakes[0]
    monkeypatch.setattr(mistake, "replace", old)
    monkeypatch.setattr(mistake, "by", f"2 * {old}")
    found = trial(CHAINS, (old, f"2 * {old}"), *ONLY)
    tests = list(found.outcomes)
    record = Proof(
        digest="",
        tests="",
        reference=[],
        stub={},
        mistakes={},
        alternatives={},
        mutants=Mutants(0, 0, 0, []),
        errors={},
    )
    record.errors = {tests.index(name): error for name, error in trial(CHAINS, ("", ""), *ONLY).errors.items()}
    record.mistakes = {m.name: proofs.pattern(tests, found.failed(), found.said) for m in CHAINS.details.mistakes[:1]}
    monkeypatch.setattr(CHAINS.details, "mistakes", CHAINS.details.mistakes[:1])
    power = measure_power(CHAINS, ROOT, 3, record)
    assert (power.seeds, power.false_rejections, power.rejections) == (3, 0, {mistake.name: 3})
    record.power = power
    assert "other seeds" not in " ".join(complaints(CHAINS, record))
    record.power = Power(3, 1, power.rejections)
    assert "the reference fails with 1 of 3 other seeds" in complaints(CHAINS, record)
