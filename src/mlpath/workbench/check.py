"""The one check of an exercise: everything that each of them must have, and what this one lacks."""

import ast
import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from mlpath.workbench.curriculum import CurriculumError, Exercise
from mlpath.workbench.proofs import EVERY, Report, complaints, difference, digest, measure_power, prove
from mlpath.workbench.records import Proof, load, save
from mlpath.workbench.rules import broken_rule
from mlpath.workbench.scoreboard import part_keys, part_of
from mlpath.workbench.stubs import functions

SECTIONS = ["Idea", "Maths", "Worked example", "Plan", "Pitfalls", "Cost", "Go further", "References"]
MAX_PARTS, MAX_PART_LINES = 8, 20
# What numpydoc must find in a public function: parameters and results described, in order, with a summary.
NUMPYDOC = {"GL06", "GL07", "GL08", "SS01", "SS02", "PR01", "PR02", "PR03", "PR04", "PR07", "RT01", "RT03", "YD01"}


def missing(exercise: Exercise, root: Path) -> list[str]:
    """Return what an exercise of the clone at `root` lacks, a line each; an empty list where it is complete.

    What it has to prove is read from its record, which must be fresh.
    """
    if lacks := written(exercise, root):
        return lacks
    proof = up_to_date(exercise, root)
    if proof is None:
        return [f"its proofs are not up to date: run mlpath dev check {exercise.id}"]
    return list(complaints(exercise, proof))


def up_to_date(exercise: Exercise, root: Path) -> Proof | None:
    """Return the record of an exercise, unless something has changed since it was made."""
    proof = load(exercise)
    return proof if proof is not None and proof.digest == digest(exercise, root) else None


def proven(exercise: Exercise, root: Path, *, fresh: bool = False, report: Report = lambda what: None) -> list[str]:
    """Return what an exercise lacks, like `missing`, after making its record where it is out of date, or `fresh` is wanted."""
    if lacks := written(exercise, root):
        return lacks
    proof = up_to_date(exercise, root)
    if proof is None or fresh:
        power = None if proof is None else proof.power
        proof = prove(exercise, root, report)
        proof.power = power
        save(exercise, proof)
    return list(complaints(exercise, proof))


def changed(exercise: Exercise, root: Path, sample: slice = EVERY) -> str | None:
    """Make the record anew, with a sample of the mutants, without writing it; say where it differs from that there, or None."""
    old = load(exercise)
    return (
        difference(old, prove(exercise, root, with_slips=False, sample=sample))
        if old is not None
        else "there is no record"
    )


def with_power(exercise: Exercise, root: Path, seeds: int, report: Report = lambda what: None) -> Proof:
    """Measure the power of an exercise's tests, add it to its record, and return that."""
    proof = up_to_date(exercise, root) or prove(exercise, root, report)
    proof.power = measure_power(exercise, root, seeds, proof, report)
    save(exercise, proof)
    return proof


def written(exercise: Exercise, root: Path) -> list[str]:
    """Return what is wrong with what the author has written, as far as that can be said without running tests."""
    if not exercise.reference.exists():
        return [f"no reference {exercise.reference}"]
    if not (root / exercise.tests).exists():
        return [f"no tests {exercise.tests}"]
    try:
        _ = exercise.details
    except CurriculumError as error:
        return [str(error)]
    return [
        *_metadata(exercise),
        *_note(exercise),
        *_docstrings(exercise),
        *_stub(exercise, root),
        *_tests(exercise, root),
    ]


# ------------------------------------------------------------ what is written


def _metadata(exercise: Exercise) -> Iterator[str]:
    details = exercise.details
    for part in exercise.parts:
        if part not in details.hints:
            yield f"hints: none for {part}"
    for name in details.hints:
        if name not in exercise.parts:
            yield f"hints: {name} is no part of the exercise"
    if sorted(q.kind for q in details.questions) != ["predict", "what if", "why"]:
        yield "questions: there should be one of each kind: predict, why, what if"
    source = exercise.reference.read_text(encoding="utf-8")
    for mistake in details.mistakes:
        if not mistake.replace:
            yield f"mistake {mistake.name}: it has nothing to replace"
        elif (count := source.count(mistake.replace)) != 1:
            yield f"mistake {mistake.name}: the text to replace occurs {count} times in the reference"
    for equivalent in details.equivalents:
        if (count := source.count(equivalent.replace)) != 1:
            yield f"equivalents: {equivalent.replace!r} occurs {count} times in the reference"
    if broken := broken_rule(ast.parse(source), exercise.module + ".", details.without):
        yield f"the reference, line {broken[0]}: {broken[1]}"


