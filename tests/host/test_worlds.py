"""Worlds through the host's executor: what runs again, what is read, and what a crash leaves."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
import torch
from world_graphs import RESULTS, chain, clip, frames_of, head, node, samplers, world_of


def test_a_chain_is_made_once(run, pack_nodes, nodes_of):
    assert samplers(run(chain("w"))) == ["sampler1", "sampler2", "sampler3"]
    first = frames_of(RESULTS["w"])
    assert len(first) == 13 and len(world_of(nodes_of, "w").clips()) == 4
    # A new server: everything is read.
    assert samplers(run(chain("w"))) == []
    assert torch.equal(frames_of(RESULTS["w"]), first)
    # Another seed for the last clip, another prompt in between, and back.
    assert samplers(run(chain("w", seeds=(0, 0, 5)))) == ["sampler3"]
    other = chain("w") | {"prompt2": node("CLIPTextEncode", clip=["model", 1], text="a hall")}
    other["sampler2"]["inputs"]["positive"] = ["prompt2", 0]
    assert samplers(run(other)) == ["sampler2", "sampler3"]
    assert samplers(run(chain("w"))) == []
    assert torch.equal(frames_of(RESULTS["w"]), first)
    # Nothing was lost: old ends are branches.
    assert len(world_of(nodes_of, "w").clips()) == 7 and len(world_of(nodes_of, "w").heading.branches) == 3


@pytest.mark.parametrize("die_at", [1, 2, 3])
def test_after_a_crash_it_goes_on_with_the_same_frames(run, pack_nodes, die_at):
    run(chain("whole"))
    pack_nodes.Fail.calls, pack_nodes.Fail.die_at = 0, die_at
    run(chain("hurt"), fails="power went out")
    again = samplers(run(chain("hurt")))
    assert again == [f"sampler{k}" for k in range(die_at, 4)]
    whole, hurt = RESULTS["whole"], RESULTS["hurt"]
    assert torch.equal(frames_of(whole), frames_of(hurt))
    assert all(torch.equal(a, b) for a, b in zip(whole.cloud, hurt.cloud, strict=True))


def test_one_workflow_run_again_adds_a_clip(run, nodes_of):
    graph = head("loop", -1) | clip("", ["open", 1], ["open", 0], ["open", 2])
    graph |= {"keep": node("Keep", value=["commit", 1], name="loop")}
    for restart in (True, False, True):
        assert samplers(run(graph, restart=restart)) == ["sampler"]
    run(chain("chain"))
    assert torch.equal(frames_of(RESULTS["loop"]), frames_of(RESULTS["chain"]))
    assert [record.frames for record in world_of(nodes_of, "loop").chain(world_of(nodes_of, "loop").head("main"))] == [
        1,
        4,
        4,
        4,
    ]


def test_another_image_is_another_world(run, nodes_of):
    graph = head("image", -1) | clip("", ["open", 1], ["open", 0], ["open", 2])
    run(graph)
    graph["scene"]["inputs"]["voxel_size"] = 0.05
    before = world_of(nodes_of, "image").clips()
    run(graph, fails="began with another image")
    assert sorted(world_of(nodes_of, "image").clips()) == sorted(before)
    # As a chain from the image on, it is a branch.
    graph["open"]["inputs"] |= {"clip": 0, "branch": "other"}
    graph["scene"]["inputs"]["voxel_size"] = 0.02
    graph["scene"]["inputs"]["field_of_view"] = 70.0
    assert samplers(run(graph)) == ["sampler"]
    assert set(world_of(nodes_of, "image").heading.branches) == {"main", "other"}


def test_the_video_is_decoded_as_one(run, nodes_of):
    run(chain("video"))
    world = world_of(nodes_of, "video")
    nodes = nodes_of("nodes.worlds")
    loaded = nodes_of("nodes.host.models").load_spatia_model(
        "bundled small model", "bundled small model", "none", 1.0, "default"
    )
    end = world.head("main")
    with torch.inference_mode():
        streamed = torch.stack(list(nodes._decoded(world, end, loaded[2])))
        latents = [{"samples": world.latents(record.id)} for record in world.chain(end)[1:]]
        joined = nodes_of("nodes.clips").join_latents(latents, 5)
        whole = nodes_of("nodes.host.video").decode_frames(loaded[2], joined, 13)
    expected = (whole[..., :3].clamp(0, 1) * 255).round().to(torch.uint8)
    assert streamed.shape == expected.shape and int((streamed.int() - expected.int()).abs().max()) <= 1


def test_a_record_tells_of_its_own_clip_only(run, nodes_of):
    run(chain("made"))
    world = world_of(nodes_of, "made")
    image, *clips = (record.made for record in world.chain(world.head("main")))
    kinds = [sorted(node["type"] for node in made["nodes"].values()) for made in (image, *clips)]
    assert "SpatiaEstimateScene" in kinds[0] and "SpatiaSampler" not in kinds[0]
    assert all(kind.count("SpatiaSampler") == 1 for kind in kinds[1:])
    assert len(clips[2]["nodes"]) == len(clips[1]["nodes"])
    assert "world_start.png" in image["files"] and "bundled small model" in clips[2]["files"]


def test_a_clip_tells_the_peak_of_memory_while_it_was_made(run, nodes_of):
    graph = chain("peak")
    run(graph)
    world = world_of(nodes_of, "peak")
    image, *clips = world.chain(world.head("main"))
    assert image.peak_bytes is None and all(1 << 20 < clip.peak_bytes < 1 << 40 for clip in clips)
    end = world.head("main")
    report = nodes_of("nodes.worlds")._peak_report(world, end)
    assert report == f"\nPeak of memory while it was made: {clips[-1].peak_bytes / 2**30:.2f} GiB."
    assert nodes_of("nodes.worlds")._peak_report(world, image.id) == ""


def test_a_run_that_fails_measures_no_longer(run, pack_nodes, nodes_of):
    pack_nodes.Fail.calls, pack_nodes.Fail.die_at = 0, 2
    run(chain("failing"), fails="power went out")
    (left,) = nodes_of("nodes.worlds")._making.values()
    most = left.peak.bytes
    assert most and not watchers(nodes_of)
    run(chain("failing"))
    assert not nodes_of("nodes.worlds")._making and not watchers(nodes_of)


def watchers(nodes_of) -> list[str]:
    name = nodes_of("nodes.host.peak_memory").WATCHER
    return [thread.name for thread in threading.enumerate() if thread.name == name]


def test_a_chain_of_any_length_has_an_identity(nodes_of):
    """Deeper than Python's own recursion."""
    identity = nodes_of("nodes.host.identity")

    def digest(seed: int) -> str:
        prompt = {"0": node("Start", seed=seed)} | {str(k): node("Step", value=[str(k - 1), 0]) for k in range(1, 5000)}
        prompt = SimpleNamespace(get_node=prompt.__getitem__)
        found = identity.Identity(prompt, lambda node_id, node: None)
        assert len(found.made("4999", ("value",))["nodes"]) == 0  # nothing was asked yet
        result = found.of_input("4999", "value")
        assert len(found.made("4999", ("value",))["nodes"]) == 4999
        return result

    assert digest(0) == digest(0) != digest(1)


