"""A run at a glance."""

from __future__ import annotations

import io
from pathlib import Path

import av
from PIL import Image, ImageDraw

from .clips import clip_lengths
from .server import Server
from .workflows import nodes_of


def strips(videos: dict[str, Path], cells: int = 8, longest: int = 160) -> Image.Image:
    """A picture of several videos: a row of frames spread evenly over each, its name above."""
    rows = []
    for name, path in videos.items():
        with av.open(str(path)) as container:
            frames = [frame.to_image() for frame in container.decode(video=0)]
        picked = sorted({round(cell * (len(frames) - 1) / (cells - 1)) for cell in range(cells)})
        for frame in (frames[index] for index in picked):
            frame.thumbnail((longest, longest))
        rows.append((f"{name}: frames {', '.join(map(str, picked))}", [frames[index] for index in picked]))
    label, gap = 16, 6
    width = max(sum(frame.width + gap for frame in frames) for _, frames in rows) + gap
    sheet = Image.new("RGB", (width, sum(frames[0].height + label + gap for _, frames in rows) + gap), "white")
    draw, top = ImageDraw.Draw(sheet), 0
    for text, frames in rows:
        draw.text((gap, top + 2), text, fill="black")
        left = gap
        for frame in frames:
            sheet.paste(frame, (left, top + label))
            left += frame.width + gap
        top += frames[0].height + label + gap
    return sheet


def contact_sheet(
    server: Server, prompt: dict, outputs: dict, video: Path, cells: int = 12, columns: int = 4
) -> Image.Image:
    """A picture of frames spread evenly over the video, each above the projection its clip was given."""
    with av.open(str(video)) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    width, height = frames[0].size
    first, new = clip_lengths(prompt)
    previews = nodes_of(prompt, "PreviewImage")
    cells = min(cells, len(frames))
    rows, label, gap = -(-cells // columns), 16, 6
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (2 * height + label + 2 * gap) + gap), "white")
    draw = ImageDraw.Draw(sheet)
    for cell in range(cells):
        index = round(cell * (len(frames) - 1) / max(1, cells - 1))
        clip = 0 if index < first else 1 + (index - first) // new
        # A clip's own frames stand at the end of its window, after the history it repeats.
        shown = outputs[previews[clip]]["images"]
        place = index if clip == 0 else len(shown) - new + (index - first) % new
        projection = Image.open(io.BytesIO(server.fetch(shown[place])))
        left = gap + cell % columns * (width + gap)
        top = gap + cell // columns * (2 * height + label + 2 * gap)
        draw.text((left, top + 2), f"frame {index}, clip {clip + 1}: video, projection", fill="black")
        sheet.paste(frames[index], (left, top + label))
        sheet.paste(projection.convert("RGB"), (left, top + label + height + 2))
    return sheet
