"""Reference frames: which earlier frames show what the next clip will look at (paper, Algorithm 1; release, `inference.py`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import SpatiaError
from ..kernels import in_threads, kernels_run
from ..precision import has_float64
from ..render.visibility import pack_masks, unpack_masks

MODES = ("paper_iou", "release_hungarian")
MAX_REFERENCES = 7
TARGET_EVERY = 12  # release: every 12th camera of the clip asks for a reference
CANDIDATE_EVERY = 4  # release: every 4th earlier frame may be one
# float32 sums of ones are exact below 2^24.
_POINTS_PER_CHUNK = 1 << 22
_WORDS_PER_CHUNK = _POINTS_PER_CHUNK // 64
_FLAGS_AT_ONCE = 1 << 28  # of all masks together, unpacked on a GPU: four bytes each as float32


class Retrieval(NamedTuple):
    """Picked references in ascending target order.

    targets and candidates: row indices into the visibility masks, one pair per reference.
    iou: (T, C) float64. intersection: (T, C) int64. seen_by_target: (T,), seen_by_candidate: (C,) int64.
    rejected: (target, candidate, reason) of the targets that got no reference of their own.
    """

    targets: tuple[int, ...]
    candidates: tuple[int, ...]
    iou: Tensor
    intersection: Tensor
    seen_by_target: Tensor
    seen_by_candidate: Tensor
    rejected: tuple[tuple[int, int, str], ...]


def target_frames(frames: int, every: int = TARGET_EVERY) -> list[int]:
    """Frames of a clip that ask for a reference: every `every`-th, the first included."""
    _require_stride(every, "every")
    return list(range(0, frames, every))


def candidate_frames(frames: int, history: int, every: int = CANDIDATE_EVERY) -> list[int]:
    """Frames of the video so far that may serve as references: every `every`-th, the clip's own history left out."""
    _require_stride(every, "candidate_every")
    return list(range(0, max(0, frames - history), every))


def retrieve_references(
    target_visible: Tensor,
    candidate_visible: Tensor,
    *,
    mode: str = "paper_iou",
    every: int = 1,
    max_references: int = MAX_REFERENCES,
    threshold: float = 0.1,
) -> Retrieval:
    """Pick reference frames by how much of the scene they share with the frames to come.

    target_visible: (T, P) bool, candidate_visible: (C, P) bool: the points (or voxels) each camera sees.
    every: of the targets, use every `every`-th.
    paper_iou: each target's candidate of largest 3D IoU, kept if above `threshold`, a frame at most once.
    release_hungarian: one-to-one matching on bf16-rounded intersection counts, no threshold; refused when there are
    more targets than candidates, as the release does.
    Raises SpatiaError on mismatched masks or widget values out of range.
    """
    if mode not in MODES:
        raise SpatiaError(f"mode: '{mode}' was given, expected one of {', '.join(MODES)}.")
    if max_references < 0:
        raise SpatiaError(f"max_references: {max_references} was given, expected 0 or more.")
    _require_stride(every, "every")
    for name, mask in (("target", target_visible), ("candidate", candidate_visible)):
        if mask.ndim != 2 or mask.dtype != torch.bool:
            raise SpatiaError(
                f"The {name} visibility is {mask.dtype} of shape {tuple(mask.shape)}, expected bool (frames, points)."
            )
    if target_visible.shape[1] != candidate_visible.shape[1]:
        raise SpatiaError(
            f"Targets see {target_visible.shape[1]} points and candidates {candidate_visible.shape[1]}, expected the same cloud for both."
        )
    return retrieve_packed(
        pack_masks(target_visible),
        pack_masks(candidate_visible),
        mode=mode,
        every=every,
        max_references=max_references,
        threshold=threshold,
    )


def retrieve_packed(
    target_bits: Tensor,
    candidate_bits: Tensor,
    *,
    mode: str = "paper_iou",
    every: int = 1,
    max_references: int = MAX_REFERENCES,
    threshold: float = 0.1,
) -> Retrieval:
    """`retrieve_references` on masks packed by `pack_masks`: (T, W) and (C, W) int64."""
    rows = target_frames(target_bits.shape[0], every)
    used = target_bits[rows]
    picked = retrieve_counted(
        common_points(used, candidate_bits),
        seen_points(used),
        seen_points(candidate_bits),
        mode=mode,
        max_references=max_references,
        threshold=threshold,
    )
    return picked._replace(
        targets=tuple(rows[t] for t in picked.targets),
        rejected=tuple((rows[t], c, why) for t, c, why in picked.rejected),
    )


def retrieve_counted(
    intersection: Tensor,
    seen_by_target: Tensor,
    seen_by_candidate: Tensor,
    *,
    mode: str = "paper_iou",
    max_references: int = MAX_REFERENCES,
    threshold: float = 0.1,
) -> Retrieval:
    """`retrieve_references` on counts of points: (T, C) seen by both, (T,) and (C,) by each, int64."""
    if mode not in MODES:
        raise SpatiaError(f"mode: '{mode}' was given, expected one of {', '.join(MODES)}.")
    if max_references < 0:
        raise SpatiaError(f"max_references: {max_references} was given, expected 0 or more.")
    if not has_float64(intersection.device):
        intersection, seen_by_target, seen_by_candidate = (
            counts.cpu() for counts in (intersection, seen_by_target, seen_by_candidate)
        )
    union = seen_by_target[:, None] + seen_by_candidate[None] - intersection
    iou = intersection.double() / union.clamp_min(1).double()
    pairs: list[tuple[int, int]] = []
    rejected: list[tuple[int, int, str]] = []
    if not intersection.numel() or not max_references:
        pass
    elif mode == "paper_iou":
        pairs, rejected = _pick_by_iou(iou, max_references, threshold)
    else:
        pairs = _pick_by_matching(intersection, max_references)
    return Retrieval(
        tuple(t for t, _ in pairs),
        tuple(c for _, c in pairs),
        iou,
        intersection,
        seen_by_target,
        seen_by_candidate,
        tuple(rejected),
    )


