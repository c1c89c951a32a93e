"""The reference beside the learner's file, part by part; what differs, in facts; and other right solutions."""

import ast
import copy
import difflib
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlpath.workbench.curriculum import Exercise
from mlpath.workbench.stubs import Function, functions
from mlpath.workbench.workspace import Workspace, WorkspaceError, installed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from mlpath.workbench.timing import Times

SIDE_BY_SIDE = 110  # columns that it takes
LIBRARIES = ("numpy", "torch", "scipy", "math")
ALIKE = 1.4  # on a busy machine, two runs of the same file were found to differ by up to 1.25
SHORT = 2e-4  # seconds; what takes less can't be told apart

Row = tuple[str, str | None, str | None]  # a mark, and the line of either side


def show_solution(workspace: Workspace, exercise: Exercise, console: "Console", *, other: bool, yes: bool) -> None:
    """Print the reference beside the learner's file; with `other`, further right solutions."""
    from mlpath.workbench.progress import load, state

    passed = state(workspace, exercise, load(workspace)).startswith("passed")
    if not (passed or yes) and not _wanted(exercise, console):
        return
    if other:
        _show_others(workspace, exercise, console)
    else:
        _show_both(workspace, exercise, console, passed)


def _wanted(exercise: Exercise, console: "Console") -> bool:
    """Ask whether the learner really wants to see it; where nobody can be asked, that is refused."""
    said = f"You have not passed {exercise.id} yet; a hint may serve you better:\n  mlpath hint {exercise.id}"
    if not (console.is_terminal and sys.stdin.isatty()):
        raise WorkspaceError(f"{said}\nTo see the solution all the same:\n  mlpath solution {exercise.id} --yes")
    console.print(said, markup=False, highlight=False)
    try:
        return console.input("Show the solution all the same? (y/N) ", markup=False).strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        console.print()
        return False


# --------------------------------------------------------------- reading code


@dataclass
class Code:
    """What somebody has written for one part, without docstrings: its body, and the helpers that no part before used."""

    text: str
    nodes: list[ast.AST] = field(default_factory=list)


def written(source: str, exercise: Exercise) -> dict[str, Code]:
    """Return what a file has for each part of the exercise; a part that is not there, or not written, is left out."""
    tree, lines = ast.parse(source), source.splitlines()
    stub = ast.parse(exercise.stub)
    known = {name for name, _ in functions(stub)} | _names(stub)
    everything: dict[str, ast.AST] = dict(functions(tree))
    everything |= {name: node for node in tree.body for name in _defined(node)}
    helpers = {name: node for name, node in everything.items() if name not in known}
    signatures = {name: _signature(node) for name, node in functions(ast.parse(exercise.reference.read_bytes()))}
    found: dict[str, Code] = {}
    shown: set[str] = set()
    for part in exercise.parts:
        node = everything.get(part)
        if not isinstance(node, Function) or part in holes_of(tree):
            continue
        code = Code(_without_docstring(node, lines, head=_signature(node) != signatures[part]), [node])
        for name in _used(node, helpers):
            if name not in shown:
                shown.add(name)
                helper = helpers[name]
                code.text += "\n\n" + _without_docstring(helper, lines, head=True)
                code.nodes.append(helper)
        found[part] = code
    return found


def holes_of(tree: ast.Module) -> set[str]:
    """Return the names of the functions that are not written yet."""
    from mlpath.workbench.stubs import parts

    return set(parts(ast.unparse(tree)))


def _names(tree: ast.Module) -> set[str]:
    return {name for node in tree.body for name in _defined(node)}