@pytest.mark.parametrize("source", ["latents", "stored frames"])
def test_the_video_is_written(run, nodes_of, source):
    """All of it when its last clip is there, and a range of it, lossless."""
    import av
    import folder_paths

    graph = head("film", -1) | clip("", ["open", 1], ["open", 0], ["open", 2])
    common = {"world": ["commit", 0], "source": source, "fps": 12.0, "vae": ["model", 2]}
    graph |= {
        "whole": node(
            "SpatiaWorldVideo", **common, format="mp4 (H.264)", start=0, end=0, cameras=["path", 0],
            filename_prefix=f"film/{source}",
        ),
        "part": node(
            "SpatiaWorldVideo", **common, format="mkv (FFV1, lossless)", start=2, end=4, filename_prefix=f"part/{source}"
        ),
        "keep": node("Keep", value=["whole", 0], name="file"),
        "keep part": node("Keep", value=["part", 0], name="part"),
    }  # fmt: skip
    names = []
    for _ in range(3):
        run(graph)
        names.append(RESULTS["file"])
    assert names[:2] == ["", ""] and names[2].startswith(f"film/{source}") and names[2].endswith(".mp4 [output]")
    output = folder_paths.get_output_directory()
    with av.open(f"{output}/{names[2].removesuffix(' [output]')}") as video:
        assert video.streams.video[0].average_rate == 12 and sum(1 for _ in video.decode(video=0)) == 13
    with av.open(f"{output}/{RESULTS['part'].removesuffix(' [output]')}") as video:
        frames = torch.stack([torch.from_numpy(frame.to_ndarray(format="rgb24")) for frame in video.decode(video=0)])
    world = world_of(nodes_of, "film")
    stored = world.memory(world.head("main")).read_frames([2, 3])
    # The sampler decodes its clip by itself; later frames differ by rounding.
    assert frames.shape == stored.shape and int((frames.int() - stored.int()).abs().max()) <= (source == "latents")


def test_memory_frames_are_those_that_are_kept(run, nodes_of):
    run(chain("frames"))
    memory = RESULTS["frames"]
    execute = nodes_of("nodes.worlds").SpatiaMemoryFrames.execute
    for (start, count, every), numbers in {
        (0, 0, 1): range(13), (-5, 0, 2): [8, 10, 12], (3, 4, 1): [3, 4, 5, 6], (12, 9, 1): [12],
    }.items():  # fmt: skip
        images = execute(memory, start, count, every).result[0]
        assert torch.equal((images * 255).round().to(torch.uint8), memory.read_frames(numbers))
    for start in (13, -14):
        with pytest.raises(ValueError, match="holds 13 frames"):
            execute(memory, start, 0, 1)
