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
