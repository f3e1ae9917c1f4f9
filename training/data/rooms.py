"""Procedural rooms with exact depth and poses: the training and test data of the small bundle.

A room is a box seen from inside, furnished with boxes; every face has a band-limited two-colour
pattern and may carry a picture. World axes as OpenCV: x right, y down, z forward; metres.
"""

from typing import NamedTuple

import numpy as np

from ...spatia_core.kernels import kernel

HORIZONTAL_FOV = 62.0  # degrees, of every room video

# Columns of the material table.
_COLOR_A, _COLOR_B, _KIND, _FREQ_U, _FREQ_V, _PHASE, _CONTRAST = slice(0, 3), slice(3, 6), 6, 7, 8, 9, 10
_PICTURE, _PICTURE_A, _PICTURE_B, _PICTURE_FREQ = slice(11, 15), slice(15, 18), slice(18, 21), 21
_MATERIAL_SIZE = 22


class Room(NamedTuple):
    """boxes: (B, 8) centre, half size, cos and sin of the yaw; box 0 is the room itself, seen from inside.
    materials: (B, 6, 22), one per face in the order -x +x -y +y -z +z. light: (3,) lamp position."""

    boxes: np.ndarray
    materials: np.ndarray
    light: np.ndarray


class RoomVideo(NamedTuple):
    """frames: (N, H, W, 3) uint8; z_depth: (N, H, W) float32 metres; w2c: (N, 4, 4); intrinsics: (4,) normalised;
    moving: (N, H, W) bool, pixels of the moving box."""

    frames: np.ndarray
    z_depth: np.ndarray
    w2c: np.ndarray
    intrinsics: np.ndarray
    moving: np.ndarray


def make_room(rng: np.random.Generator) -> Room:
    half = np.array([rng.uniform(2.3, 3.8), rng.uniform(1.2, 1.6), rng.uniform(2.3, 3.8)])
    boxes = [[0, 0, 0, *half, 1.0, 0.0]]
    materials = [_room_materials(rng, half)]
    for _ in range(rng.integers(4, 9)):
        size = np.array([rng.uniform(0.2, 0.7), rng.uniform(0.15, 1.0), rng.uniform(0.2, 0.6)])
        yaw = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.15)
        # Most furniture stands near a wall, so that a camera has room to move.
        reach = half[[0, 2]] - 0.75
        spot = rng.uniform(-reach, reach)
        if rng.random() < 0.75:
            axis = rng.integers(2)
            spot[axis] = rng.choice([-1.0, 1.0]) * reach[axis]
        boxes.append([spot[0], half[1] - size[1], spot[1], *size, np.cos(yaw), np.sin(yaw)])
        materials.append(_furniture_materials(rng))
    light = np.array([rng.uniform(-1, 1), -half[1] + 0.2, rng.uniform(-1, 1)])
    return Room(np.array(boxes, np.float64), np.stack(materials), light)


