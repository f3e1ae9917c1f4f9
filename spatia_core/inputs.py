"""The one door for what people type and files hold: finite numbers in a range, counts, and JSON of bounded depth.

Everything that comes from a widget, a text, a request or a file passes here once, at the edge, before any slow work.
What went through needs no second look: no kernel and no later step can be led out of range by it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from .errors import SpatiaError

# Scene units, of every coordinate: a point's and a camera centre's, each way from the origin. Squares and products of
# three still fit float32, and float32 cannot tell neighbouring centimetres apart far below this anyway.
LARGEST_COORDINATE = 1e9
# Points of one cloud: 28 bytes each at rest and about as much again while they are drawn.
MOST_POINTS = 50_000_000
MOST_CAMERAS = 100_000  # of one path
# Normalised focal lengths and principal points: from a fisheye's to a telescope's, and windows cut far off the centre.
SMALLEST_FOCAL, LARGEST_FOCAL, LARGEST_CENTER = 1e-3, 1e5, 1e4
MOST_PIXELS = 1 << 28  # of one image, 16384 x 16384: the kernels number pixels in 32 bits
_DEEPEST = 32  # lists and objects inside each other, in any JSON that is read here
_LONGEST_SHOWN = 80  # characters of a value that a message repeats
LONGEST_NAME = 200  # characters of a name that a file holds
# As JavaScript and files write them. Python's own reader also takes 1_000, nan and the digits of every script.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def number(value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number in [low, high] as float. Raises ValueError whose text is what was expected."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(_expected("a finite number", low, high))
    try:
        value = float(value)
    except OverflowError:  # an integer of more than 308 digits
        raise ValueError(_expected("a finite number", low, high)) from None
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(_expected("a finite number", low, high))
    return value


def whole(value: Any, low: int, high: int) -> int:
    """A whole number in [low, high], also when it is written as 3.0. Raises ValueError as `number` does."""
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(_expected("a whole number", low, high))
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(_expected("a whole number", low, high))
    return int(value)  # exact: a float would lose the last digits of large ones


def short_text(value: Any, most: int) -> str:
    """A text of at most `most` characters. Raises ValueError as `number` does."""
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"a text of at most {most} characters")
    return value


def whole_text(text: str, low: int, high: int) -> int:
    """A whole number in [low, high] in ASCII digits, signed or not. Raises ValueError as `number` does."""
    # Twenty digits hold every 64-bit number; Python would spend quadratic time on millions of them.
    if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 20:
        raise ValueError(_expected("a whole number", low, high))
    return whole(int(text), low, high)


def number_text(text: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number in [low, high] written in ASCII digits. Raises ValueError as `number` does."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(_expected("a finite number", low, high))
    return number(float(text), low, high)


def widget_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """`number` for the value of a widget. Raises SpatiaError that names it.

    A host's own limits do not refuse NaN, for no comparison with it is true.
    """
    try:
        return number(value, low, high)
    except ValueError as error:
        raise SpatiaError(f"{name}: {shown(value)} was given, expected {error}; change `{name}`.") from None


def widget_whole(name: str, value: Any, low: int, high: int) -> int:
    """`whole` for the value of a widget. Raises SpatiaError that names it."""
    try:
        return whole(value, low, high)
    except ValueError as error:
        raise SpatiaError(f"{name}: {shown(value)} was given, expected {error}; change `{name}`.") from None


def parse_json(text: str | bytes, what: str, change: str) -> Any:
    """The value of a JSON text, at most `_DEEPEST` lists and objects deep, its numbers finite.

    what: who speaks in the message ("The edits"). change: what to change ("edits"). Raises SpatiaError.
    """
    try:
        value = json.loads(text, parse_int=_json_int, parse_float=_json_float, parse_constant=_json_float)
    except json.JSONDecodeError as error:
        raise SpatiaError(f"{what} are no valid JSON (line {error.lineno}: {error.msg}); correct {change}.") from error
    except RecursionError:
        raise SpatiaError(f"{what} are JSON nested more than {_DEEPEST} deep; correct {change}.") from None
    except UnicodeDecodeError as error:
        raise SpatiaError(f"{what} are no text in UTF-8 ({error}); correct {change}.") from error
    except ValueError as error:  # of the two readers of numbers below
        raise SpatiaError(f"{what} hold {error}; correct {change}.") from error
    level, depth = [value], 0
    while level:
        if depth > _DEEPEST:
            raise SpatiaError(f"{what} are JSON nested more than {_DEEPEST} deep; correct {change}.")
        level = [inner for part in level if isinstance(part, (list, dict)) for inner in _inside(part)]
        level = [inner for inner in level if isinstance(inner, (list, dict))]
        depth += 1
    return value


def shown(value: Any) -> str:
    """A value for a message, cut where it would fill the screen."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return "a number of thousands of digits"
    except RecursionError:
        return f"a {type(value).__name__} nested thousands deep"
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _inside(part: list | dict) -> Iterable:
    return part.values() if isinstance(part, dict) else part


def _json_int(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError(f"a whole number of {len(digits)} digits, expected at most 20")
    return int(digits)


def _json_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:40]}, expected finite ones")
    return value


def _expected(kind: str, low: float, high: float) -> str:
    if low == -math.inf and high == math.inf:
        return kind
    if high == math.inf:
        return f"{kind} of at least {low:g}"
    if low == -math.inf:
        return f"{kind} of at most {high:g}"
    return f"{kind} from {low:g} to {high:g}"