def _note(exercise: Exercise) -> Iterator[str]:
    note = ast.get_docstring(_tree(exercise)) or ""
    found = re.findall(r"^## (.+)$", note, re.MULTILINE)
    if found != SECTIONS:
        yield f"note: its sections are {', '.join(found)}; they should be {', '.join(SECTIONS)}"
    if not re.search(r"doi\.org/|arxiv\.org/abs/", note.rpartition("## References")[2]):
        yield "note: no reference has a DOI or an arXiv number"
    if r"\tag{1}" not in note:
        yield "note: its equations are not numbered"


def _docstrings(exercise: Exercise) -> Iterator[str]:
    from numpydoc.validate import validate

    tree, module = _tree(exercise), importlib.import_module(exercise.module)
    public = {
        n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")
    }
    for name, node in functions(tree):
        owner = name.partition(".")[0]
        if owner not in public or name.rpartition(".")[2].startswith("_"):
            continue
        text = ast.get_docstring(node) or ""
        for code, complaint in validate(f"{exercise.module}.{name}")["errors"]:
            if code in NUMPYDOC and not (code == "RT01" and _returns_nothing(node)):
                yield f"docstring of {name}: {complaint}"
        raised = {
            n.exc.func.id
            for n in ast.walk(node)
            if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call) and isinstance(n.exc.func, ast.Name)
        }
        for error in raised:
            if not re.search(rf"Raises\n------\n(.|\n)*{error}", text):
                yield f"docstring of {name}: it raises {error}, and has no such line under Raises"
        for argument in [*node.args.args, *node.args.kwonlyargs, ast.arg("return", node.returns)]:
            if argument.annotation is not None and re.search(
                r"(?<![\w\[])(np\.ndarray|Tensor|torch\.Tensor)\b(?!,)", ast.unparse(argument.annotation)
            ):
                yield f"signature of {name}: {argument.arg} is an array without a shape"
    finder = doctest.DocTestFinder(recurse=True)
    examples = {
        test.name.removeprefix(module.__name__ + "."): test
        for test in finder.find(module, module.__name__)
        if test.examples
    }
    for name, node in public.items():
        is_plain = isinstance(node, ast.ClassDef) and not list(functions(ast.Module([node], [])))
        if not is_plain and not any(key == name or key.startswith(name + ".") for key in examples):
            yield f"docstring of {name}: no doctest"
    runner = doctest.DocTestRunner(verbose=False)
    for name, test in examples.items():
        output: list[str] = []
        if runner.run(test, out=output.append).failed:
            yield f"doctest of {name} fails:\n{''.join(output)}"


def _returns_nothing(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return isinstance(node.returns, ast.Constant) and node.returns.value is None


def _stub(exercise: Exercise, root: Path) -> Iterator[str]:
    if not 3 <= len(exercise.parts) <= MAX_PARTS:
        yield f"{len(exercise.parts)} parts: there should be 3 to {MAX_PARTS}"
    lines = exercise.reference.read_text(encoding="utf-8").splitlines()
    for name, node in functions(_tree(exercise)):
        if name in exercise.parts:
            start = node.body[1].lineno if len(node.body) > 1 else node.body[0].lineno
            body = [
                line for line in lines[start - 1 : node.end_lineno] if line.strip() and not line.strip().startswith("#")
            ]
            if len(body) > MAX_PART_LINES:
                yield f"{name} has {len(body)} lines: split it, or give some of them"
    file = root / exercise.file
    if not file.exists() or file.read_text(encoding="utf-8") != exercise.stub:
        yield f"{exercise.file} is not what the reference gives: run mlpath dev stubs"


def _tests(exercise: Exercise, root: Path) -> Iterator[str]:
    tree = ast.parse((root / exercise.tests).read_bytes())
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    named = [n for n in imports if isinstance(n, ast.ImportFrom) and n.module == exercise.module and not n.level]
    others = [n for n in imports if n not in named and exercise.module in _imported(n)]
    if len(named) != 1 or named[0] not in tree.body or others:
        yield f"{exercise.tests}: import the module under test once, at the top: from {exercise.module} import ..."
    if any(isinstance(n, ast.ClassDef) and n.name.startswith("Test") for n in tree.body):
        yield f"{exercise.tests}: tests should be functions"
    names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    about = {name: part_of(name, exercise.parts) for name in names}
    given = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and _is_marked_given(n)}
    for name in names:
        if about[name] is None and name not in given:
            yield f"{name}: the name begins with no part of the exercise"
    order = list(dict.fromkeys(part for part in about.values() if part))
    if unseen := [part for part in exercise.parts if part not in order]:
        yield f"no test is about {', '.join(unseen)}: its name should begin with test_{part_keys(unseen[0])[0]}_"
    elif order != exercise.parts:
        yield f"the tests take the parts in the order {', '.join(order)}; the file has {', '.join(exercise.parts)}"


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]


def _is_marked_given(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(d).startswith("pytest.mark.given") for d in node.decorator_list)


def _tree(exercise: Exercise) -> ast.Module:
    return ast.parse(exercise.reference.read_bytes())
