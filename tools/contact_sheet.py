"""A run at a glance."""

from __future__ import annotations

import io
from pathlib import Path

import av
from PIL import Image, ImageDraw

from .clips import clip_lengths
from .server import Server
from .workflows import nodes_of


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
