"""Values of widgets that nobody has touched."""

from __future__ import annotations


def defaults(node) -> dict:
    """Values the page would send for untouched widgets."""
    values = {}
    for entry in node.define_schema().inputs:
        if getattr(entry, "default", None) is not None:
            values[entry.id] = entry.default
        elif getattr(entry, "options", None) and isinstance(entry.options[0], str):
            values[entry.id] = entry.options[0]
    return values


def run(node, **inputs):
    """What a node gives with these inputs, and with widgets that nobody has touched."""
    return node.execute(**(defaults(node) | inputs)).result
