"""The door for widgets: numbers in the range that their widget states, wherever they come from.

The host holds typed values to a widget's range, but not those that come over a link: there a NaN, or a number of a
billion, would go straight into the work.
"""

from __future__ import annotations

import functools
import inspect
import math
from numbers import Real

from comfy_api.latest import io

from ...spatia_core.errors import SpatiaError
from ...spatia_core.inputs import shown


def hold_to_ranges(node: type[io.ComfyNode]) -> None:
    """From now on the node's `execute` refuses numbers outside the ranges of its own schema, before any work."""
    execute = node.execute.__func__
    signature = inspect.signature(execute)

    @functools.wraps(execute)
    def checked(cls, *args, **kwargs):
        values = signature.bind(cls, *args, **kwargs).arguments
        _check(_inputs(node), values)
        return execute(cls, *args, **kwargs)

    node.execute = classmethod(checked)


@functools.cache
def _inputs(node: type[io.ComfyNode]) -> tuple[io.Input, ...]:
    return tuple(node.define_schema().inputs)


def _check(inputs: tuple[io.Input, ...], values: dict) -> None:
    for entry in inputs:
        value = values.get(entry.id)
        if isinstance(entry, io.DynamicCombo.Input) and isinstance(value, dict):
            for option in entry.options:
                if option.key == value.get(entry.id):
                    _check(tuple(option.inputs), value)
        elif isinstance(entry, (io.Int.Input, io.Float.Input)) and value is not None:
            _check_number(entry, value)


def _check_number(entry: io.Int.Input | io.Float.Input, value) -> None:
    low = -math.inf if entry.min is None else entry.min
    high = math.inf if entry.max is None else entry.max
    if isinstance(value, Real) and not isinstance(value, bool) and low <= value <= high:
        # Of what passed, only floats can be NaN or broken, and none is too large to be a float.
        if isinstance(entry, io.Float.Input) or value == int(value):
            return
    kind = "a whole number" if isinstance(entry, io.Int.Input) else "a finite number"
    raise SpatiaError(
        f"{entry.id}: {shown(value)} was given, expected {kind} from {low:g} to {high:g}; "
        f"change {entry.id}, or what is linked to it."
    )
