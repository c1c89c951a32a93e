"""What an exercise proves of itself: what the shared tests say to mistakes, alternatives and mutants.

It is recorded, and made anew only where the digest has changed, which is made of the code of reference, tests, mistakes,
alternatives and what these import from other exercises and rooms, not of prose or hints.
"""

import ast
import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mlpath.workbench.curriculum import Exercise
from mlpath.workbench.mutants import Mutant, meaning, mutants
from mlpath.workbench.patterns import Pattern, is_telling, pattern, steady
from mlpath.workbench.progress import code
from mlpath.workbench.records import Likeness, Mutants, Power, Proof, name_tests
from mlpath.workbench.rules import imported_modules
from mlpath.workbench.slips import slips
from mlpath.workbench.trial import WHOLE, Trial, Trials

KILLED_AT_LEAST, EQUIVALENT_AT_MOST = 0.95, 0.10
FALSE_REJECTIONS_AT_MOST = 1e-6
POWER_AT_LEAST = 0.99
OTHERWISE_AT_MOST = 0.5  # of the mistakes: what rounding decides, another processor decides otherwise
PATIENCE = 3.0, 5.0  # seconds, and times as long as the reference takes: then a mutant is an endless loop
FINGERPRINTS = 2  # of each mutant
VAGUE = ("a number or an index", "a constant")  # of several sentences for the same, these come last

EVERY = slice(None)

Report = Callable[[str], object]


def digest(exercise: Exercise, root: Path) -> str:
    """Return a hash of all that the proofs depend on."""
    files = [exercise.reference, root / exercise.tests, *sorted((root / exercise.alternatives).glob("*.py"))]
    named = [imported_modules(ast.parse(file.read_bytes())) for file in files[:2]]
    for name in sorted(set[str]().union(*named) - {exercise.module}):
        if name.startswith("mlpath.") and not name.startswith(("mlpath.testing", "mlpath.workbench")):
            files.append(Exercise(name.removeprefix("mlpath.").replace(".", "/")).reference)
    state = hashlib.sha256(code(exercise.stub).encode())
    for file in files:
        if file.exists():
            state.update(f"{file.name}\n{code(file.read_text(encoding='utf-8'))}\n".encode())
    for mistake in exercise.details.mistakes:
        state.update(f"{mistake.name}\n{mistake.replace}\n{mistake.by}\n".encode())
    for equivalent in exercise.details.equivalents:
        state.update(f"{equivalent.replace}\n{equivalent.by}\n".encode())
    return state.hexdigest()[:16]


# ------------------------------------------------------------------- proving


def prove(
    exercise: Exercise,
    root: Path,
    report: Report = lambda what: None,
    *,
    with_slips: bool = True,
    sample: slice = EVERY,
) -> Proof:
    """Run everything that an exercise has to prove; `report` is called with what comes next.

    Slips prove nothing, and may be left out where nobody needs to recognise them; a sample of the mutants will do to see
    whether a record still holds.
    """
    source = exercise.reference.read_text(encoding="utf-8")
    with Trials(exercise, root) as trials, Trials(exercise, root, elsewhere=True) as others:
        report("reference and stub")
        reference = trials.run(source, watch=True)
        tests = list(reference.outcomes)
        stub = trials.run(exercise.stub)
        proof = Proof(
            digest=digest(exercise, root),
            tests=name_tests(tests),
            reference=reference.failed(),
            stub={name: what for name, what in stub.outcomes.items() if what in ("passed", "failed")},
            mistakes={},
            alternatives={},
            mutants=Mutants(0, 0, 0, []),
            errors={tests.index(name): error for name, error in reference.errors.items()},
        )
        if proof.reference or proof.stub:
            return proof
        for mistake in exercise.details.mistakes:
            report(f"mistake {mistake.name}")
            wrong = source.replace(mistake.replace, mistake.by)
            trial = trials.run(wrong)
            failed = tests if WHOLE in trial.outcomes else trial.failed()
            proof.mistakes[mistake.name] = pattern(tests, failed, steady(trial.said, others.run(wrong).said))
        for file in sorted((root / exercise.alternatives).glob("*.py")):
            report(f"alternative {file.stem}")
            proof.alternatives[file.name] = trials.run(file.read_text(encoding="utf-8")).failed()
        proof.mutants = _tried(exercise, trials, reference, report, with_slips, sample)
        return proof