def _defined(node: ast.AST) -> list[str]:
    """The names that a statement at the top of a module defines, imports apart."""
    if isinstance(node, Function | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _used(node: ast.AST, helpers: dict[str, ast.AST]) -> Iterator[str]:
    """Yield the helpers that a function uses, and those that they use, each once."""
    seen: set[str] = set()
    queue = [node]
    while queue:
        names = {
            n.id if isinstance(n, ast.Name) else n.attr
            for n in ast.walk(queue.pop(0))
            if isinstance(n, ast.Name | ast.Attribute)
        }
        for name, helper in helpers.items():
            if name.rpartition(".")[2] in names and name not in seen:
                seen.add(name)
                queue.append(helper)
                yield name


def _signature(node: ast.AST) -> str:
    """Return the parameters of a function, their types left out."""
    if not isinstance(node, Function):
        return ""
    bare = copy.deepcopy(node.args)
    for argument in ast.walk(bare):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return ast.unparse(bare)


def _without_docstring(node: ast.AST, lines: list[str], *, head: bool) -> str:
    """Return the source of a definition, its docstrings left out; without its head, only what follows that."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])  # type: ignore[attr-defined]
    last: int = node.end_lineno  # type: ignore[attr-defined]
    dropped: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, Function | ast.ClassDef) and ast.get_docstring(inner) is not None and len(inner.body) > 1:
            dropped |= set(range(inner.body[0].lineno, (inner.body[0].end_lineno or 0) + 1))
    if not head and isinstance(node, Function):
        begin = node.body[0].lineno
        if begin == node.lineno:  # all on one line
            return ast.unparse(node.body)  # type: ignore[arg-type]
        while not lines[begin - 2].rstrip().endswith(":") and lines[begin - 2].lstrip().startswith("#"):
            begin -= 1
        first = begin
    kept = [lines[i - 1].rstrip() for i in range(first, last + 1) if i not in dropped]
    kept = [line for line in kept if not line.lstrip().startswith(("# given", "# yours"))]  # which is for the stub
    return textwrap.dedent("\n".join(kept)).strip("\n")


# -------------------------------------------------------------------- showing


def _show_both(workspace: Workspace, exercise: Exercise, console: "Console", passed: bool) -> None:
    from rich.text import Text

    source = (
        workspace.file(exercise).read_text(encoding="utf-8", errors="replace")
        if workspace.file(exercise).is_file()
        else ""
    )
    try:
        mine = written(source, exercise)
    except SyntaxError as error:
        console.print(Text(f"{exercise.file}:{error.lineno}: {error.msg}; so only the reference is shown", "red"))
        mine = {}
    theirs = written(exercise.reference.read_text(encoding="utf-8"), exercise)
    for part in exercise.parts:
        if part not in theirs:
            continue
        _show_part(part, mine.get(part), theirs[part], console)
        console.print()
    if passed and mine.keys() == theirs.keys():
        _show_facts(workspace, exercise, console, mine, theirs, source)


def _show_part(part: str, mine: Code | None, theirs: Code, console: "Console") -> None:
    from rich.text import Text

    wide = console.width >= SIDE_BY_SIDE
    if mine is not None and mine.text == theirs.text:
        console.print(Text.assemble((part, "bold"), ("  yours is the same, word for word", "green")))
        mine = None
    elif mine is None:
        console.print(Text.assemble((part, "bold"), "  the reference; yours is not written yet"))
    else:
        sides = "  left yours, right the reference" if wide else ""
        console.print(Text.assemble((part, "bold"), f"{sides}"))
    if mine is None:
        console.print(_grid([(" ", line) for line in _coloured(theirs.text)]))
        return
    rows = aligned(mine.text, theirs.text)
    left, right = _coloured(mine.text), _coloured(theirs.text)
    if wide:
        console.print(_beside(rows, left, right))
        return
    for title, lines, side, mark in (("yours", left, 1, "<"), ("the reference", right, 2, ">")):
        console.print(Text(f"  {title}", "bold magenta"))
        marks = [mark if row[0] != " " else " " for row in rows if row[side] is not None]
        console.print(_grid(list(zip(marks, lines))))


def aligned(mine: str, theirs: str) -> list[Row]:
    r"""Return the lines of two texts, equal ones side by side.

    Examples
    --------
    >>> aligned("a\nb", "a\nc\nd")
    [(' ', 'a', 'a'), ('|', 'b', 'c'), ('>', None, 'd')]
    """
    left, right = mine.splitlines(), theirs.splitlines()
    rows: list[Row] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for i in range(max(b - a, d - c)):
            one, two = left[a + i] if a + i < b else None, right[c + i] if c + i < d else None
            rows.append(
                (" " if kind == "equal" else "|" if None not in (one, two) else "<" if two is None else ">", one, two)
            )
    return rows


def _coloured(code: str) -> "list[Text]":
    from rich.syntax import Syntax

    from mlpath.workbench.notes import code_theme

    text = Syntax(code, "python", theme=code_theme()).highlight(code)
    text.rstrip()
    return list(text.split("\n", allow_blank=True))[: len(code.splitlines())]


def _grid(lines: "list[tuple[str, Text]]") -> Any:
    from rich.table import Table

    table = Table.grid(padding=(0, 1))
    table.add_column(width=1, style="bold yellow")
    table.add_column(overflow="fold")
    for mark, line in lines:
        table.add_row(mark, line)
    return table


def _beside(rows: list[Row], left: "list[Text]", right: "list[Text]") -> Any:
    from rich.table import Table

    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(width=1, style="bold yellow")
    table.add_column(ratio=1, overflow="fold")
    lefts, rights = iter(left), iter(right)
    for mark, one, two in rows:
        table.add_row("" if one is None else next(lefts), mark, "" if two is None else next(rights))
    return table


# ---------------------------------------------------------------------- facts


@dataclass(frozen=True)
class Facts:
    """What can be counted of a part."""

    lines: int
    loops: int
    calls: frozenset[str]


def facts(code: Code, source: str) -> Facts:
    """Count the lines, the loops and comprehensions, and the functions of libraries that a part uses."""
    lines = sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in code.text.splitlines())
    nodes = [inner for node in code.nodes for inner in ast.walk(node)]
    loops = sum(isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.comprehension) for node in nodes)
    aliases = _aliases(ast.parse(source))
    calls = {name for node in nodes if isinstance(node, ast.Call) and (name := _called(node.func, aliases))}
    return Facts(lines, loops, frozenset(calls))


def _aliases(tree: ast.Module) -> dict[str, str]:
    """By what names a file calls its libraries, and what they stand for: `{"np": "np", "svd": "svd"}`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                a.asname or a.name.partition(".")[0]: a.name
                for a in node.names
                if a.name.partition(".")[0] in LIBRARIES
            }
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LIBRARIES:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def _called(node: ast.expr, aliases: dict[str, str]) -> str:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in aliases:
        return ""
    name = ".".join([aliases[node.id], *reversed(names)])
    return "np" + name[5:] if name.startswith("numpy") else name


