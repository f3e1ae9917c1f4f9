"""Visibility masks, intersections and picks against the release's (every case in the file)."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from spatia_core.cameras.camera import make_cameras
from spatia_core.errors import SpatiaError
from spatia_core.memory.retrieval import intersections, retrieve_references
from spatia_core.render.visibility import visible_points


@pytest.fixture(scope="module")
def retrieval(parity_dir):
    folder = parity_dir / "retrieval"
    return json.loads((folder / "retrieval.json").read_text()), load_file(folder / "retrieval.safetensors")


def unpack(packed, n):
    return torch.from_numpy(np.unpackbits(packed.numpy(), axis=1)[:, :n].astype(bool))


def best_single(scores):
    return [[target, int(row.argmax())] for target, row in enumerate(scores)]


def test_every_case(retrieval):
    """Bit for bit, on every processor: the order in which visibility sums is defined."""
    cases, tensors = retrieval
    names = [name for name in cases if f"{name}/points" in tensors]
    assert names
    for name in names:
        case = cases[name]
        points, n = tensors[f"{name}/points"], case["n_points"]
        height, width = case["H"], case["W"]
        fx, fy, cx, cy = tensors[f"{name}/K_pixels"].double().tolist()
        masks, poses = {}, {}
        for which in ("hist", "new"):
            cameras = make_cameras(
                tensors[f"{name}/{which}_w2c"].double(), [fx / width, fy / height, cx / width, cy / height]
            )
            poses[which] = cameras
            masks[which] = visible_points(points, cameras, height, width, mode="release")
            assert masks[which].sum(1).tolist() == case[f"visible_{which}"], name
            assert torch.equal(masks[which], unpack(tensors[f"{name}/{which}_mask_packed"], n)), name
        counts = intersections(masks["new"], masks["hist"])
        assert torch.equal(counts, tensors[f"{name}/intersection_exact"]), name
        assert torch.equal(counts.float().bfloat16().float(), tensors[f"{name}/intersection_bf16"]), name

        picked = retrieve_references(
            masks["new"], masks["hist"], mode="release_hungarian", max_references=len(masks["new"])
        )
        assert [list(pair) for pair in zip(picked.targets, picked.candidates)] == case["matches"]["hungarian_bf16"], (
            name
        )
        assert best_single(counts) == case["matches"]["independent_fp32"], name
        assert best_single(counts.float().bfloat16()) == case["matches"]["independent_bf16"], name
        seven = retrieve_references(masks["new"], masks["hist"], mode="release_hungarian")
        assert list(seven.candidates) == case["selected_hist_indices_in_order"], name
        assert [int(counts[t, c]) for t, c in zip(seven.targets, seven.candidates)] == case[
            "intersection_of_selected"
        ], name

        # Beyond its batch of points the release z-buffers each batch alone; the file has batches of 20000.
        chunked = {
            which: torch.cat(
                [visible_points(part, cameras, height, width, mode="release") for part in points.split(20000)], 1
            )
            for which, cameras in poses.items()
        }
        assert chunked["hist"].sum(1).tolist() == case["visible_hist_chunked_20000"], name
        picked = retrieve_references(
            chunked["new"], chunked["hist"], mode="release_hungarian", max_references=len(chunked["new"])
        )
        assert [list(pair) for pair in zip(picked.targets, picked.candidates)] == case["matches_chunked_20000"], name


def test_every_match_only_case(retrieval):
    cases, tensors = retrieval
    assert cases["match_only"]
    for i, case in enumerate(cases["match_only"]):
        bits = tensors[f"match{i}/A_packed"].shape[1] * 8
        history, new = (unpack(tensors[f"match{i}/{side}_packed"], bits) for side in "AB")
        picked = retrieve_references(new, history, mode="release_hungarian", max_references=len(new))
        assert [list(pair) for pair in zip(picked.targets, picked.candidates)] == case["hungarian"]
        rounded = intersections(new, history).float().bfloat16()
        assert best_single(rounded) == case["independent"]


def test_more_targets_than_candidates(retrieval):
    assert retrieval[0]["more_new_than_history"].startswith("ValueError")
    with pytest.raises(SpatiaError, match="4 target frames.*3 candidates"):
        retrieve_references(
            torch.ones(4, 9, dtype=torch.bool), torch.ones(3, 9, dtype=torch.bool), mode="release_hungarian"
        )
