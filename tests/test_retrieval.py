import pytest
import torch

from spatia_core.errors import SpatiaError
from spatia_core.memory.retrieval import (
    candidate_frames,
    common_points,
    intersections,
    retrieval_report,
    retrieve_references,
    seen_points,
    target_frames,
)
from spatia_core.render.visibility import pack_masks, unpack_masks


def masks(*rows):
    return torch.tensor([[character == "#" for character in row] for row in rows])


def test_algorithm_1_picks_the_largest_iou():
    targets = masks("####....", "....####")
    candidates = masks("##......", "########", "....###.", "###.....")
    picked = retrieve_references(targets, candidates)
    assert list(zip(picked.targets, picked.candidates)) == [(0, 3), (1, 2)]
    assert picked.iou[0].tolist() == [0.5, 0.5, 0.0, 0.75]
    assert picked.intersection[1].tolist() == [0, 4, 3, 0]


def test_a_frame_enters_once():
    targets = masks("####....", "####....", "....####")
    picked = retrieve_references(targets, masks("####....", "......##"))
    assert picked.candidates == (0, 1) and picked.targets == (0, 2)
    assert picked.rejected == ((1, 0, "already taken"),)


def test_the_threshold_is_exclusive():
    targets, candidates = masks("####"), masks("##..")
    assert retrieve_references(targets, candidates, threshold=0.5).candidates == ()
    assert retrieve_references(targets, candidates, threshold=0.49).candidates == (0,)


def test_nothing_in_common_is_no_reference():
    assert retrieve_references(masks("##.."), masks("..##"), threshold=0.0).candidates == ()


def test_every_and_the_maximum():
    eye = torch.eye(6, dtype=torch.bool)
    assert retrieve_references(eye, eye, every=2).targets == (0, 2, 4)
    assert retrieve_references(eye, eye, every=2).candidates == (0, 2, 4)
    assert retrieve_references(eye, eye, max_references=2).candidates == (0, 1)
    assert retrieve_references(eye, eye, max_references=0).candidates == ()


def test_no_candidates_is_an_empty_answer():
    picked = retrieve_references(masks("####"), torch.zeros(0, 4, dtype=torch.bool), mode="release_hungarian")
    assert picked.candidates == () and picked.iou.shape == (1, 0)
    assert "No references" in retrieval_report(picked, [0], [])


def test_the_matching_is_one_to_one():
    targets = masks("####....", "####....")
    candidates = masks("####....", "###.....", "........")
    picked = retrieve_references(targets, candidates, mode="release_hungarian")
    assert sorted(picked.candidates) == [0, 1] and picked.targets == (0, 1)


def test_intersections_are_exact_beyond_bf16():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.rand(3, 30011, generator=generator) > 0.3, torch.rand(5, 30011, generator=generator) > 0.4
    assert torch.equal(intersections(a, b), (a[:, None] & b[None]).sum(2))


def test_report_names_frames_and_scores():
    picked = retrieve_references(masks("####....", "....####", "........"), masks("###.....", "....####"))
    text = retrieval_report(picked, [0, 12, 24], [4, 8])
    assert "clip frame 0: frame 4, IoU 0.750, 3 points" in text
    assert "clip frame 12: frame 8, IoU 1.000" in text
    assert "clip frame 24: none" in text


def test_strides():
    assert target_frames(25, 12) == [0, 12, 24]
    assert candidate_frames(41, 9, 4) == [0, 4, 8, 12, 16, 20, 24, 28]
    assert candidate_frames(1, 1, 4) == []


@pytest.mark.parametrize(
    "options, message",
    [({"mode": "best"}, "mode"), ({"every": 0}, "every"), ({"max_references": -1}, "max_references")],
)
def test_refused_options(options, message):
    with pytest.raises(SpatiaError, match=message):
        retrieve_references(masks("##"), masks("##"), **options)


def test_refused_masks():
    with pytest.raises(SpatiaError, match="same cloud"):
        retrieve_references(masks("##"), masks("###"))
    with pytest.raises(SpatiaError, match="bool"):
        retrieve_references(torch.ones(1, 2), masks("##"))


@pytest.mark.parametrize("points", [1, 64, 65, 70000])
def test_packed_counts_are_exact(points):
    g = torch.Generator().manual_seed(points)
    a, b = torch.rand(3, points, generator=g) > 0.4, torch.rand(5, points, generator=g) > 0.3
    assert torch.equal(unpack_masks(pack_masks(a), points), a)
    assert torch.equal(common_points(pack_masks(a), pack_masks(b)), intersections(a, b))
    assert torch.equal(seen_points(pack_masks(a)), a.sum(1))


def test_one_shared_point_is_a_whole_overlap():
    seen = torch.tensor([[False, True, False]])
    assert retrieve_references(seen, seen).iou.tolist() == [[1.0]]


def test_the_matching_too_gives_no_more_than_the_maximum():
    same = torch.eye(6, dtype=torch.bool)
    picked = retrieve_references(same, same, mode="release_hungarian", max_references=4)
    assert picked.targets == picked.candidates == (0, 1, 2, 3)