def try_mutants(exercise: Exercise, root: Path, report: Report = lambda what: None) -> Mutants:
    """Run the tests on each mutant of the reference."""
    with Trials(exercise, root) as trials:
        reference = trials.run(exercise.reference.read_text(encoding="utf-8"), watch=True)
        return _tried(exercise, trials, reference, report, with_slips=False)


def _tried(
    exercise: Exercise, trials: Trials, reference: Trial, report: Report, with_slips: bool, sample: slice = EVERY
) -> Mutants:
    """Run on each mutant those tests that come through what was changed; the others would pass as before."""
    source = exercise.reference.read_text(encoding="utf-8")
    declared = {meaning(source.replace(e.replace, e.by)) for e in exercise.details.equivalents}
    counted, others = mutants(source)[sample], slips(source) if with_slips else []
    found, alike = Mutants(len(counted), 0, 0, []), _Likenesses(list(reference.outcomes))
    started = time.perf_counter()
    trials.run(source)
    patience = PATIENCE[0] + PATIENCE[1] * (time.perf_counter() - started)
    for i, mutant in enumerate([*counted, *others], start=1):
        report(f"mutant {i} of {len(counted)} and {len(others)} slips")
        touched = [name for name, called in reference.calls.items() if mutant.part in called]
        trial = trials.run(mutant.source, seconds=patience, tests=touched)
        if trial.failed():
            alike.add(mutant, trial)
        if i > len(counted):
            continue
        if trial.failed():
            found.killed += 1
        elif meaning(mutant.source) in declared:
            found.equivalent += 1
        else:
            found.survivors.append(mutant.diff)
    found.likenesses = alike.told()
    return found


class _Likenesses:
    """What mutants and slips do to the tests."""

    def __init__(self, tests: list[str]) -> None:
        self.tests = tests
        self.found: dict[str, list[tuple[Pattern, Mutant]]] = {}

    def add(self, mutant: Mutant, trial: Trial) -> None:
        """Keep it, but of those that do the same only one."""
        if not trial.outcomes.keys() <= set(self.tests):  # it could not be loaded, or hung
            return
        whole = pattern(self.tests, trial.failed(), trial.said, keep=len(self.tests))
        alike = self.found.setdefault(whole.fails, [])
        for i, (known, other) in enumerate(alike):
            if known.is_like(whole):
                if _vagueness(mutant) < _vagueness(other):
                    alike[i] = whole, mutant
                return
        alike.append((whole, mutant))

    def told(self) -> list[Likeness]:
        """Return those that values can tell, and that tell something."""
        kept = []
        for whole, mutant in (pair for alike in self.found.values() for pair in alike):
            said = {i: text for i, text in whole.said.items() if is_telling({i: text})}
            first = dict(list(said.items())[:FINGERPRINTS])
            if first:
                kept.append(Likeness(mutant.part, mutant.says, Pattern(whole.fails, first)))
        return kept


def _vagueness(mutant: Mutant) -> int:
    return next((i for i, words in enumerate(VAGUE, start=1) if mutant.says.startswith(words)), 0)


def measure_power(
    exercise: Exercise, root: Path, seeds: int, proof: Proof, report: Report = lambda what: None
) -> Power:
    """Run the tests with other seeds: on the reference, and on the mistakes that only tests that go by chance reject."""
    source = exercise.reference.read_text(encoding="utf-8")
    by_chance = [
        mistake for mistake in exercise.details.mistakes if proof.mistakes[mistake.name].numbers() <= set(proof.errors)
    ]
    power = Power(seeds, 0, {mistake.name: 0 for mistake in by_chance})
    with Trials(exercise, root) as trials:
        for seed in range(1, seeds + 1):
            report(f"seed {seed} of {seeds}")
            power.false_rejections += bool(trials.run(source, seed=seed).failed())
            for mistake in by_chance:
                wrong = source.replace(mistake.replace, mistake.by)
                rejected = trials.run(wrong, seed=seed, until_failure=True).failed()
                power.rejections[mistake.name] += bool(rejected)
    return power


