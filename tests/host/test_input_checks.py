"""Numbers that come over a link are held to their widget's range like typed ones."""

import math

import pytest


@pytest.fixture(scope="module")
def nodes(pack):
    import importlib

    return importlib.import_module("spatia_pack.nodes")


def numbers_of(node):
    from comfy_api.latest import io

    for entry in node.define_schema().inputs:
        if isinstance(entry, (io.Int.Input, io.Float.Input)):
            yield entry


def test_every_number_of_every_node_has_a_range(nodes):
    found = [(node.__name__, entry.id, entry.min, entry.max) for node in nodes.NODES for entry in numbers_of(node)]
    assert len(found) > 60
    assert not [entry for entry in found if None in entry or not (math.isfinite(entry[2]) and math.isfinite(entry[3]))]


def test_every_number_of_every_node_is_held_to_it(nodes):
    """Each number in turn is too large, too small, NaN, a text: refused by name before anything else is looked at."""
    tried = 0
    for node in nodes.NODES:
        schema = node.define_schema()
        for entry in numbers_of(node):
            for bad in (entry.max + 1, entry.min - 1, math.nan, math.inf, 10**400, 10**6000, "7", True):
                arguments = {other.id: None for other in schema.inputs} | {entry.id: bad}
                with pytest.raises(ValueError, match=rf"^{entry.id}: .* was given, expected .* change {entry.id}"):
                    node.execute(**arguments)
                tried += 1
    assert tried > 400


def test_numbers_inside_a_choice_are_held_too(pack_module):
    edit = pack_module("nodes.edit").SpatiaEditPointCloud
    sphere = {"select": "sphere", "center_x": 0.0, "center_y": math.nan, "center_z": 0.0, "radius": 0.5}
    with pytest.raises(ValueError, match="^center_y: nan was given"):
        edit.execute(None, sphere, False, {"operation": "none"}, "")


def test_whole_numbers_are_whole(pack_module):
    schedule = pack_module("nodes.sampler").SpatiaSchedule
    assert schedule.execute(4, 5.0).result[0].shape == (5,)
    with pytest.raises(ValueError, match="^steps: 2.5 was given, expected a whole number from 1 to 1000"):
        schedule.execute(2.5, 5.0)


PLAIN_THAT_FIT = {
    "CONDITIONING": list, "LOAD3D_CAMERA": dict, "DA3_GEOMETRY": dict, "MOGE_GEOMETRY": dict, "COMFY_AUTOGROW_V3": dict,
}  # fmt: skip


def test_plain_values_in_the_place_of_a_link_are_refused_by_name(nodes):
    """A graph that is sent to the server can hold anything where a socket is; and nothing, where something must be."""
    from comfy_api.latest import io

    tried = 0
    for node in nodes.NODES:
        for entry in node.define_schema().inputs:
            if isinstance(entry, (io.WidgetInput, io.DynamicCombo.Input)):
                continue
            for bad in (math.nan, 3, "abc", True, [[1]], {"a": 1}, *([] if entry.optional or entry.lazy else [None])):
                if isinstance(bad, PLAIN_THAT_FIT.get(entry.get_io_type(), ())):
                    continue
                with pytest.raises(ValueError, match=rf"^{entry.id} is .*, expected .*; change {entry.id}, or what"):
                    node.execute(**values_before(node, entry.id), **{entry.id: bad})
                tried += 1
    assert tried > 300


