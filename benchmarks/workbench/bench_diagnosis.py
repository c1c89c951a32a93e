"""What fifty wrong solutions are told: `python benchmarks/workbench/bench_diagnosis.py [WORDS [FILE]]`.

They stand in `wrong_solutions.toml`, another fifty in `wrong_solutions_2.toml`, and 96 in `wrong_solutions_3.toml`; all were
written before anybody looked at what the tests say to them, and the first hundred have become known mistakes since. Of each
are printed what is wrong, the first failure, and what it is taken for. Whether what is said is right is for a reader to judge:
the verdicts stand beside them, as `told`.
"""

import mlpath.workbench.threads  # noqa: F401  (one thread, before numpy)

# isort: split
import sys
import tomllib
from collections import Counter
from pathlib import Path

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.failures import why
from mlpath.workbench.records import known_mistake
from mlpath.workbench.scoreboard import told_later
from mlpath.workbench.trial import Trials

ROOT = Path(__file__).resolve().parents[2]


def main(words: str = "", name: str = "wrong_solutions.toml") -> None:
    wrong = tomllib.loads(Path(__file__).with_name(name).read_text())["wrong"]
    counts = Counter()
    for i, solution in enumerate(wrong):
        if words not in f"{solution['exercise']} {solution['part']}":
            continue
        exercise = exercises()[solution["exercise"]]
        source = exercise.reference.read_text()
        assert source.count(solution["replace"]) == 1
        with Trials(exercise, ROOT) as trials:
            trial = trials.run(source.replace(solution["replace"], solution["by"]))
        failed = trial.failed()
        tests = [f"file::{name}" for name in trial.outcomes]
        outcomes = {f"file::{name}": what for name, what in trial.outcomes.items()}
        named = known_mistake(exercise, tests, outcomes, {f"file::{name}": text for name, text in trial.said.items()})
        counts["rejected" if failed else "ACCEPTED"] += 1
        counts[f"told {solution.get('told', 'unjudged')}"] += 1
        print(f"{i}. {exercise.id} {solution['part']}: {solution['truth']}")
        print(f"   {len(failed)} tests fail, first {failed[0] if failed else None}; told: {solution.get('told')}")
        first = trial.messages.get(failed[0], "") if failed else ""
        print("".join(f"     | {line}\n" for line in first.splitlines()), end="")
        if not named and (later := told_later([why(trial.messages.get(name, "")) for name in failed])):
            print(f"   a later test says why: {later}")
        if named:
            print(f"   {named}")
    print(dict(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
