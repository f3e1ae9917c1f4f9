"""The door for widgets and sockets: values in the range, and of the kind, that their input states.

The host holds typed values to a widget's range and choices, but not those that come over a link: there a NaN, a number
of a billion, or whatever a node of type * hands on, would go straight into the work. And a graph that is sent to the
server can hold a plain value where a socket is.
"""

from __future__ import annotations

import copy
import functools
import inspect
import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any, NamedTuple

from comfy_api.latest import io
from torch import Tensor

from ...spatia_core.cameras import Cameras
from ...spatia_core.errors import SpatiaError
from ...spatia_core.inputs import shown
from ...spatia_core.memory import SpatialMemory
from .worlds import WorldPlace


class _Kind(NamedTuple):
    expected: str
    fits: Callable[[object], bool]


# Whatever a graph can hold in the place of a link.
_PLAIN = (str, int, float, bool, list, dict)
_KINDS = {
    "STRING": _Kind("a text", lambda value: isinstance(value, str)),
    "COLOR": _Kind("a colour such as #ff0000", lambda value: isinstance(value, str)),
    "BOOLEAN": _Kind("true or false", lambda value: isinstance(value, Real)),
    "IMAGE": _Kind(
        "an IMAGE (frames, height, width, channels)",
        lambda value: isinstance(value, Tensor) and value.ndim == 4 and min(value.shape[1:]) > 0,
    ),
    "MASK": _Kind(
        "a MASK (frames, height, width)",
        lambda value: isinstance(value, Tensor) and value.ndim in (2, 3) and min(value.shape[-2:]) > 0,
    ),
    "LATENT": _Kind("a LATENT", lambda value: isinstance(value, dict) and isinstance(value.get("samples"), Tensor)),
    "CONDITIONING": _Kind("a CONDITIONING", lambda value: isinstance(value, list)),
    # By their fields: a pack that is installed twice, or loaded anew, has these classes twice.
    "SPATIA_MEMORY": _Kind("a SPATIA_MEMORY", lambda value: getattr(value, "_fields", None) == SpatialMemory._fields),
    "SPATIA_CAMERAS": _Kind("SPATIA_CAMERAS", lambda value: getattr(value, "_fields", None) == Cameras._fields),
    "SPATIA_WORLD": _Kind("a SPATIA_WORLD", lambda value: getattr(value, "_fields", None) == WorldPlace._fields),
    **{
        name: _Kind(f"a {name}", lambda value: isinstance(value, dict))
        for name in ("LOAD3D_CAMERA", "DA3_GEOMETRY", "MOGE_GEOMETRY")
    },
}


def hold_to_schema(node: type[io.ComfyNode]) -> None:
    """From now on the node's `execute` refuses, before any work, what does not fit the inputs of its own schema."""
    execute = node.execute.__func__
    signature = inspect.signature(execute)
    # A node of many inputs takes them together.
    rest = next((name for name, one in signature.parameters.items() if one.kind is one.VAR_KEYWORD), "")

    @functools.cache
    def inputs() -> tuple[io.Input, ...]:
        return tuple(node.define_schema().inputs)

    @functools.wraps(execute)
    def checked(cls: type[io.ComfyNode], *args: object, **kwargs: object) -> io.NodeOutput:
        given = signature.bind_partial(cls, *args, **kwargs)
        given.apply_defaults()
        pairs = list(_pairs(inputs(), {**given.arguments, **given.arguments.get(rest, {})}))
        for entry, value in pairs:
            if isinstance(entry, (io.Int.Input, io.Float.Input)) and value is not None:
                _check_number(entry, value)
        for entry, value in pairs:
            # A lazy input that the node declined is not there either.
            if value is not None or not (entry.optional or entry.lazy):
                _check_kind(entry, value, node)
        return execute(cls, *args, **kwargs)

    node.execute = classmethod(checked)


def _pairs(inputs: tuple[io.Input, ...], values: dict) -> Iterator[tuple[io.Input, object]]:
    """Every input and its value, those of a chosen option included; None where there is none."""
    for entry in inputs:
        value = values.get(entry.id)
        yield entry, value
        if isinstance(entry, io.DynamicCombo.Input) and isinstance(value, dict):
            for option in entry.options:
                if option.key == value.get(entry.id):
                    yield from _pairs(tuple(option.inputs), value)
        elif isinstance(entry, io.Autogrow.Input) and isinstance(value, dict):
            yield from ((slot, value.get(slot.id)) for slot in _slots(entry))


@functools.cache
def _slots(entry: io.Autogrow.Input) -> tuple[io.Input, ...]:
    slots = []
    for slot in entry.template.get_all():
        slot = copy.copy(slot)
        slot.optional = True  # a slot that nothing is connected to is left out
        slots.append(slot)
    return tuple(slots)


def _check_kind(entry: io.Input, value: object, node: type[io.ComfyNode]) -> None:
    if isinstance(entry, (io.Int.Input, io.Float.Input)):
        expected = None if value is not None else "a number"
    elif isinstance(entry, io.Combo.Input):
        expected = None if _is_choice(entry, value, node) else f"one of {', '.join(map(str, entry.options))}"
    elif isinstance(entry, io.DynamicCombo.Input):
        keys = [option.key for option in entry.options]
        chosen = isinstance(value, dict) and value.get(entry.id) in keys
        expected = None if chosen else f"one of {', '.join(keys)}"
    elif isinstance(entry, io.Autogrow.Input):
        expected = None if isinstance(value, dict) else "at least one connection"
    else:
        kind = _KINDS.get(entry.get_io_type(), _Kind("a connection", lambda value: not isinstance(value, _PLAIN)))
        expected = None if value is not None and kind.fits(value) else kind.expected
    if expected is not None:
        raise SpatiaError(
            f"{entry.id} is {_described(value)}, expected {expected}; change {entry.id}, or what is linked to it."
        )


def _is_choice(entry: io.Combo.Input, value: object, node: type[io.ComfyNode]) -> bool:
    if not isinstance(value, str):
        return False
    # A file that came into a model folder since the choices were first listed is among those of today.
    return value in entry.options or any(
        value in today.options
        for today in node.define_schema().inputs
        if isinstance(today, io.Combo.Input) and today.id == entry.id
    )


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if value is None:
        return "not given"
    return shown(value) if isinstance(value, _PLAIN) else f"of type {type(value).__name__}"


def _check_number(entry: io.Int.Input | io.Float.Input, value: Any) -> None:
    low = -math.inf if entry.min is None else entry.min
    high = math.inf if entry.max is None else entry.max
    known = isinstance(value, Real) and not isinstance(value, bool)
    within = known and low <= value <= high
    # Of what passed, only floats can be NaN or broken, and none is too large to be a float.
    if within and (isinstance(entry, io.Float.Input) or value == int(value)):
        return
    kind = "a whole number" if isinstance(entry, io.Int.Input) else "a finite number"
    raise SpatiaError(
        f"{entry.id}: {shown(value)} was given, expected {kind} from {low:g} to {high:g}; "
        f"change {entry.id}, or what is linked to it."
    )