def values_before(node, name: str) -> dict:
    """Values that fit, of the inputs that are looked at before the one of that name."""
    import torch
    from comfy_api.latest import io
    from spatia_pack.nodes.host import worlds as nodes_worlds

    import spatia_core.cameras as cameras
    from spatia_core.memory import SpatialMemory

    path = cameras.make_cameras(torch.eye(4)[None], [1.0, 1.0, 0.5, 0.5])
    fitting = {
        "IMAGE": torch.zeros(1, 4, 4, 3), "MASK": torch.zeros(1, 4, 4), "LATENT": {"samples": torch.zeros(1)},
        "CONDITIONING": [],
        "SPATIA_CAMERAS": path, "SPATIA_MEMORY": SpatialMemory(*[None] * 6), "COMFY_AUTOGROW_V3": {},
        "SPATIA_WORLD": nodes_worlds.WorldPlace("", "main", "", ""),
    }  # fmt: skip
    values = {}
    for entry in node.define_schema().inputs:
        if entry.id == name:
            return values
        if isinstance(entry, io.DynamicCombo.Input):
            values[entry.id] = {entry.id: entry.options[0].key}
        elif isinstance(entry, io.WidgetInput):
            default = entry.default if entry.default is not None else getattr(entry, "options", [None])[0]
            values[entry.id] = default
        elif not entry.optional:
            values[entry.id] = fitting.get(entry.get_io_type(), object())
    raise KeyError(name)


def test_texts_choices_and_slots_over_a_link(pack_module):
    import torch

    prompts = pack_module("nodes.prepare").SpatiaClipPrompts
    with pytest.raises(ValueError, match="^prompts is 7, expected a text; change prompts"):
        prompts.execute(7, 1, True)
    cloud = pack_module("nodes.scene_files").SpatiaSceneCloud
    memory = pack_module("spatia_core.memory").SpatialMemory(*[None] * 6)
    for axes in ("z up", None, 3, ["y up (viewers)"]):
        with pytest.raises(ValueError, match="^axes is .*, expected one of y up"):
            cloud.execute(memory, axes)
    join = pack_module("nodes.clips").SpatiaJoinClips
    with pytest.raises(ValueError, match="^clip1 is 'abc', expected a LATENT"):
        join.execute({"clip0": {"samples": torch.zeros(1, 48, 3, 2, 2)}, "clip1": "abc"}, 9)
    edit = pack_module("nodes.edit").SpatiaEditPointCloud
    with pytest.raises(ValueError, match="^select is not given, expected one of all, box"):
        edit.execute(memory=memory, invert=False, operation={"operation": "none"}, edits="")


def test_a_dynamic_choice_that_is_none_is_refused_before_the_run(pack_module):
    """The host does not look at it, and a link to nowhere there ends the thread that runs its prompts."""
    edit = pack_module("nodes.edit").SpatiaEditPointCloud
    assert edit.validate_inputs(edits="", select={"select": "all"}, operation={"operation": "none"}) is True
    assert edit.validate_inputs(edits="", select=None).startswith("select is None, expected a choice")
    assert edit.validate_inputs(edits="", operation=["zz", 0]).startswith("operation is ['zz', 0], expected a choice")


def test_a_file_that_came_later_is_a_choice(pack_module, comfy_host):
    apply = pack_module("nodes.load_model").SpatiaApply
    with pytest.raises(ValueError, match="^lora is 'later.safetensors', expected one of"):
        apply.execute(object(), "bundled small model", "later.safetensors", 1.0, "default")
    folder = comfy_host / "models" / "loras"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "later.safetensors").write_bytes(b"")
    try:
        with pytest.raises(ValueError, match="^LoRA later.safetensors cannot be read"):
            apply.execute(object(), "bundled small model", "later.safetensors", 1.0, "default")
    finally:
        (folder / "later.safetensors").unlink()


def widgets_of(inputs):
    """Every input that has a value of its own, those inside choices too."""
    from comfy_api.latest import io

    for entry in inputs:
        if isinstance(entry, io.DynamicCombo.Input):
            for option in entry.options:
                yield from widgets_of(option.inputs)
        elif getattr(entry, "default", None) is not None:
            yield entry


def test_what_a_new_node_holds_is_let_through(nodes, pack_module):
    """The door must know every kind of widget that a node has."""
    checks, found = pack_module("nodes.host.input_checks"), set()
    for node in nodes.NODES:
        for entry in widgets_of(node.define_schema().inputs):
            checks._check_kind(entry, entry.default, node)
            found.add(entry.get_io_type())
    assert found == {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR"}