def intersections(a: Tensor, b: Tensor) -> Tensor:
    """Exact counts (A, B) int64 of points seen by both, for masks (A, P) and (B, P) bool: the plain reference of `common_points`."""
    counts = torch.zeros(a.shape[0], b.shape[0], dtype=torch.int64, device=a.device)
    for start in range(0, a.shape[1], _POINTS_PER_CHUNK):
        part = slice(start, start + _POINTS_PER_CHUNK)
        counts += (a[:, part].float() @ b[:, part].float().T).long()
    return counts


def common_points(a: Tensor, b: Tensor) -> Tensor:
    """Exact counts (A, B) int64 of points seen by both, for packed masks (A, W) and (B, W) int64."""
    if a.device.type != "cpu":
        counts = torch.zeros(a.shape[0], b.shape[0], dtype=torch.int64, device=a.device)
        step = max(1, min(_WORDS_PER_CHUNK, _FLAGS_AT_ONCE // (64 * max(1, a.shape[0] + b.shape[0]))))
        for start in range(0, a.shape[1], step):
            part = slice(start, start + step)
            counts += intersections(*(unpack_masks(bits[:, part], 64 * bits[:, part].shape[1]) for bits in (a, b)))
        return counts
    x, y = (bits.contiguous().numpy().view(np.uint64) for bits in (a, b))
    common = np.zeros((len(x), len(y)), np.int64)
    if not kernels_run():
        for j, row in enumerate(y):
            common[:, j] = _ones(x & row)
        return torch.from_numpy(common)
    from .retrieval_numba import count_common

    threads = max(1, min(torch.get_num_threads(), len(y)))
    edges = [len(y) * t // threads for t in range(threads + 1)]
    in_threads(
        lambda t: count_common(x, y[edges[t] : edges[t + 1]], common[:, edges[t] : edges[t + 1]]),
        range(threads),
        threads,
    )
    return torch.from_numpy(common)


def seen_points(bits: Tensor) -> Tensor:
    """How many points each packed mask (N, W) int64 holds: (N,) int64."""
    if bits.device.type != "cpu":
        return (
            torch.stack([unpack_masks(row[None], 64 * row.shape[0]).sum() for row in bits])
            if bits.shape[0]
            else bits.new_zeros(0)
        )
    return torch.from_numpy(
        np.array([_ones(row[None])[0] for row in bits.contiguous().numpy().view(np.uint64)], np.int64)
    )


def _ones(words: np.ndarray) -> np.ndarray:
    """Set bits of each row of (N, W) uint64."""
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(words).sum(-1, dtype=np.int64)
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=-1).sum(-1, dtype=np.int64)


def retrieval_report(
    retrieval: Retrieval, target_labels: list[int], candidate_labels: list[int], mode: str = "paper_iou", every: int = 1
) -> str:
    """Text: which frame was picked for which target with its IoU, and why other targets got none.

    target_labels, candidate_labels: the frame number of each mask row.
    """
    if not candidate_labels:
        return "No references: the video holds no frame before this clip's history."
    lines = [f"{len(retrieval.candidates)} reference frame(s) from {len(candidate_labels)} candidates ({mode})"]
    for target, candidate in zip(retrieval.targets, retrieval.candidates):
        iou = float(retrieval.iou[target // every, candidate])
        shared = int(retrieval.intersection[target // every, candidate])
        lines.append(
            f"clip frame {target_labels[target]}: frame {candidate_labels[candidate]}, IoU {iou:.3f}, {shared} points in common"
        )
    for target, candidate, why in retrieval.rejected:
        iou = float(retrieval.iou[target // every, candidate])
        lines.append(
            f"clip frame {target_labels[target]}: none; best is frame {candidate_labels[candidate]} with IoU {iou:.3f}, {why}"
        )
    return "\n".join(lines)


def _pick_by_iou(iou: Tensor, limit: int, threshold: float) -> tuple[list[tuple[int, int]], list[tuple[int, int, str]]]:
    pairs: list[tuple[int, int]] = []
    rejected: list[tuple[int, int, str]] = []
    taken: set[int] = set()
    for target, row in enumerate(iou):
        if len(pairs) == limit:
            break
        best = int(row.argmax())
        # Algorithm 1 keeps a set: a frame that is best for two targets enters once.
        if float(row[best]) <= threshold:
            rejected.append((target, best, f"not above the threshold {threshold:g}"))
        elif best in taken:
            rejected.append((target, best, "already taken"))
        else:
            taken.add(best)
            pairs.append((target, best))
    return pairs, rejected


def _pick_by_matching(intersection: Tensor, limit: int) -> list[tuple[int, int]]:
    from scipy.optimize import linear_sum_assignment

    targets, candidates = intersection.shape
    if targets > candidates:
        raise SpatiaError(
            f"release_hungarian matches one to one, and {targets} target frames were given for {candidates} candidates; "
            "increase every, decrease candidate_every, or set mode to paper_iou."
        )
    # The release counts in bf16, whose 8 bits of mantissa round large counts and so change picks.
    score = intersection.float().bfloat16().float().cpu().numpy()
    rows, columns = linear_sum_assignment(score, maximize=True)
    pairs = sorted(zip(rows.tolist(), columns.tolist()))
    return pairs[:limit]


def _require_stride(every: int, name: str) -> None:
    if every < 1:
        raise SpatiaError(f"{name}: {every} was given, expected 1 or more; change {name}.")
