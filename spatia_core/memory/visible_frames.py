"""Which points of a cloud the video's cameras see: found once per camera and kept in bounded memory, carried over when
the cloud grows, and asked only of frames that can show any of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..cameras.camera import Cameras, project
from ..interrupt import look_for_interrupt
from ..render.visibility import pack_masks, unpack_masks, visible_bits
from .retrieval import common_points, seen_points

# Of one cloud's masks. What was not asked for longest goes first, and is found again when it is needed.
KEPT_BYTES = 256 << 20
# Pixels round the image within which a point may still hide one inside it: the widest footprint, and one for rounding.
_BORDER = 5
_CHUNK = 4096  # neighbouring points under one box
_CORNERS_AT_ONCE = 1 << 17  # of boxes, each held against the five planes of a camera
_ROWS = 64  # masks unfolded at a time


class _Mask(NamedTuple):
    """A packed mask without its zero words: most of a large cloud is out of any one camera's sight."""

    place: np.ndarray  # (n,) int32
    word: np.ndarray  # (n,) int64

    @property
    def nbytes(self) -> int:
        return self.place.nbytes + self.word.nbytes


class SeenFrames:
    """What cameras see of one cloud. A memo: it answers the same whether it remembers or not.

    Cameras are told apart by their numbers, so a path that is walked again costs nothing new.
    """

    def __init__(self) -> None:
        self._masks: OrderedDict[bytes, _Mask] = OrderedDict()
        self.nbytes = 0  # of all masks that are kept

    def bits(self, positions: Tensor, cameras: Cameras, height: int, width: int, voxel_size: float) -> Tensor:
        """Packed precise visibility (N, ceil(P / 64)) int64 of the cloud from these cameras, see `pack_masks`."""
        keys = _keys(cameras)
        missing = [i for i, key in enumerate(keys) if key not in self._masks and key not in keys[:i]]
        found = visible_bits(positions, cameras.select(missing), height, width, voxel_size=voxel_size)
        new = dict(zip((keys[i] for i in missing), (_folded(row) for row in found.cpu().numpy())))
        bits = torch.zeros(cameras.count, -(-positions.shape[0] // 64), dtype=torch.int64)
        for key, row in zip(keys, bits.numpy()):
            mask = new[key] if key in new else self._masks[key]
            row[mask.place] = mask.word
            self._put(key, mask)
        return bits.to(positions.device)

    def carried(self, before: Tensor, kept: Tensor, positions: Tensor, height: int, width: int) -> SeenFrames:
        """The same for a cloud that became `positions`: the rows of `before` (P, 3) under `kept` (P,) bool, then new points.

        Equal to asking anew: only a camera inside whose image, widened by a footprint, no point came or went keeps its mask.
        """
        survivors = int(kept.sum())
        changed = torch.cat([before[~kept], positions[survivors:]])
        carried = SeenFrames()
        if not self._masks:
            return carried
        cameras = _cameras_of(list(self._masks))
        near = boxes_in_view(chunk_boxes(changed), cameras, height, width)
        for i, (key, mask) in enumerate(self._masks.items()):
            look_for_interrupt()
            if near[i].any() and _looks_at(changed, near[i], cameras.select(i), height, width):
                continue
            if survivors < len(kept):
                mask = _folded(pack_masks(_unfolded(mask, len(kept))[:, kept])[0].numpy())
            carried._put(key, mask)
        return carried

    def _put(self, key: bytes, mask: _Mask) -> None:
        if key not in self._masks:
            self.nbytes += mask.nbytes
        self._masks[key] = mask
        self._masks.move_to_end(key)
        # Those of one request stay, however large they are.
        while len(self._masks) > _ROWS and self.nbytes > KEPT_BYTES:
            self.nbytes -= self._masks.popitem(last=False)[1].nbytes


def shared_points(
    seen: SeenFrames,
    target_bits: Tensor,
    positions: Tensor,
    cameras: Cameras,
    height: int,
    width: int,
    voxel_size: float,
    progress: Callable[[int], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Points seen both by targets (T, W) int64, packed, and by cameras (C): (T, C) int64; and by each camera: (C,) int64.

    A camera in whose image no point of the targets can lie is not asked: it shares none, and its own count is left at 0.
    Cameras that are equal, as those of a path that is walked again, are asked once. progress is called with the number
    of cameras done.
    """
    different, place = _different(cameras)
    if len(different) < cameras.count:
        if progress is not None:
            progress(cameras.count - len(different))
        asked = cameras.select(different)
        common, counts = shared_points(seen, target_bits, positions, asked, height, width, voxel_size, progress)
        return common[:, place], counts[place]
    common = torch.zeros(target_bits.shape[0], cameras.count, dtype=torch.int64)
    counts = torch.zeros(cameras.count, dtype=torch.int64)
    boxes = chunk_boxes(positions, _any_of(target_bits, positions.shape[0]))
    possible = boxes_in_view(boxes, cameras, height, width).any(1).nonzero().squeeze(1)
    for start in range(0, len(possible), _ROWS):
        look_for_interrupt()
        index = possible[start : start + _ROWS]
        bits = seen.bits(positions, cameras.select(index), height, width, voxel_size)
        common[:, index] = common_points(target_bits, bits).cpu()
        counts[index] = seen_points(bits).cpu()
        if progress is not None:
            progress(len(index))
    if progress is not None:
        progress(cameras.count - len(possible))
    return common, counts


def chunk_boxes(points: Tensor, chosen: Tensor | None = None) -> Tensor:
    """Boxes (B, 2, 3) float64, lowest and highest corner, of every 4096 neighbouring points (P, 3).

    chosen: (P,) bool, the points that count; a chunk without any has a box that nothing sees (lowest above highest).
    """
    count = points.shape[0]
    chunks = -(-count // _CHUNK)
    padded = torch.full((chunks * _CHUNK, 3), torch.inf)
    padded[:count] = points.cpu() if chosen is None else torch.where(chosen.cpu()[:, None], points.cpu(), torch.inf)
    lowest = padded.view(chunks, _CHUNK, 3).amin(1)
    padded[:count] = points.cpu() if chosen is None else torch.where(chosen.cpu()[:, None], points.cpu(), -torch.inf)
    padded[count:] = -torch.inf
    return torch.stack([lowest, padded.view(chunks, _CHUNK, 3).amax(1)], 1).double()


def boxes_in_view(boxes: Tensor, cameras: Cameras, height: int, width: int) -> Tensor:
    """Which boxes (B, 2, 3) may hold a point in each camera's image, widened by a footprint: (N, B) bool.

    Never wrongly false: a box is out when all its corners lie beyond one side of the view, or behind the camera.
    """
    full = (boxes[:, 0] <= boxes[:, 1]).all(1)
    in_view = torch.zeros(cameras.count, boxes.shape[0], dtype=torch.bool)
    if not full.any():
        return in_view
    low, high = boxes[full].unbind(1)
    corners = torch.stack(
        [torch.stack([(low, high)[i][:, 0], (low, high)[j][:, 1], (low, high)[k][:, 2]], -1)
         for i in (0, 1) for j in (0, 1) for k in (0, 1)],
        1,
    )  # fmt: skip
    corners = torch.nn.functional.pad(corners, (0, 1), value=1.0)
    # Each side of the view as a plane through the camera, positive inside: f x + (c + border) z, and so on.
    K = cameras.K(height, width)
    across, down, ahead = cameras.w2c[:, 0], cameras.w2c[:, 1], cameras.w2c[:, 2]
    fx, fy, cx, cy = (K[:, i, j, None] for i, j in ((0, 0), (1, 1), (0, 2), (1, 2)))
    planes = torch.stack(
        [
            ahead,
            fx * across + (cx + _BORDER) * ahead,
            (width + _BORDER - cx) * ahead - fx * across,
            fy * down + (cy + _BORDER) * ahead,
            (height + _BORDER - cy) * ahead - fy * down,
        ],
        1,
    )
    rows = max(1, _CORNERS_AT_ONCE // corners[..., 0].numel())
    for start in range(0, cameras.count, rows):
        # (n, 5, B, 8): how far each corner is on the inner side of each plane. What rounding leaves in doubt is in view.
        part = planes[start : start + rows].flatten(0, 1)
        side = part @ corners.view(-1, 4).mT
        side += 1e-9 * (part.abs() @ corners.abs().view(-1, 4).mT)
        inside = (side >= 0).view(-1, planes.shape[1], *corners.shape[:2]).any(3).all(1)
        in_view[start : start + rows, full] = inside
    return in_view


def _looks_at(points: Tensor, chunks: Tensor, camera: Cameras, height: int, width: int) -> bool:
    for chunk in chunks.nonzero().squeeze(1).tolist():
        part = points[chunk * _CHUNK : (chunk + 1) * _CHUNK]
        uv, z = project(part, camera.w2c[0].to(points.device), camera.K(height, width)[0].to(points.device))
        limit = torch.tensor([width + _BORDER, height + _BORDER], device=points.device)
        if bool(((z > 0) & (uv >= -_BORDER).all(1) & (uv < limit).all(1)).any()):
            return True
    return False


def _keys(cameras: Cameras) -> list[bytes]:
    numbers = torch.cat([cameras.w2c.flatten(1), cameras.intrinsics], 1).cpu().numpy()
    return [row.tobytes() for row in numbers]


def _different(cameras: Cameras) -> tuple[list[int], list[int]]:
    """Numbers of the first of each kind of equal cameras, and for every camera its kind."""
    kinds: dict[bytes, int] = {}
    place = [kinds.setdefault(key, len(kinds)) for key in _keys(cameras)]
    first = {kind: number for number, kind in reversed(list(enumerate(place)))}
    return [first[kind] for kind in range(len(kinds))], place


def _cameras_of(keys: list[bytes]) -> Cameras:
    numbers = torch.from_numpy(np.frombuffer(b"".join(keys), np.float64).reshape(-1, 20).copy())
    return Cameras(numbers[:, :16].view(-1, 4, 4), numbers[:, 16:])


def _folded(row: np.ndarray) -> _Mask:
    place = np.flatnonzero(row)
    return _Mask(place.astype(np.int32), row[place])


def _unfolded(mask: _Mask, points: int) -> Tensor:
    row = np.zeros(-(-points // 64), np.int64)
    row[mask.place] = mask.word
    return unpack_masks(torch.from_numpy(row)[None], points)


def _any_of(bits: Tensor, points: int) -> Tensor:
    """(P,) bool: seen by any of the masks (T, W) int64."""
    together = torch.zeros_like(bits[:1])
    for row in bits:
        together |= row
    return unpack_masks(together, points)[0]
