"""`run.py demo`: one image -> a closed-loop video, made by a real ComfyUI server."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path

from spatia_core.errors import SpatiaError
from spatia_core.files import replacing, write_bytes

from .client import Progress, run_prompt, upload_image
from .clips import configure
from .console import RunError, say
from .contact_sheet import contact_sheet
from .devices import choose_device
from .places import DEMO_IMAGE, DEMO_WORKFLOW, base_folder
from .server import Server
from .workflows import nodes_of, without_viewers, workflow_to_prompt


def demo(options: argparse.Namespace, comfyui: Path, cache: Path) -> int:
    """One image through the closed-loop workflow on a real server; the results land in the output folder."""
    device = choose_device(options.device)
    began = time.monotonic()
    say(f"Starting ComfyUI on {device}")
    with Server(comfyui, base_folder(cache), cache, device) as server:
        say(f"  {time.monotonic() - began:7.1f} s  server ready at {server.url}")
        asyncio.run(make(server, options))
    say(f"Demo done in {time.monotonic() - began:.0f} s")
    return 0


async def make(server: Server, options: argparse.Namespace) -> None:
    """One run of the quick start on this server, and its files in `options.output`."""
    workflow = json.loads(DEMO_WORKFLOW.read_text(encoding="utf-8"))
    try:
        prompt = workflow_to_prompt(without_viewers(workflow), server.get("/object_info"))
    except RunError as error:
        raise RunError(f"{error}.\n{server.log_tail()}") from error
    uploaded = await upload_image(server, options.image)
    prompt = configure(prompt, workflow, image=uploaded, text=options.prompt, frames=options.frames, seed=options.seed)
    clips = len(nodes_of(prompt, "SpatiaSampler"))
    say(
        f"Making {prompt[nodes_of(prompt, 'SpatiaCameraPath')[0]]['inputs']['frames']} frames in {clips} clips from {options.image}"
    )
    if Path(options.image).resolve() != DEMO_IMAGE.resolve():
        say(
            "  The small bundled weights know nothing but generated rooms: of any other picture they make a blur in its colours."
        )
    if options.prompt is not None:
        say(
            "The bundled small model reads no text: the prompt changes nothing, unless you put other weights into the workflow."
        )
    outputs = await run_prompt(server, prompt, Progress(prompt))
    try:
        collect(server, prompt, outputs, options.output)
    except SpatiaError as error:  # such as a full disk
        raise RunError(str(error)) from error


def collect(server: Server, prompt: dict, outputs: dict, folder: Path) -> None:
    """Save the run's video, point cloud and contact sheet into `folder` and report on them."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while list(folder.glob(f"demo_{number:03}*")):
        number += 1
    stem = folder / f"demo_{number:03}"
    video = stem.with_suffix(".mp4")
    write_bytes(video, server.fetch(outputs[nodes_of(prompt, "SaveVideo")[0]]["images"][0]))
    cloud = stem.with_suffix(".ply")
    write_bytes(cloud, server.fetch(saved_file(outputs[nodes_of(prompt, "SpatiaSaveScene")[0]], ".ply")))
    sheet = stem.with_name(f"{stem.name}_sheet.png")
    with replacing(sheet) as part:
        contact_sheet(server, prompt, outputs, video).save(part, "PNG")
    say()
    for title, path in (("video", video), ("contact sheet", sheet), ("scene", cloud)):
        say(f"  {title:14} {path}")
    say(f"  {'closed loop':14} {outputs[nodes_of(prompt, 'SpatiaClosedLoopMetrics')[0]]['text'][0]}")
    say()


def saved_file(output: dict, ending: str) -> dict:
    """The entry that fetch() takes of a file which a node named in its text, relative to the output folder."""
    names = (name.removesuffix(" [output]") for name in output["text"][0].splitlines())
    name = next(name for name in names if name.endswith(ending))
    subfolder, _, filename = name.rpartition("/")
    return {"filename": filename, "subfolder": subfolder, "type": "output"}
