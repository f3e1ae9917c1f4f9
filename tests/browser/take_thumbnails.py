"""Makes the thumbnails of the sample workflows anew, from their own results: pytest tests/browser/take_thumbnails.py

Each template of the small model runs whole, which takes some minutes. Those that need weights are drawn with the made room of
small_room.py, seen through the projection that would steer them, and say so by their tag. Its name keeps it out of the test suite.
Look at what it wrote to workflows/ before you commit it.
"""

import asyncio
import io
import json
from pathlib import Path

import av
import pytest
import thumbnails
from expand import expand_subgraphs
from PIL import Image
from take_pictures import save

from tools.client import Progress, run_prompt
from tools.workflows import nodes_of, workflow_to_prompt

WORKFLOWS = Path(__file__).resolve().parent.parent.parent / "workflows"
LIMIT = 36_000  # bytes


@pytest.mark.long(3600, "every template of the small model runs whole")
def test_thumbnails(page_server):
    offered = page_server.get("/object_info")
    for path in sorted(WORKFLOWS.glob("*.json")):
        workflow = json.loads(path.read_text(encoding="utf-8"))
        graph = workflow_to_prompt(expand_subgraphs(workflow), offered)
        result = run(page_server, graph) if thumbnails.RUNS in path.stem else {}
        save(thumbnails.draw(path.stem, result), path.with_suffix(".jpg"), LIMIT)


def run(server, graph) -> dict[str, list[Image.Image]]:
    """What the graph shows: {"video": frames, title of a preview: its pictures}."""
    outputs = {}
    # A walk of one clip per run ends when its video is there.
    for _ in range(5):
        progress = Progress(graph, quiet=True)
        outputs.update(asyncio.run(run_prompt(server, graph, progress)))
        videos = [entry for output in outputs.values() for entry in output.get("images", ()) if is_video(entry)]
        if videos:
            break
    video = server.base / "thumbnail.mp4"
    video.write_bytes(server.fetch(videos[0]))
    with av.open(str(video)) as container:
        shown = {"video": [frame.to_image() for frame in container.decode(video=0)]}
    for number in nodes_of(graph, "PreviewImage"):
        pictures = (server.fetch(entry) for entry in outputs[number]["images"])
        shown[graph[number]["_meta"]["title"]] = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    return shown


def is_video(entry: dict) -> bool:
    return entry["filename"].endswith(".mp4")
