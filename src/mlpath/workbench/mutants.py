"""Small mutants of a reference, one place each, such as a tired learner might write; the shared tests should notice all.

Each comes with a sentence, in which a learner whose code comes out alike may recognise it. Only what the learner writes is
mutated: the bodies of the parts, and the private helpers behind them.
"""

import ast
import copy
import difflib
import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from mlpath.workbench.stubs import functions, learner_lines

SEED, AT_MOST = 0, 200

# What an operator becomes, and how to say it: '... as if ...'.
OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], str]] = {
    ast.Add: (ast.Sub, "something were subtracted that should be added"),
    ast.Sub: (ast.Add, "something were added that should be subtracted"),
    ast.Mult: (ast.Div, "something were divided by that should be multiplied by"),
    ast.Div: (ast.Mult, "something were multiplied by that should be divided by"),
    ast.MatMult: (ast.Mult, "arrays were multiplied entry by entry, where a matrix product belongs"),
    ast.Pow: (ast.Mult, "a number were multiplied by its exponent, where it should be raised to it"),
    ast.Mod: (ast.Mult, "a remainder were not taken"),
    ast.FloorDiv: (ast.Div, "a division were not rounded down"),
    ast.BitAnd: (ast.BitOr, "`or` stood where `and` belongs"),
    ast.BitOr: (ast.BitAnd, "`and` stood where `or` belongs"),
}
EDGE, WAY = "a comparison went the other way where both sides are equal", "a condition were the wrong way round"
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], str]] = {
    ast.Lt: (ast.LtE, EDGE),
    ast.LtE: (ast.Lt, EDGE),
    ast.Gt: (ast.GtE, EDGE),
    ast.GtE: (ast.Gt, EDGE),
    ast.Eq: (ast.NotEq, WAY),
    ast.NotEq: (ast.Eq, WAY),
    ast.Is: (ast.IsNot, WAY),
    ast.IsNot: (ast.Is, WAY),
    ast.In: (ast.NotIn, WAY),
    ast.NotIn: (ast.In, WAY),
}
PAIRS = "sum mean, min max, amin amax, argmin argmax, maximum minimum, zeros ones, sin cos, floor ceil, sort argsort"
TWINS = {a: b for pair in PAIRS.split(", ") for a, b in (pair.split(), reversed(pair.split()))}
AXES = {"axis", "dim"}
SYMMETRIC = {"min", "max", "minimum", "maximum", "hypot", "logaddexp", "allclose", "array_equal", "isinstance"}
SYMMETRIC |= {"transpose", "swapaxes"}
CONVERSIONS = {"float", "int", "bool", "list", "tuple"}  # the tests are not to insist on a Python number
OUT_OF_REACH = {"device", "errstate"}  # of these no test on this machine can tell

Change = tuple[str, ast.AST, str, str]


class Mutant(NamedTuple):
    """A reference with one small change."""

    source: str
    part: str
    """The qualified name of the function that was changed."""
    says: str
    """What is wrong with it: a clause that follows 'as if'."""
    diff: str
    """The lines that differ, with - and +."""


def mutants(source: str, *, at_most: int | None = AT_MOST) -> list[Mutant]:
    """Return the mutants of a reference in the order of its lines; of very many, a sample that is always the same."""
    return sample([(source, *change) for change in changes(ast.parse(source), learner_lines(source))], at_most)


def sample(found: Sequence[tuple[str, *Change]], at_most: int | None) -> list[Mutant]:
    """Return the changed sources, each once, in their order; at most so many of them, and always the same ones."""
    order = [*range(len(found))]
    random.Random(SEED).shuffle(order)
    made: dict[str, tuple[int, Mutant]] = {}
    for i in order:
        if len(made) == at_most:
            break
        if mutant := replaced(*found[i]):
            made.setdefault(mutant.source, (i, mutant))
    return [mutant for _, mutant in sorted(made.values())]


def replaced(source: str, part: str, node: ast.AST, replacement: str, says: str) -> Mutant | None:
    """Return the source with one node replaced; None where that is no Python, or means the same."""
    text = _spliced(source, node, replacement)
    if meaning(source) == meaning(text) or meaning(text) is None:
        return None
    return Mutant(text, part, says, _diff(source, text))


@lru_cache(maxsize=4)  # the reference is asked again and again
def meaning(source: str) -> str | None:
    """Return what a text means to Python; None if nothing."""
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:
        return None


def changes(tree: ast.Module, lines: set[int]) -> Iterator[Change]:
    """Yield function, node, what is written in place of the node, and the sentence."""
    for name, function in functions(tree):
        known = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
        stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        axes = {id(n) for k in ast.walk(function) if isinstance(k, ast.keyword) and k.arg in AXES for n in ast.walk(k)}
        for node in (node for statement in function.body for node in ast.walk(statement)):
            if getattr(node, "lineno", 0) in lines and id(node) not in axes:
                for replacement, says in _replacements(node):
                    yield name, node, replacement, says
                for replacement in _stale(node, known, stored):
                    yield (
                        name,
                        node,
                        replacement,
                        "an old value stood where the new one belongs, or a new one for the old",
                    )
                if isinstance(node, ast.Assign) and all(_is_known(target, known) for target in node.targets):
                    yield name, node, "pass", "a value were not updated"
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                known.add(node.id)


def _is_known(target: ast.expr, known: set[str]) -> bool:
    """Whether what is assigned to has a value before; if not, Python itself would notice the lack."""
    return target.id in known if isinstance(target, ast.Name) else not isinstance(target, ast.Tuple | ast.List)


