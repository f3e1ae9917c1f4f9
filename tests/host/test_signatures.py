"""What `execute` of a node says of its values is what the inputs of its schema give."""

import inspect

import pytest

# What an input of the host's or our type carries, as annotations name it; None: the host says nothing closer than object.
TYPES = {
    "INT": "int", "FLOAT": "float", "BOOLEAN": "bool", "STRING": "str", "COMBO": "str", "COMFY_DYNAMICCOMBO_V3": "dict",
    "IMAGE": "torch.Tensor", "MASK": "torch.Tensor", "MODEL": "ModelPatcher", "MODEL_PATCH": "ModelPatcher", "VAE": "VAE",
    "CLIP": "CLIP", "LATENT": "dict", "CONDITIONING": "list", "SPATIA_MEMORY": "SpatialMemory",
    "SPATIA_CAMERAS": "Cameras", "SPATIA_WORLD": "WorldPlace", "COMFY_AUTOGROW_V3": "dict[str, dict]", "COLOR": "str",
    "DA3_MODEL": "ModelPatcher", "DA3_GEOMETRY": "dict", "MOGE_GEOMETRY": "dict", "LOAD3D_CAMERA": "dict",
    "MOGE_MODEL": "object",
}  # fmt: skip


@pytest.fixture(scope="module")
def node_classes(pack):
    return pack.NODES


@pytest.fixture(scope="module")
def grouped(pack, pack_module):
    """Inputs that `execute` takes together, by what it calls them."""
    return {
        "depth": pack_module("nodes.host.depth_sources").DepthInputs,
        "control": pack_module("nodes.host.conditioning").ControlInputs,
        "settings": pack_module("nodes.host.decoupled_clip").WindowSettings,
    }


def types_of_execute(node, grouped) -> dict[str, str]:
    """What `execute` says of each of its values, those of its groups included."""
    told = {}
    for name, parameter in inspect.signature(inspect.unwrap(node.execute.__func__)).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD and name in grouped:
            fields = grouped[name].__annotations__
            assert set(fields) <= {entry.id for entry in node.define_schema().inputs}, node.__name__
            told |= {field: getattr(said, "__forward_arg__", said) for field, said in fields.items()}
        elif parameter.annotation is not inspect.Parameter.empty:
            told[name] = str(parameter.annotation)
    return told


def test_types_of_execute_are_those_of_the_schema(node_classes, grouped):
    wrong, told = [], 0
    for node in node_classes:
        given = types_of_execute(node, grouped)
        for entry in node.define_schema().inputs:
            # What is taken by name as `widgets`, and by autogrow, says nothing of each.
            if entry.id not in given:
                continue
            said = given[entry.id].removesuffix(" | None")
            expected = TYPES.get(entry.get_io_type(), said)
            told += 1
            if said != expected:
                wrong.append(f"{node.__name__}.{entry.id} is {entry.get_io_type()}: {said}, expected {expected}")
    assert not wrong and told > 150