def room_path(room: Room, rng: np.random.Generator, frames: int, kind: str, strength: float = 1.0) -> np.ndarray:
    """Camera-to-world poses (N, 4, 4) of a free path. kind: 'one_way', 'out_and_back' or 'loop'."""
    time = np.linspace(0, 1, frames)
    ease = time * time * (3 - 2 * time)
    returning = np.sin(np.pi * time) ** 2
    if kind == "one_way":
        along, across = ease, np.zeros(frames)
    elif kind == "out_and_back":
        along, across = returning, np.zeros(frames)
    elif kind == "loop":
        along, across = returning, np.sin(2 * np.pi * time) * returning
    else:
        raise ValueError(f"path kind {kind!r}: expected 'one_way', 'out_and_back' or 'loop'")
    half = room.boxes[0, 3:6]
    for _ in range(400):
        start = rng.uniform(-half + 0.6, half - 0.6)
        start[1] = rng.uniform(-0.35, 0.25)
        yaw = rng.uniform(-np.pi, np.pi)
        pitch = np.radians(rng.uniform(-3, 14))
        turn = np.radians(rng.uniform(12, 42)) * rng.choice([-1, 1]) * strength
        sway = np.radians(rng.uniform(-15, 15)) * strength
        offset = rng.normal(0, [0.55, 0.12, 0.55]) * strength
        drift = rng.normal(0, [0.35, 0.08, 0.35]) * strength
        nod = np.radians(rng.uniform(-6, 6)) * strength
        heading = yaw + turn * along + sway * across
        tilt = pitch + nod * along
        forward = np.stack([np.sin(heading), np.zeros(frames), np.cos(heading)], -1)
        right = np.stack([np.cos(heading), np.zeros(frames), -np.sin(heading)], -1)
        position = (
            start
            + along[:, None] * (offset[0] * right[0] + offset[2] * forward[0] + [0, offset[1], 0])
            + across[:, None] * (drift[0] * right[0] + drift[2] * forward[0] + [0, drift[1], 0])
        )
        if not _free(room, position, 0.45):
            continue
        c2w = np.tile(np.eye(4), (frames, 1, 1))
        look = forward * np.cos(tilt)[:, None] + np.array([0, 1, 0]) * np.sin(tilt)[:, None]
        c2w[:, :3, 0] = right
        c2w[:, :3, 1] = np.cross(look, right)
        c2w[:, :3, 2] = look
        c2w[:, :3, 3] = position
        # Skip views that stare at a near wall or into furniture.
        probe = [0, frames // 4, frames // 2, frames - 1]
        depth = render_room(room, c2w[probe], 16, 24, supersample=1).z_depth
        if np.median(depth, axis=(1, 2)).min() > 1.7 and depth.min() > 0.45:
            return c2w
    raise ValueError("no free camera path found in this room: use another seed")


def add_moving_box(room: Room, rng: np.random.Generator, c2w: np.ndarray) -> tuple[Room, np.ndarray]:
    """The room with one more box, in view of some cameras, and its displacement (N, 3) in metres at each of the poses (N, 4, 4).

    Raises ValueError where no free track was found.
    """
    half = room.boxes[0, 3:6]
    size = np.array([rng.uniform(0.15, 0.3), rng.uniform(0.3, 0.7), rng.uniform(0.15, 0.3)])
    time = np.linspace(0, 1, len(c2w))
    for _ in range(200):
        distance = rng.uniform(1.5, 3.5)
        start = c2w[0, :3, 3] + distance * (c2w[0, :3, 2] + rng.uniform(-0.4, 0.4) * c2w[0, :3, 0])
        start[1] = half[1] - size[1]
        heading, reach = rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 1.3)
        there_and_back = rng.random() < 0.5
        along = np.sin(np.pi * time) ** 2 if there_and_back else time
        motion = reach * along[:, None] * np.array([np.sin(heading), 0, np.cos(heading)])
        track = start + motion
        # Tested at its top: at its own height the floor would be in the way.
        clear = _free(room, track - [0, size[1], 0], max(size[0], size[2]) + 0.05)
        apart = np.linalg.norm((track - c2w[:, :3, 3])[:, [0, 2]], axis=1).min() > 0.9
        if not (clear and apart):
            continue
        yaw = rng.uniform(-np.pi, np.pi)
        box = np.array([*start, *size, np.cos(yaw), np.sin(yaw)])
        materials = np.concatenate([room.materials, _furniture_materials(rng)[None]])
        furnished = Room(np.concatenate([room.boxes, box[None]]), materials, room.light)
        probe = np.linspace(0, len(c2w) - 1, 4).astype(int)
        share = render_room(furnished, c2w[probe], 16, 24, supersample=1, motion=motion[probe]).moving.mean()
        if 0.02 < share < 0.25:
            return furnished, motion
    raise ValueError("no free track for a moving box found in this room: use another seed")


def room_intrinsics(height: int, width: int) -> np.ndarray:
    """The lens of every room video, (4,) normalised."""
    focal = 0.5 / np.tan(np.radians(HORIZONTAL_FOV) / 2)
    return np.array([focal, focal * width / height, 0.5, 0.5])


def render_room(
    room: Room, c2w: np.ndarray, height: int, width: int, supersample: int = 2, motion: np.ndarray | None = None
) -> RoomVideo:
    """Ray cast a room along camera-to-world poses (N, 4, 4): colours antialiased, depth exact at pixel centres.

    motion: (N, 3) displacement of the last box in each frame, or None where nothing moves.
    """
    intrinsics = room_intrinsics(height, width)
    count = len(c2w)
    frames = np.empty((count, height, width, 3), np.uint8)
    z_depth = np.empty((count, height, width), np.float32)
    hit = np.empty((count, height, width), np.int16)
    boxes = room.boxes.copy()
    for index in range(count):
        if motion is not None:
            boxes[-1, :3] = room.boxes[-1, :3] + motion[index]
        _trace(
            boxes,
            room.materials,
            room.light,
            c2w[index],
            intrinsics[0] * width,
            height,
            width,
            supersample,
            frames[index],
            z_depth[index],
            hit[index],
        )
    moving = hit == len(boxes) - 1 if motion is not None else np.zeros(hit.shape, bool)
    return RoomVideo(frames, z_depth, np.linalg.inv(c2w), intrinsics, moving)


