"""A world laid out in draft; its clips made again on a branch of their own, on the draft's whole cloud."""

from __future__ import annotations

import pytest
import torch
from world_graphs import RESULTS, clip, head, node, samplers, world_of

CLIPS = 3


def draft(name: str) -> dict:
    """One run a clip; every clip leaves the cloud in another shade, so that its clouds can be told apart."""
    graph = head(name, -1) | clip("", ["open", 1], ["open", 0], ["open", 2])
    graph["paint"] = node("Paint", memory=["update", 0], shade=100)
    graph["commit"]["inputs"]["memory"] = ["paint", 0]
    return graph


def final(name: str, after: int = 0, steps: int = 3) -> dict:
    """The same path on the branch `final`: the draft's cloud, the final's own frames."""
    graph = head(name, -1)
    del graph["open"]["inputs"]["memory"]  # the draft as it is
    graph["again"] = node("SpatiaOpenWorld", name=name, branch="final", clip=-1, new_branch_after=after)
    graph["film"] = node("SpatiaTakeCloud", memory=["again", 0], cloud_of=["open", 0])
    graph |= clip("", ["again", 1], ["film", 0], ["again", 2])
    graph["sampler"]["inputs"]["steps"] = steps
    return graph | {
        "keep": node("Keep", value=["commit", 1], name="final"),
        "film kept": node("Keep", value=["film", 0], name="film"),
    }


@pytest.fixture
def drafted(run, nodes_of):
    def make(name: str):
        for k in range(CLIPS):
            graph = draft(name)
            graph["paint"]["inputs"]["shade"] = 100 + k
            run(graph)
        return world_of(nodes_of, name)

    return make


def test_all_of_it_in_quality_on_the_drafts_cloud(run, nodes_of, drafted):
    world = drafted("d")
    laid_out = world.memory(world.head("main"))
    for k in range(CLIPS):
        assert samplers(run(final("d"))) == ["sampler"]
        made, film = RESULTS["final"], RESULTS["film"]
        assert len(made.clips) == k + 2 and (film.cloud.colors == 102).all()
        assert all(torch.equal(a, b) for a, b in zip(made.cloud, laid_out.cloud, strict=True))
    assert {name: world.record(end).number for name, end in world.heading.branches.items()} == {"main": 3, "final": 3}
    assert torch.equal(made.cameras.w2c, laid_out.cameras.w2c)
    frames = [memory.read_frames(range(13)) for memory in (made, laid_out)]
    assert torch.equal(frames[0][0], frames[1][0]) and not torch.equal(frames[0][1:], frames[1][1:])
    # The cloud is written once, with the first clip that has it.
    assert [record.cloud for record in world.chain(world.head("final"))] == ["whole", "whole", "same", "same"]
    run(final("d"), fails="takes 3 clips")  # one run too many says so


def test_from_a_chosen_clip_on(run, nodes_of, drafted):
    world = drafted("chosen")
    run(final("chosen", after=2))
    chains = [[record.id for record in world.chain(world.head(name))] for name in ("main", "final")]
    assert chains[0][:3] == chains[1][:3] and chains[0][3] != chains[1][3]


def test_a_crash_costs_the_clip_at_work(run, pack_nodes, drafted):
    frames = {}
    for name in ("whole", "hurt"):
        drafted(name)
        run(final(name))
        if name == "hurt":
            pack_nodes.Fail.calls, pack_nodes.Fail.die_at = 0, 1
            run(final(name), fails="power went out")
        run(final(name))
        frames[name] = RESULTS["final"].read_frames(range(RESULTS["final"].frame_count))
    assert len(frames["whole"]) == 9 and torch.equal(frames["whole"], frames["hurt"])


def test_another_draft_is_another_clip(run, nodes_of, drafted):
    """What a final clip was made on counts: after the draft was changed, the same graph makes it anew."""
    world = drafted("changed")
    run(final("changed"))
    before = world.head("final")
    graph = draft("changed")
    graph["open"]["inputs"]["clip"] = 2
    graph["paint"]["inputs"]["shade"] = 50
    run(graph)
    graph = final("changed")
    graph["again"]["inputs"]["clip"] = 0
    assert samplers(run(graph)) == ["sampler"]
    assert world.head("final") != before and (RESULTS["film"].cloud.colors == 50).all()
    # And back on the draft that was: read, not made.
    graph["open"]["inputs"]["branch"] = "main 2"
    assert samplers(run(graph)) == []


def test_it_says_where_a_new_branch_may_begin(run, nodes_of, drafted):
    world = drafted("says")
    run(final("says", after=-1), fails="set new_branch_after to the clip it begins after, or branch to one of")
    run(final("says", after=7), fails="the branch holds 3 clip")
    run(final("none yet", after=2), fails="is new")
    assert list(world.heading.branches) == ["main"]


def test_clouds_of_other_places_are_refused(nodes_of, pack_module, comfy_host):
    from small_model import memory_of

    take = nodes_of("nodes.update_memory").SpatiaTakeCloud.execute
    memory = memory_of(5)
    other = memory._replace(cloud=memory.cloud.select(slice(0, 20)))
    taken, report = take(memory, other).args
    assert taken.cloud.size == 20 and taken.frame_count == 5 and "replaced by one of 20" in report
    assert take(memory, memory).args[0] is memory
    first = memory.clips[0]
    moved = first._replace(cameras=first.cameras._replace(w2c=first.cameras.w2c + 0.01))
    with pytest.raises(ValueError, match="begin at different poses"):
        take(memory, memory._replace(clips=(moved, *memory.clips[1:])))
    with pytest.raises(ValueError, match="voxel sizes 0.01 and 0.02"):
        take(memory, memory._replace(voxel_size=0.02))
    # Frames that only the draft has are nobody's here.
    late = memory.cloud._replace(view=torch.full_like(memory.cloud.view, 4))
    assert (take(memory_of(1), memory._replace(cloud=late)).args[0].cloud.view == -1).all()
