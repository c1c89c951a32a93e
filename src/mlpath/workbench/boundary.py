"""The boundary of the learner's functions: what comes back has the shape of the reference's annotation, and what went
in is left as it was.

Arguments only bind the axis names, so that wrong arguments raise the function's own errors. Matching is jaxtyping's;
the sentence is ours.
"""

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from jaxtyping import AbstractArray, jaxtyped

LARGE = 1_000_000  # entries; larger arrays are not watched


class BoundaryError(AssertionError):
    """A function returned something of the wrong shape or kind, or changed its argument."""


def guard(module: types.ModuleType, reference: types.ModuleType) -> None:
    """Make the public functions and methods of `module` keep to the annotations of `reference`."""
    _guard_members(module, reference, module.__name__, "")
    for name, kind in list(vars(module).items()):
        if isinstance(kind, type) and kind.__module__ == module.__name__ and hasattr(reference, name):
            _guard_members(kind, getattr(reference, name), module.__name__, f"{name}.")


def _guard_members(owner: Any, model: Any, module: str, prefix: str) -> None:
    for name, member in list(vars(owner).items()):
        pattern = vars(model).get(name)
        if name.startswith("_") or not inspect.isfunction(member) or not inspect.isfunction(pattern):
            continue
        if member.__module__ == module and not inspect.isgeneratorfunction(pattern):
            setattr(owner, name, _guarded(member, inspect.unwrap(pattern), prefix + name))


def _guarded(function: Callable[..., Any], pattern: Callable[..., Any], name: str) -> Callable[..., Any]:
    complaint_about = _checker(pattern) if any(_checkable(pattern.__annotations__.get("return"))) else None
    # What is right once is right again for the same kinds, but where an axis is computed from values, as in `{n_draws}`.
    may_skip, right = "{" not in str(inspect.signature(pattern)), set[Any]()

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        values = (*args, *kwargs.values())
        before = [_fingerprint(value) for value in values]
        result = function(*args, **kwargs)
        if before != [_fingerprint(value) for value in values]:
            raise BoundaryError(f"{name} changed an array that it was given; work on a copy of it")
        if complaint_about is None:
            return result
        kinds = (len(args), *kwargs, *(_kind(value) for value in values), _kind(result))
        if not may_skip or kinds not in right:
            complaint = None
            with suppress(TypeError):  # called in a way that the reference does not know: no business of ours
                complaint = complaint_about(*args, mlpath_result=result, **kwargs)
            if complaint is not None:
                raise BoundaryError(f"{name} returned {complaint}")
            right.add(kinds)
        return result

    return guarded