def _free(room: Room, position: np.ndarray, margin: float) -> bool:
    if (np.abs(position) > room.boxes[0, 3:6] - margin).any():
        return False
    for box in room.boxes[1:]:
        local = position - box[:3]
        x = box[6] * local[:, 0] - box[7] * local[:, 2]
        z = box[7] * local[:, 0] + box[6] * local[:, 2]
        local = np.stack([x, local[:, 1], z], -1)
        if (np.abs(local) < box[3:6] + margin).all(-1).any():
            return False
    return True


def _color(rng: np.random.Generator, value: tuple[float, float], saturation: float) -> np.ndarray:
    hue = rng.random(3)
    hue = (hue - np.min(hue)) / (np.ptp(hue) + 1e-6)
    strength = saturation * rng.random()
    return rng.uniform(*value) * (1 - strength + strength * hue)


def _material(rng, value, saturation, frequency, contrast) -> np.ndarray:
    material = np.zeros(_MATERIAL_SIZE)
    base = _color(rng, value, saturation)
    other = _color(rng, value, saturation)
    material[_COLOR_A] = base
    material[_COLOR_B] = base + contrast * (other - base)
    material[_KIND] = rng.integers(4)
    material[_FREQ_U], material[_FREQ_V] = rng.uniform(*frequency, 2)
    material[_PHASE] = rng.uniform(0, 6.28)
    material[_CONTRAST] = rng.uniform(0.8, 2.5)
    return material


def _room_materials(rng: np.random.Generator, half: np.ndarray) -> np.ndarray:
    wall = _material(rng, (0.55, 0.95), 0.5, (0.3, 1.2), 0.5)
    faces = []
    for face in range(6):
        if face == 3:  # y is down: +y is the floor
            material = _material(rng, (0.3, 0.75), 0.5, (0.6, 1.8), 0.7)
        elif face == 2:
            material = _material(rng, (0.75, 1.0), 0.2, (0.2, 0.6), 0.2)
        else:
            material = wall.copy() if rng.random() < 0.5 else _material(rng, (0.45, 0.95), 0.6, (0.3, 1.2), 0.6)
            if rng.random() < 0.85:
                extent = half[2] if face < 2 else half[0]
                material[_PICTURE] = [
                    rng.uniform(-0.5, 0.5) * extent,
                    rng.uniform(-0.6, 0.1),
                    rng.uniform(0.3, 0.9),
                    rng.uniform(0.25, 0.6),
                ]
                material[_PICTURE_A] = _color(rng, (0.1, 1.0), 1.0)
                material[_PICTURE_B] = _color(rng, (0.1, 1.0), 1.0)
                material[_PICTURE_FREQ] = rng.uniform(0.4, 1.6)
        faces.append(material)
    return np.stack(faces)


def _furniture_materials(rng: np.random.Generator) -> np.ndarray:
    material = _material(rng, (0.15, 0.9), 1.0, (0.5, 2.0), 0.6)
    return np.tile(material, (6, 1))


@kernel
def _pattern(kind, u, v, fu, fv, phase, contrast):
    if kind == 0:
        s = np.sin(6.2832 * fu * u + phase)
    elif kind == 1:
        s = np.sin(6.2832 * fu * u + phase) * np.sin(6.2832 * fv * v)
    elif kind == 2:
        s = np.sin(6.2832 * (0.7 * fu * u + 0.5 * fv * v) + phase)
    else:
        s = 0.6 * np.sin(6.2832 * fu * u + 1.3 * np.sin(3.0 * fv * v + phase)) + 0.4 * np.sin(5.0 * fv * v - 2.0 * u)
    return 0.5 + 0.5 * np.tanh(contrast * s)


