"""The pictures of the sample workflows on the shelf of templates: square, as the page shows them, and read at half their size.

draw(name, result) takes what the template showed when it ran ({"video": frames, title of a preview: pictures}), or {} for one that
needs weights.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from small_room import BALL, RADIUS, small_room

from spatia_core.cameras import make_cameras, preset_path
from spatia_core.render.soft import render_soft

RUNS = "runs now"
SIDE = 512
BACK, PANEL, INK, FAINT = (24, 26, 31), (43, 47, 56), (238, 240, 244), (150, 156, 168)
GREEN, AMBER, BLUE, RED, VIOLET = (46, 160, 88), (224, 148, 32), (88, 150, 240), (226, 66, 62), (160, 120, 230)


def draw(name: str, result: dict[str, list[Image.Image]]) -> Image.Image:
    """The thumbnail of the template of that file name."""
    picture = Image.new("RGB", (SIDE, SIDE), BACK)
    pen = ImageDraw.Draw(picture)
    start = next(key for key in _DRAWN if name.startswith(key))
    _DRAWN[start](picture, pen, result)
    runs = RUNS in name
    label = "runs now" if runs else f"needs {name.split('needs ')[1].split(',')[0]}"
    width = pen.textlength(label, _font(26)) + 36
    pen.rounded_rectangle((0, 0, width, 46), 10, fill=GREEN if runs else AMBER)
    pen.text((18, 23), label, (255, 255, 255) if runs else BACK, _font(26), anchor="lm")
    return picture


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _paste(picture, image, x, y, width, edge=None):
    """The image with its left top at (x, y), that wide; with a frame of the colour `edge`."""
    image = image.resize((width, round(width * image.height / image.width)), Image.LANCZOS)
    picture.paste(image, (round(x), round(y)))
    if edge:
        box = (x - 3, y - 3, x + image.width + 2, y + image.height + 2)
        ImageDraw.Draw(picture).rectangle(box, outline=edge, width=4)


def _spread(frames, count):
    return [frames[round(place)] for place in np.linspace(0, len(frames) - 1, count)]


def _arrow(pen, start, end, colour, width=6):
    pen.line((*start, *end), fill=colour, width=width)
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    tips = [(end[0] - 20 * math.cos(angle + turn), end[1] - 20 * math.sin(angle + turn)) for turn in (-0.5, 0.5)]
    pen.polygon((end, *tips), fill=colour)


def _room(preset: str, count: int, amount: float, width: int = 312, height: int = 176, **choices) -> list[Image.Image]:
    """The made room along a path, as a projection shows it."""
    cloud = small_room()[0].cloud
    first = make_cameras(torch.eye(4)[None], [0.75, 0.75 * width / height, 0.5, 0.5])
    cameras = preset_path(preset, first, count, **{"depth": 2.0, "angle": amount, "distance": amount / 100, **choices})
    frames = render_soft(cloud.positions, cloud.colors, cameras, height, width, radius=0.018).image
    return [Image.fromarray(frame.numpy()) for frame in frames]


def _loop(picture, pen, result):
    """Frames round a ring, out and back."""
    frames = _spread(result["video"] if result else _room("out_and_back", 9, 30.0, base="orbit"), 9)[:-1]
    centre, radius = (256, 284), 172
    pen.arc((centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius), 0, 360, AMBER, 6)
    for place, frame in enumerate(frames):
        angle = -math.pi / 2 + place * math.pi / 4
        x, y = centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)
        _paste(picture, frame, x - 62, y - 42, 124, INK if place == 0 else FAINT)
    pen.text(centre, "out\nand back", INK, _font(34), anchor="mm", align="center")


def _one_node(picture, pen, result):
    """An image goes into one node, and a film comes out."""
    frames = result["video"] if result else _room("truck", 6, 40.0)
    _paste(picture, frames[0], 26, 76, 196, INK)
    _arrow(pen, (124, 216), (124, 262), INK)
    pen.rounded_rectangle((26, 262, 486, 352), 14, fill=PANEL, outline=BLUE, width=5)
    pen.text((256, 307), "Spatia Video", INK, _font(46), anchor="mm")
    _arrow(pen, (388, 262), (388, 216), INK)
    pen.text((388, 150), "73 frames" if result else "265 frames", INK, _font(38), anchor="mm")
    _film(picture, pen, _spread(frames, 4), 374)


def _film(picture, pen, frames, top):
    pen.rectangle((0, top, SIDE, top + 128), fill=(8, 8, 10))
    for place in range(16):
        for y in (top + 6, top + 108):
            pen.rectangle((place * 32 + 8, y, place * 32 + 24, y + 13), fill=FAINT)
    for place, frame in enumerate(frames):
        _paste(picture, frame, place * 128 + 4, top + 26, 120)


def _clip(picture, pen, result):
    """Three frames large, and the arc on which the camera went."""
    for place, frame in enumerate(_spread(result["video"], 3)):
        _paste(picture, frame, 30 + 126 * place, 70 + 76 * place, 200, FAINT)
    pen.arc((80, 270, 432, 600), 200, 340, BLUE, 7)
    for angle in range(200, 341, 20):
        x, y = 256 + 176 * math.cos(math.radians(angle)), 435 + 165 * math.sin(math.radians(angle))
        pen.ellipse((x - 9, y - 9, x + 9, y + 9), fill=INK)
    pen.text((256, 460), "one clip", INK, _font(38), anchor="mm")


def _long_loop(picture, pen, result):
    """A row of frames for each of four clips."""
    frames, colours = result["video"], (BLUE, GREEN, AMBER, RED)
    for clip, colour in enumerate(colours):
        top = 62 + clip * 112
        pen.rounded_rectangle((10, top, 502, top + 102), 10, fill=colour)
        pen.text((42, top + 51), str(clip + 1), INK, _font(50), anchor="mm")
        for place, frame in enumerate(_spread(frames[clip * 18 : clip * 18 + 19], 3)):
            _paste(picture, frame, 76 + place * 142, top + 6, 134)


def _walk(picture, pen, result):
    """One card for each run, on a pile."""
    frames = _spread(result["video"], 5) if result else _room("pan", 4, 10.0)
    for run, frame in enumerate(frames):
        x, y = 24 + run * 56, 62 + run * 62
        pen.rounded_rectangle((x, y, x + 240, y + 196), 10, fill=PANEL, outline=FAINT, width=3)
        pen.text((x + 14, y + 24), f"run {run + 1}", INK, _font(28), anchor="lm")
        _paste(picture, frame, x + 8, y + 40, 224)


def _draft(picture, pen, result):
    """The draft above, coarse, and below it the same views, made again."""
    frames = _spread(result["video"], 3) if result else _room("pan", 3, 18.0)
    for place, frame in enumerate(frames):
        x = 14 + place * 164
        coarse = frame.resize((24, 24 * frame.height // frame.width), Image.BILINEAR).resize(frame.size, Image.NEAREST)
        _paste(picture, coarse, x, 92, 156, FAINT)
        _paste(picture, frame, x, 300, 156, GREEN)
        _arrow(pen, (x + 78, 200), (x + 78, 292), GREEN, 8)
    pen.text((256, 68), "a draft in few steps", INK, _font(30), anchor="mm")
    pen.text((256, 434), "final, on its cloud", INK, _font(34), anchor="mm")


def _edit_before(picture, pen, result):
    """The scene before, with a box round what is removed, and the projection after."""
    after = result["Projection of clip 1 (preview)"][0]
    _paste(picture, result["video"][0], 130, 56, 330, INK)
    x, y, scale = 130, 56, 330 / 192
    pen.rectangle((x + 74 * scale, y + 22 * scale, x + 112 * scale, y + 92 * scale), outline=RED, width=6)
    _arrow(pen, (66, 130), (66, 400), RED, 10)
    _paste(picture, after, 130, 288, 330, RED)


def _edit_between(picture, pen, result):
    """Clip 1, the camera turned away, and what it finds when it comes back."""
    frames = [
        result["video"][0],
        result["Projection of clip 1 (preview)"][-1],
        result["Projection of clip 2 (preview)"][-1],
    ]
    labels = ("clip 1", "turned away: edit", "")
    places = ((14, 62, 234, FAINT), (264, 62, 234, FAINT), (82, 272, 348, RED))
    for frame, label, (x, y, width, edge) in zip(frames, labels, places):
        _paste(picture, frame, x, y, width, edge)
        pen.text((x + width / 2, y + width * 2 / 3 + 22), label, INK, _font(26), anchor="mm")


def _from_file(picture, pen, result):
    """The numbers of a file, and the frames they lead through."""
    rows = (
        "1.000  0.000  0.000  0.00",
        "0.998  0.000  0.061 -0.08",
        "0.993  0.000  0.121 -0.16",
        "0.983  0.000  0.181 -0.24",
    )
    pen.rectangle((26, 66, 486, 262), fill=(246, 244, 236))
    for place, row in enumerate(rows):
        pen.text((44, 92 + place * 46), row, (40, 44, 52), _font(34), anchor="lm")
    _arrow(pen, (256, 268), (256, 322), BLUE, 10)
    for place, frame in enumerate(_spread(result["video"], 3)):
        _paste(picture, frame, 14 + place * 164, 340, 156, BLUE)


def _two_memories(picture, pen, result):
    """The two halves of the video, one beside the other."""
    pen.rectangle((256, 0, SIDE, SIDE), fill=(58, 46, 84))
    for side, (left, label) in enumerate(((0, "cloud"), (200, "decoupled"))):
        pen.text((128 + 256 * side, 86), label, INK, _font(36), anchor="mm")
        for place, frame in enumerate(_spread(result["video"], 3)):
            half = frame.crop((left, 0, left + 192, 128))
            _paste(picture, half, 26 + 256 * side, 118 + place * 132, 184, VIOLET if side else GREEN)


def _memorize(picture, pen, result):
    """The way out above, the way back below: each frame of it remembers the one above."""
    video = result.get("video")
    half = _spread(video[: (len(video) + 1) // 2], 3) if video else _room("pan", 3, 16.0)
    back = _spread(video[len(video) // 2 :], 3)[::-1] if video else half
    for place, (frame, again) in enumerate(zip(half, back)):
        x = 14 + place * 164
        _paste(picture, frame, x, 92, 156, FAINT)
        _paste(picture, again, x, 300, 156, GREEN)
        _arrow(pen, (x + 78, 186), (x + 78, 292), GREEN, 8)
    pen.text((256, 68), "camera out", INK, _font(30), anchor="mm")
    pen.text((256, 422), "and back, remembered", INK, _font(34), anchor="mm")
    pen.text((256, 472), "from poses alone", FAINT, _font(30), anchor="mm")


def _uni3c(picture, pen, result):
    """What the first clip saw is drawn for the second one, grey where nothing is known, and the clip fills it."""
    cloud = small_room()[0].cloud
    path = preset_path("pan", make_cameras(torch.eye(4)[None], [0.75, 1.33, 0.5, 0.5]), 3, angle=18.0, depth=2.0)
    drawn = render_soft(cloud.positions, cloud.colors, path, 176, 312, radius=0.018)
    grey = drawn.image.float() + 0.5 * (255 - drawn.coverage.float())[..., None]
    for place, frame in enumerate(grey.clamp(0, 255).to(torch.uint8)):
        x = 14 + place * 164
        _paste(picture, Image.fromarray(frame.numpy()), x, 92, 156, FAINT)
        _paste(picture, _room("pan", 3, 18.0)[place], x, 300, 156, BLUE)
        _arrow(pen, (x + 78, 190), (x + 78, 292), BLUE, 8)
    pen.text((256, 68), "the scene, along the path", INK, _font(30), anchor="mm")
    pen.text((256, 422), "Wan 14B by Uni3C", INK, _font(34), anchor="mm")
    pen.text((256, 472), "and what it made is remembered", FAINT, _font(28), anchor="mm")


def _prompts(picture, pen, result):
    """One room, and two lines of text."""
    cards = (
        (60, (250, 226, 150), BACK, "clip 1", '"... in soft daylight"'),
        (300, (30, 40, 92), INK, "clip 2", '"... at night, lamps"'),
    )
    for (top, fill, ink, clip, words), frame in zip(cards, _room("pan", 2, 12.0)):
        pen.rounded_rectangle((18, top, 494, top + 196), 16, fill=fill)
        _paste(picture, frame, 36, top + 16, 204)
        pen.text((262, top + 74), clip, ink, _font(44), anchor="lm")
        pen.text((38, top + 164), words, ink, _font(38), anchor="lm")


def _moving(picture, pen, result):
    """What moves is marked in the picture, and is no part of the cloud."""
    memory, owner = small_room()
    camera = make_cameras(torch.eye(4)[None], [0.75, 1.3, 0.5, 0.5])
    still = owner != 1
    seen = [
        render_soft(memory.cloud.positions[some], memory.cloud.colors[some], camera, 198, 344, radius=0.018).image[0]
        for some in (still | ~still, still)
    ]
    whole, without = (Image.fromarray(frame.numpy()) for frame in seen)
    x, y = (0.75 * BALL[0] / BALL[2] + 0.5) * 344, (1.3 * BALL[1] / BALL[2] + 0.5) * 198
    radius = 1.25 * 0.75 * RADIUS / BALL[2] * 344
    ImageDraw.Draw(whole).ellipse((x - radius, y - radius, x + radius, y + radius), outline=(255, 240, 60), width=6)
    _paste(picture, whole, 20, 66, 344, FAINT)
    _paste(picture, without, 148, 292, 344, FAINT)
    pen.text((432, 160), "moves", (255, 240, 60), _font(36), anchor="mm")
    pen.text((72, 392), "stays", INK, _font(36), anchor="mm")


_DRAWN = {
    "Image to loop": _loop,
    "Image to video in one node": _one_node,
    "Image to clip": _clip,
    "Image to long loop": _long_loop,
    "Long walk": _walk,
    "Draft, then final": _draft,
    "Edit before": _edit_before,
    "Edit between": _edit_between,
    "Camera path from a file": _from_file,
    "Two memories": _two_memories,
    "Memorize": _memorize,
    "Uni3C": _uni3c,
    "Prompt per clip": _prompts,
    "Moving objects": _moving,
}