def _kind(value: Any) -> Any:
    """All of a value that its check may depend on: shapes and dtypes, its own or those of its fields or items."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return tuple(value.shape), str(value.dtype)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), *(_kind(getattr(value, field.name, None)) for field in dataclasses.fields(value))
    if isinstance(value, tuple | list):
        return type(value), *(_kind(item) for item in value)
    return type(value)


def _fingerprint(value: Any) -> Any:
    """What changes when an array is written to."""
    if hasattr(value, "tobytes") and hasattr(value, "dtype"):
        return value.tobytes() if value.size <= LARGE else None
    return getattr(value, "_version", None) if hasattr(value, "is_leaf") and not value.is_inference() else None


def _checker(pattern: Callable[..., Any]) -> Callable[..., str | None]:
    """Return the function that says what is wrong with the result of a call, or None."""
    signature = inspect.signature(pattern)
    annotations = {key: parameter.annotation for key, parameter in signature.parameters.items()}

    def complaint_about(*args: Any, **kwargs: Any) -> str | None:
        result = kwargs.pop("mlpath_result")
        arguments = signature.bind(*args, **kwargs).arguments
        sizes: dict[str, Any] = {f"{{{key}}}": value for key, value in arguments.items()}
        for key, value in arguments.items():
            _bind(value, annotations[key], sizes)
        return _complaint(result, signature.return_annotation, sizes)

    # jaxtyping evaluates axes such as `{n_draws}` with the arguments that it sees in the signature.
    kinds = [p.kind for p in signature.parameters.values()]
    parameters = list(signature.parameters.values())
    extra = inspect.Parameter("mlpath_result", inspect.Parameter.KEYWORD_ONLY)
    parameters.insert(len(parameters) - (inspect.Parameter.VAR_KEYWORD in kinds), extra)
    complaint_about.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return jaxtyped(complaint_about, typechecker=None)


def _is_array(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, AbstractArray)


def _arms(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation itself."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _fields(annotation: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        for field in dataclasses.fields(annotation):
            yield field.name, field.type


def _checkable(annotation: Any) -> Iterator[bool]:
    for arm in _arms(annotation):
        yield _is_array(arm) or arm in (float, int, bool)
        if typing.get_origin(arm) is tuple:
            for item in typing.get_args(arm):
                yield from _checkable(item)
        for _, kind in _fields(arm):
            yield from _checkable(kind)


def _bind(value: Any, annotation: Any, sizes: dict[str, Any]) -> None:
    """Bind the axis names of one argument; `sizes` remembers them for the message."""
    for arm in _arms(annotation):
        if _is_array(arm) and isinstance(value, arm):
            sizes |= {k: n for k, n in zip(arm.dim_str.split(), value.shape) if k.isidentifier()}
    for name, kind in _fields(annotation):
        if hasattr(value, name):
            _bind(getattr(value, name), kind, sizes)


def _complaint(value: Any, annotation: Any, sizes: dict[str, Any]) -> str | None:
    """What is wrong with `value`, or None."""
    arms = _arms(annotation)
    if len(arms) > 1:
        complaints = [_complaint(value, arm, sizes) for arm in arms]
        return None if None in complaints else complaints[0]
    if annotation is None or annotation is type(None):
        return None if value is None else f"{_describe(value)}, expected None"
    if _is_array(annotation):
        if isinstance(value, annotation):
            _bind(value, annotation, sizes)
            return None
        return f"{_describe(value)}, expected {_expectation(annotation, sizes)}{_other_axis(value, annotation, sizes)}"
    if annotation in (float, int, bool):
        single = getattr(value, "ndim", 0) == 0 and not isinstance(value, str | list | tuple | dict | None)
        return None if single else f"{_describe(value)}, expected a number"
    if typing.get_origin(annotation) is tuple and Ellipsis not in typing.get_args(annotation):
        items = typing.get_args(annotation)
        if not isinstance(value, tuple) or len(value) != len(items):
            return f"{_describe(value)}, expected a tuple of {len(items)}"
        for i, (item, kind) in enumerate(zip(value, items)):
            if complaint := _complaint(item, kind, sizes):
                return f"a tuple whose item {i} is {complaint}"
    for name, kind in _fields(annotation):
        if value is None:
            return f"None, expected {annotation.__name__}"
        if hasattr(value, name) and (complaint := _complaint(getattr(value, name), kind, sizes)):
            return f"{annotation.__name__} whose {name} is {complaint}"
    return None


def _describe(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        shape = tuple(value.shape)
        return f"{str(value.dtype).removeprefix('torch.')} {shape}"
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__} {value!r}"[:80]


def _expectation(annotation: Any, sizes: dict[str, Any]) -> str:
    axes = annotation.dim_str.split()
    kind = annotation.__name__.partition("[")[0].lower()
    if not axes:
        return f"{kind} (), a single number"
    closing = ",)" if len(axes) == 1 else ")"
    text = f"{kind} ({', '.join(axes)}{closing}"
    known = [str(sizes.get(a, a)) for a in axes]
    return f"{text} = ({', '.join(known)}{closing}" if known != axes else text


def _other_axis(value: Any, annotation: Any, sizes: dict[str, Any]) -> str:
    """Where one axis is as long as another that has a name: `; 90 is n_samples: is it the wrong axis?`."""
    axes, shape = annotation.dim_str.split(), getattr(value, "shape", ())
    known = [int(axis) if axis.isdigit() else sizes.get(axis) for axis in axes]
    if len(shape) != len(axes) or not all(isinstance(size, int) for size in known):
        return ""
    wrong = [size for size, right in zip(shape, known) if size != right]
    names = [name for name, size in sizes.items() if name.isidentifier() and [size] == wrong]
    return f"; {wrong[0]} is {names[0]}: is it the wrong axis?" if len(names) == 1 else ""