def _show_facts(
    workspace: Workspace,
    exercise: Exercise,
    console: "Console",
    mine: dict[str, Code],
    theirs: dict[str, Code],
    source: str,
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from mlpath.workbench.timing import compare

    if console.is_terminal:  # a spinner would be a thread, and the tests run in a fork
        console.print("Measuring both, in turn: some ten seconds ...\n", markup=False, highlight=False)
    times, rounds = compare(exercise, workspace.root, source)
    reference = exercise.reference.read_text(encoding="utf-8")
    ours = {part: facts(code, source) for part, code in mine.items()}
    its = {part: facts(code, reference) for part, code in theirs.items()}

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", border_style="dim")
    table.add_column("part")
    for title in ("lines", "loops", "milliseconds"):
        table.add_column(title, justify="right")
    table.add_column("")
    for part in theirs:
        one, two = ours[part], its[part]
        table.add_row(part, f"{one.lines} / {two.lines}", f"{one.loops} / {two.loops}", *compared(times.get(part)))
    console.print(Text.assemble(("What differs", "bold magenta"), "  yours / the reference"))
    console.print()
    console.print(table)
    console.print()
    for title, one, two in (("Only yours calls", ours, its), ("Only the reference calls", its, ours)):
        only = set().union(*(f.calls for f in one.values())) - set().union(*(f.calls for f in two.values()))
        if only:
            console.print(Text(f"{title} {', '.join(sorted(only))}."))
    if times:
        console.print(
            Text(
                "Times are the processor's, of the calls that the shared tests make: of each test the least of "
                f"{rounds} rounds of both in turn, each in a process of its own, without the checks of shapes. Tests use "
                "small data, so they say little about large."
            )
        )
    else:
        console.print(Text("Times were not measured, for your file does not pass the tests as it is now."))


def compared(times: "Times | None") -> tuple[str, str]:
    """Return milliseconds of both, and a word on their ratio, as far as it can be told.

    Examples
    --------
    >>> from mlpath.workbench.timing import Times
    >>> compared(Times(0.004, 0.001))
    ('4.00 / 1.00', '4.0 times as long')
    """
    if times is None:
        return "", ""
    both = f"{1e3 * times.mine:.2f} / {1e3 * times.reference:.2f}"
    if min(times.mine, times.reference) < SHORT:
        return both, "too short to tell"
    ratio = times.mine / times.reference
    if ratio > ALIKE:
        return both, f"{ratio:.1f} times as long"
    return both, f"{1 / ratio:.1f} times as fast" if ratio < 1 / ALIKE else "alike"


# --------------------------------------------------------------------- others


def _show_others(workspace: Workspace, exercise: Exercise, console: "Console") -> None:
    """Print the alternatives, where they are at hand, and else what is said about other ways."""
    from rich.text import Text

    from mlpath.workbench.notes import Prose

    folders = (workspace.root / exercise.alternatives, installed(exercise.alternatives))
    files = next((found for folder in folders if (found := sorted(folder.glob("*.py")))), [])
    for file in files:
        source = file.read_text(encoding="utf-8")
        tree = ast.parse(source)
        console.print(Text(file.stem.replace("_", " "), "bold magenta"))
        if about := ast.get_docstring(tree):
            console.print(Prose(about))
            source = "\n".join(source.splitlines()[tree.body[0].end_lineno :]).strip("\n")
        console.print()
        console.print(_grid([(" ", line) for line in _coloured(source)]))
        console.print()
    if not files:
        console.print(
            f"Other right solutions are not at hand here: they are in a clone of mlpath, in {exercise.alternatives}/."
        )
        console.print()
    if not files and exercise.details.after:
        console.print(Prose(exercise.details.after))
