"""What a node's inputs are linked to, known before anything is run."""

from __future__ import annotations

from comfy_api.latest import io
from comfy_execution.validation import validate_node_input

from ...spatia_core.errors import SpatiaError


def linked_inputs(node: type[io.ComfyNode], input_types: dict[str, str] | None) -> set[str]:
    """Names of the inputs that links lead to. input_types: what the host hands to `validate_inputs` of that name.

    A node that asks for it is no longer asked whether the links fit, so that is looked at here. Raises SpatiaError.
    """
    expected = {entry.id: entry.get_io_type() for entry in node.define_schema().inputs}
    for name, received in (input_types or {}).items():
        if name in expected and not validate_node_input(received, expected[name]):
            raise SpatiaError(f"{name} is linked to {received}, expected {expected[name]}; link it to another output.")
    return set(input_types or {})
