"""What is read off a learner's file without running it."""

import ast
from collections.abc import Iterator, Sequence

from mlpath.workbench.stubs import functions


def imported_modules(tree: ast.Module) -> set[str]:
    """Return the dotted names of all that a file imports anywhere; some may be names within a module."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def broken_rule(tree: ast.Module, module: str, without: Sequence[str]) -> tuple[int, str] | None:
    """Return line and complaint where a file imports its own reference, or uses what the exercise rules out."""
    for line, name in sorted(_names(tree, module)):
        if name == module or name.startswith(module + "."):
            return line, f"imports {module}, which is the solution of this exercise"
        for banned in without:
            if name == banned or name.startswith(banned + "."):
                return line, f"uses {banned}, which this exercise asks you to do without"
    return None


def function_at(tree: ast.Module, line: int) -> str | None:
    """Return the qualified name of the function that holds this line."""
    inside = [name for name, node in functions(tree) if node.lineno <= line <= (node.end_lineno or node.lineno)]
    return inside[-1] if inside else None


def _names(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    """Yield line and full dotted name of all that a file imports, or reaches through what it imports."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                aliases[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            source = (
                ".".join([*module.split(".")[: -node.level], node.module or ""]).strip(".")
                if node.level
                else node.module
            )
            for alias in node.names:
                name = module if source == module.rpartition(".")[0] and alias.name == "*" else f"{source}.{alias.name}"
                aliases[alias.asname or alias.name] = name
                yield node.lineno, name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            path, base = [node.attr], node.value
            while isinstance(base, ast.Attribute):
                path, base = [base.attr, *path], base.value
            if isinstance(base, ast.Name) and base.id in aliases:
                yield node.lineno, ".".join([aliases[base.id], *path])
