"""From a reference to its stub, by slicing lines: what is kept is byte for byte the author's.

The body of each function becomes `raise NotImplementedError`, and private helpers vanish, unless the author marks them
as given:

- `# given` on the line of a `def` or `class` keeps all of it;
- inside a body, a line `# given` opens a region that is kept, and a line `# yours` closes it.

Imports and private constants that only the solution used go too, but for imports of other exercises: these are what a
learner is meant to build on.
"""

import ast
import re
from collections.abc import Collection, Iterator, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef
GIVEN = re.compile(r"#\s*given\b")
YOURS = re.compile(r"#\s*yours\b")
HEADER = re.compile(r"^# (\d+) parts to write", re.MULTILINE)
HOLE = re.compile(r'^ +raise NotImplementedError\("not written yet: (.+)"\)$', re.MULTILINE)


def make_stub(source: str, header: Sequence[str] = ()) -> str:
    """Return the stub of a reference, with the lines of `header` as comments below its note."""
    lines = source.splitlines()
    text = _render(_cut(ast.parse(source), lines, header))
    while (shorter := _without_unused(text)) != text:
        text = shorter
    return text


def parts(stub: str, file: str = "<stub>") -> dict[str, int]:
    """Return what a stub, or a learner's file, leaves to be written: qualified names and their lines."""
    if "NotImplementedError" not in stub:
        return {}
    return {name: node.lineno for name, node in functions(ast.parse(stub, file)) if any(map(_is_hole, node.body))}


def left_open(text: str) -> Collection[str]:
    """Return what a learner's file leaves to be written; of one that can't be parsed, what it seems to."""
    try:
        return parts(text)
    except (SyntaxError, ValueError):
        return HOLE.findall(text)


def is_untouched(text: str) -> bool:
    """Whether a learner's file, at a glance, has all the holes that its header counts; False if it has no header."""
    header = HEADER.search(text)
    return header is not None and len(set(HOLE.findall(text))) == int(header[1])


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yield the functions and methods of a module with their qualified names, in order."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for child in node.body:
                if isinstance(child, Function):
                    yield f"{node.name}.{child.name}", child


def learner_lines(source: str) -> set[int]:
    """Return the numbers of the lines of a reference that its stub leaves out."""
    lines = source.splitlines()
    kept = _cut(ast.parse(source), lines, ())
    return {i for i, (old, new) in enumerate(zip(lines, kept), start=1) if old != new}


def _is_hole(statement: ast.stmt) -> bool:
    match statement:
        case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")) | ast.Name(id="NotImplementedError")):
            return True
    return False


def _cut(tree: ast.Module, lines: list[str], header: Sequence[str]) -> list[str | None]:
    """Return the lines with None where one is dropped; a line may become several."""
    out: list[str | None] = [*lines]

    def drop(first: int, last: int) -> None:
        out[first - 1 : last] = [None] * (last - first + 1)

    def drop_whole(node: ast.AST) -> None:
        first, last = _first_line(node), _last_line(node, lines)
        while first > 1 and lines[first - 2].lstrip().startswith("#"):  # a comment above belongs to it
            first -= 1
        while first > 1 and not lines[first - 2].strip():
            first -= 1
        drop(first, last)

    def empty(name: str, node: Function) -> None:
        start, last = _body_start(node, lines), _last_line(node, lines)
        if start > last:
            return
        indent = " " * node.body[0].col_offset
        hole = f'{indent}raise NotImplementedError("not written yet: {name}")'
        given, open_hole = False, False
        for i in range(start, last + 1):
            text = lines[i - 1]
            at_level = text.startswith(indent + "#")
            if at_level and GIVEN.match(text.strip()):
                given, open_hole = True, False
            elif at_level and YOURS.match(text.strip()):
                given = False
                drop(i, i)
            elif not given:
                drop(i, i)
                if not open_hole and text.strip() and not text.lstrip().startswith("#"):
                    out[i - 1], open_hole = hole, True

    def visit(body: Sequence[ast.stmt], prefix: str = "") -> None:
        for node in body:
            if not isinstance(node, Function | ast.ClassDef) or _is_given(node, lines):
                continue
            if _is_private(node.name):
                drop_whole(node)
            elif isinstance(node, ast.ClassDef):
                visit(node.body, f"{node.name}.")
            elif not _is_only_docstring(node):
                if node.body[0].lineno == node.lineno:
                    raise SyntaxError(f"line {node.lineno}: put the body of {node.name} on a line of its own")
                empty(prefix + node.name, node)

    visit(tree.body)
    if header and ast.get_docstring(tree):
        end = tree.body[0].end_lineno or 1
        out[end - 1] = "\n".join([lines[end - 1], "", *(f"# {line}" for line in header)])
    return out


def _render(lines: list[str | None]) -> str:
    text = "\n".join(line for line in lines if line is not None)
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip("\n") + "\n"


def _first_line(node: ast.AST) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])  # type: ignore[attr-defined]


def _last_line(node: ast.AST, lines: list[str]) -> int:
    """The last line of a definition, with the indented comments that trail it: they may tell the solution."""
    last: int = node.end_lineno  # type: ignore[attr-defined]
    column: int = node.col_offset  # type: ignore[attr-defined]
    ahead = last
    while ahead < len(lines) and (not lines[ahead].strip() or re.match(rf"\s{{{column + 1},}}#", lines[ahead])):
        ahead += 1
        if lines[ahead - 1].strip():
            last = ahead
    return last


def _body_start(node: Function, lines: list[str]) -> int:
    """The first line after the docstring, or after the signature, comments included."""
    if ast.get_docstring(node, clean=False) is not None:
        return (node.body[0].end_lineno or node.lineno) + 1
    start = _first_line(node.body[0])
    while lines[start - 2].lstrip().startswith("#"):
        start -= 1
    return start


def _is_given(node: Function | ast.ClassDef, lines: list[str]) -> bool:
    return any(GIVEN.search(line) for line in lines[_first_line(node) - 1 : node.body[0].lineno - 1])


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _is_only_docstring(node: Function) -> bool:
    return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in node.body)


def _without_unused(stub: str) -> str:
    """Drop the imports and the private constants that nothing in the stub mentions."""
    tree, lines = ast.parse(stub), stub.splitlines()
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for line in re.findall(r"^ *(?:>>>|\.\.\.) (.*)$", stub, re.MULTILINE):  # the examples are to be tried
        used |= set(re.findall(r"\w+", line))
    out: list[str | None] = [*lines]
    for node in tree.body:
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        if isinstance(node, ast.Import | ast.ImportFrom):
            kept = [a for a in node.names if (a.asname or a.name).split(".")[0] in used]
            built_on = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlpath.")
            if built_on or len(kept) == len(node.names) or GIVEN.search("".join(lines[first:last])):
                continue
            out[first:last] = [None] * (last - first)
            if kept:
                head = (
                    f"from {'.' * node.level}{node.module or ''} import"
                    if isinstance(node, ast.ImportFrom)
                    else "import"
                )
                out[first] = f"{head} " + ", ".join(f"{a.name} as {a.asname}" if a.asname else a.name for a in kept)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if all(isinstance(t, ast.Name) and _is_private(t.id) and t.id not in used for t in targets):
                while first > 0 and lines[first - 1].startswith("#"):
                    first -= 1
                out[first:last] = [None] * (last - first)
    return _render(out)