def _stale(node: ast.AST, known: set[str], stored: set[str]) -> Iterator[str]:
    """`state.mean` for `mean`, where there are both, and the reverse."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in stored and "state" in known:
        yield f"state.{node.id}"
    match node:
        case ast.Attribute(value=ast.Name(), attr=attribute, ctx=ast.Load()) if attribute in stored:
            yield attribute


def _replacements(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.BinOp():
            if type(node.op) in OPERATORS:
                other, says = OPERATORS[type(node.op)]
                yield _with(node, op=other()), says
            if isinstance(node.op, ast.Sub):
                yield _with(node, left=node.right, right=node.left), "a difference had the wrong sign"
            if isinstance(node.op, ast.Add | ast.Sub):
                yield text_of(node.left), "a term were missing"
            if isinstance(node.op, ast.Mult | ast.Div):
                yield text_of(node.left), "a factor or a division were missing"
            if isinstance(node.op, ast.Pow):
                yield text_of(node.left), "a power or a root were missing"
        case ast.AugAssign() if type(node.op) in OPERATORS:
            other, says = OPERATORS[type(node.op)]
            yield _with(node, op=other()), says
            yield "pass", "a step were left out"
        case ast.Compare() if type(node.ops[0]) in COMPARISONS:
            other, says = COMPARISONS[type(node.ops[0])]
            yield _with(node, ops=[other(), *node.ops[1:]]), says
        case ast.BoolOp():
            is_and = isinstance(node.op, ast.And)
            says = "`or` stood where `and` belongs" if is_and else "`and` stood where `or` belongs"
            yield _with(node, op=ast.Or() if is_and else ast.And()), says
        case ast.UnaryOp(op=ast.USub()):
            yield text_of(node.operand), "a minus sign were missing"
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            yield text_of(node.operand), WAY
        case ast.Constant(value=bool() as value):
            yield repr(not value), f"{not value} stood where {value} belongs"
        case ast.Constant(value=int() as value):
            yield repr(value + 1), "a number or an index were 1 too large"
            if value > 1:
                yield repr(value - 1), "a number or an index were 1 too small"
        case ast.Constant(value=float() as value) if value:
            yield repr(2 * value), "a constant were twice too large"
        case ast.Attribute(attr="T" | "mT"):
            yield text_of(node.value), "a transpose were missing"
        case ast.Subscript(slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp())):
            yield text_of(node.value), "an order were not reversed"
        case ast.IfExp() | ast.If():
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test)), WAY
        case ast.Break():
            yield "continue", "a loop went on that should end"
        case ast.Continue():
            yield "break", "a loop ended that should go on"
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield "pass", "a step were left out"
        case ast.Call():
            yield from _calls(node)


def _calls(node: ast.Call) -> Iterator[tuple[str, str]]:
    """A call with its arguments swapped, without a keyword, along another axis, by its twin's name, or not made at all."""
    args, name = node.args, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in OUT_OF_REACH:
        return
    if len(args) >= 2 and name not in SYMMETRIC and not any(isinstance(a, ast.Starred) for a in args[:2]):
        yield _with(node, args=[args[1], args[0], *args[2:]]), f"the first two arguments of `{name}` had changed places"
    for i, keyword in enumerate(node.keywords):
        others = node.keywords[:i], node.keywords[i + 1 :]
        if keyword.arg is not None and keyword.arg not in OUT_OF_REACH:
            yield _with(node, keywords=[*others[0], *others[1]]), f"`{keyword.arg}` were left out of a call of `{name}`"
        if keyword.arg in AXES and isinstance(keyword.value, ast.Constant | ast.UnaryOp):
            other = {"0": "1", "1": "0", "-1": "-2", "-2": "-1"}.get(ast.unparse(keyword.value))
            if other is not None:
                changed = ast.keyword(keyword.arg, ast.parse(other, mode="eval").body)
                yield _with(node, keywords=[*others[0], changed, *others[1]]), f"`{name}` went along the wrong axis"
    if name in TWINS:
        function = copy.copy(node.func)
        setattr(function, "attr" if isinstance(function, ast.Attribute) else "id", TWINS[name])
        yield _with(node, func=function), f"`{TWINS[name]}` stood where `{name}` belongs"
    if name == "range" and args:
        less = ast.BinOp(args[-1], ast.Sub(), ast.Constant(1))
        yield _with(node, args=[*args[:-1], less]), "a loop were one round short"
    if not node.keywords and len(args) == 1 and name and name not in CONVERSIONS:
        yield text_of(args[0]), f"`{name}` were missing"
    if isinstance(node.func, ast.Attribute) and not args and not node.keywords:
        yield text_of(node.func.value), f"`{name}` were missing"


def _with(node: ast.AST, **fields: object) -> str:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return text_of(changed)


def text_of(node: ast.AST) -> str:
    """Return a node as text, in brackets where these may matter."""
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))
    return text if isinstance(node, ast.stmt | ast.Name | ast.Constant | ast.Call | ast.Attribute) else f"({text})"


def _spliced(source: str, node: ast.AST, replacement: str) -> str:
    """The source with one node replaced; a replacement of several lines is indented as the node is."""
    raw = source.encode()
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    first = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
    last = starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
    indented = replacement.replace("\n", "\n" + " " * node.col_offset)  # type: ignore[attr-defined]
    return (raw[:first] + indented.encode() + raw[last:]).decode()


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