# ------------------------------------------------------------------- judging


def complaints(exercise: Exercise, proof: Proof) -> Iterator[str]:
    """Say what the record shows to be wrong, a line each."""
    if proof.reference:
        yield f"the reference fails {_list(proof.reference)}"
        return
    if passed := [name for name, what in proof.stub.items() if what == "passed"]:
        yield f"the stub passes {_list(passed)}; mark a test that is about given code with @pytest.mark.given"
    if wrong := [name for name, what in proof.stub.items() if what == "failed"]:
        yield f"the stub fails otherwise than by NotImplementedError in {_list(wrong)}"
    if proof.stub:
        return
    yield from _about_mistakes(exercise, proof)
    if not proof.alternatives:
        yield f"no alternative solution in {exercise.alternatives}"
    for name, failed in proof.alternatives.items():
        if failed:
            yield f"alternative {name} fails {_list(failed)}"
    found = proof.mutants
    if found.share < KILLED_AT_LEAST:
        yield f"of {found.made} mutants only {found.killed} are killed ({found.share:.0%}): mlpath dev mutants {exercise.id}"
    if found.equivalent > EQUIVALENT_AT_MOST * found.made:
        yield f"{found.equivalent} of {found.made} mutants are declared equivalent; at most {EQUIVALENT_AT_MOST:.0%} may be"
    if (error := sum(proof.errors.values())) > FALSE_REJECTIONS_AT_MOST:
        yield f"the tests fail a right solution with probability {error:.1g}, which should be at most {FALSE_REJECTIONS_AT_MOST:g}"
    by_chance = [
        name for name, known in proof.mistakes.items() if known.numbers() and known.numbers() <= set(proof.errors)
    ]
    if proof.power is None and by_chance:
        yield f"only tests that go by chance reject {_list(by_chance)}: measure their power by mlpath dev power {exercise.id}"
    if proof.power is not None:
        if proof.power.false_rejections:
            yield f"the reference fails with {proof.power.false_rejections} of {proof.power.seeds} other seeds"
        for name, count in proof.power.rejections.items():
            if count < POWER_AT_LEAST * proof.power.seeds:
                yield f"mistake {name} is rejected with {count} of {proof.power.seeds} seeds only"


def _about_mistakes(exercise: Exercise, proof: Proof) -> Iterator[str]:
    says = {mistake.name: mistake.says for mistake in exercise.details.mistakes}
    for name, known in proof.mistakes.items():
        if not known.numbers():
            yield f"mistake {name} passes all tests"
            continue
        alike = [other for other, theirs in proof.mistakes.items() if theirs.is_like(known)]
        if others := [other for other in alike if says.get(other) != says[name]]:
            yield f"mistake {name} looks to the tests like {_list(others)}: a learner would not be told which"


def difference(old: Proof, new: Proof) -> str | None:
    """Say where a record made anew, perhaps with a sample of the mutants and on another machine, is another one, or None."""
    if old.digest != new.digest:
        return "something has changed since"
    if (old.tests, old.reference, old.stub, old.alternatives) != (new.tests, new.reference, new.stub, new.alternatives):
        return "other tests fail"
    if passed := [name for name, known in new.mistakes.items() if not known.numbers() and old.mistakes[name].numbers()]:
        return f"mistake {passed[0]} passes all tests"
    alive = [diff for diff in new.mutants.survivors if diff not in old.mutants.survivors]
    if len(alive) > (1 - KILLED_AT_LEAST) * new.mutants.made:
        return f"{len(alive)} of {new.mutants.made} mutants are alive that were killed, such as\n{alive[0]}\n"
    otherwise = [name for name, known in old.mistakes.items() if not known.is_like(new.mistakes[name])]
    if len(otherwise) > OTHERWISE_AT_MOST * len(old.mistakes):
        return f"{len(otherwise)} of {len(old.mistakes)} mistakes fail otherwise, such as {otherwise[0]}"
    return None


def _list(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