@kernel
def _hit(boxes, ox, oy, oz, dx, dy, dz):
    """Nearest hit along a ray: distance, box, face and the two coordinates on the face."""
    best, best_box, best_face, best_u, best_v = 1e9, 0, 0, 0.0, 0.0
    origin, direction = np.empty(3), np.empty(3)
    for b in range(boxes.shape[0]):
        c, s = boxes[b, 6], boxes[b, 7]
        px, py, pz = ox - boxes[b, 0], oy - boxes[b, 1], oz - boxes[b, 2]
        origin[0], origin[1], origin[2] = c * px - s * pz, py, s * px + c * pz
        direction[0], direction[1], direction[2] = c * dx - s * dz, dy, s * dx + c * dz
        near, far, near_axis, far_axis = -1e9, 1e9, 0, 0
        for axis in range(3):
            d = direction[axis]
            if abs(d) < 1e-9:
                d = 1e-9
            half = boxes[b, 3 + axis]
            t0, t1 = (-half - origin[axis]) / d, (half - origin[axis]) / d
            if t0 > t1:
                t0, t1 = t1, t0
            if t0 > near:
                near, near_axis = t0, axis
            if t1 < far:
                far, far_axis = t1, axis
        t, axis = (far, far_axis) if b == 0 else (near, near_axis)
        if b > 0 and (near > far or near <= 1e-6):
            continue
        if t < best:
            best, best_box = t, b
            hit_0, hit_1, hit_2 = (
                origin[0] + t * direction[0],
                origin[1] + t * direction[1],
                origin[2] + t * direction[2],
            )
            along = hit_0 if axis == 0 else (hit_1 if axis == 1 else hit_2)
            best_face = 2 * axis + (1 if along > 0 else 0)
            if axis == 0:
                best_u, best_v = hit_2, hit_1
            elif axis == 1:
                best_u, best_v = hit_0, hit_2
            else:
                best_u, best_v = hit_0, hit_1
    return best, best_box, best_face, best_u, best_v


@kernel
def _trace(boxes, materials, light, c2w, focal, height, width, supersample, frame, z_depth, hit):
    ox, oy, oz = c2w[0, 3], c2w[1, 3], c2w[2, 3]
    step = 1.0 / supersample
    for row in range(height):
        for column in range(width):
            r, g, b = 0.0, 0.0, 0.0
            for sample in range(supersample * supersample):
                x = (column + (sample % supersample + 0.5) * step - width / 2) / focal
                y = (row + (sample // supersample + 0.5) * step - height / 2) / focal
                dx = c2w[0, 0] * x + c2w[0, 1] * y + c2w[0, 2]
                dy = c2w[1, 0] * x + c2w[1, 1] * y + c2w[1, 2]
                dz = c2w[2, 0] * x + c2w[2, 1] * y + c2w[2, 2]
                t, box, face, u, v = _hit(boxes, ox, oy, oz, dx, dy, dz)
                m = materials[box, face]
                inside = m[13] > 0 and abs(u - m[11]) < m[13] and abs(v - m[12]) < m[14]
                if inside:
                    s = _pattern(3, u, v, m[21], m[21], m[9], 1.5)
                    k = 15
                else:
                    s = _pattern(int(m[6]), u, v, m[7], m[8], m[9], m[10])
                    k = 0
                lx, ly, lz = light[0] - ox - t * dx, light[1] - oy - t * dy, light[2] - oz - t * dz
                distance = np.sqrt(lx * lx + ly * ly + lz * lz)
                sign = -1.0 if face % 2 == 0 else 1.0
                if box == 0:
                    sign = -sign
                axis = face // 2
                c, q = boxes[box, 6], boxes[box, 7]
                if axis == 0:
                    cosine = sign * (c * lx - q * lz) / distance
                elif axis == 1:
                    cosine = sign * ly / distance
                else:
                    cosine = sign * (q * lx + c * lz) / distance
                shade = 0.6 + 0.5 * max(0.0, cosine) / (1.0 + 0.06 * distance * distance)
                r += shade * (m[k] + s * (m[k + 3] - m[k]))
                g += shade * (m[k + 1] + s * (m[k + 4] - m[k + 1]))
                b += shade * (m[k + 2] + s * (m[k + 5] - m[k + 2]))
            n = supersample * supersample
            frame[row, column, 0] = int(min(1.0, max(0.0, r / n)) * 255 + 0.5)
            frame[row, column, 1] = int(min(1.0, max(0.0, g / n)) * 255 + 0.5)
            frame[row, column, 2] = int(min(1.0, max(0.0, b / n)) * 255 + 0.5)
            x, y = (column + 0.5 - width / 2) / focal, (row + 0.5 - height / 2) / focal
            t, box, face, u, v = _hit(
                boxes,
                ox,
                oy,
                oz,
                c2w[0, 0] * x + c2w[0, 1] * y + c2w[0, 2],
                c2w[1, 0] * x + c2w[1, 1] * y + c2w[1, 2],
                c2w[2, 0] * x + c2w[2, 1] * y + c2w[2, 2],
            )
            # The ray direction has unit length along the camera's z axis, so t is the z-depth.
            z_depth[row, column] = t
            hit[row, column] = box
