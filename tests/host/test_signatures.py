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


def test_types_of_execute_are_those_of_the_schema(node_classes):
    wrong, told = [], 0
    for node in node_classes:
        given = inspect.signature(inspect.unwrap(node.execute.__func__)).parameters
        for entry in node.define_schema().inputs:
            # Many inputs taken together, and nodes whose files are not under types yet, say nothing of each.
            if entry.id not in given or given[entry.id].annotation is inspect.Parameter.empty:
                continue
            said = str(given[entry.id].annotation).removesuffix(" | None")
            expected = TYPES.get(entry.get_io_type(), said)
            told += 1
            if said != expected:
                wrong.append(f"{node.__name__}.{entry.id} is {entry.get_io_type()}: {said}, expected {expected}")
    assert not wrong and told > 150
