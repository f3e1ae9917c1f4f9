"""A worker that makes scenes on one ComfyUI: its own, or one that stands somewhere.

A scene goes on from its last clip wherever its world is seen. A server of ours writes into the output folder. One that
stands somewhere does so where its own output folder is that folder, shared; else its scenes are made there and brought
here when they are whole: world, video and cloud.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import hashlib
import math
import os
import re
import secrets
import tempfile
import threading
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from spatia_core.cameras.preflight import comes_back
from spatia_core.cloud.ply import write_ply
from spatia_core.files import replacing
from spatia_core.metrics.closed_loop import closed_loop
from spatia_core.world import MAIN, World, import_world

from .client import Progress, cancel, put_file, run_prompt, upload_image
from .console import RunError, say
from .places import make_base
from .processes import thread_variables
from .scene_workflow import video_alone
from .server import Endpoint, Server
from .workflows import nodes_of

_ENDING = 1.0  # seconds that a server which closed its connections has to end in
_PATIENCE = 200  # seconds to wait for a server that stands somewhere, each of three times
_OURS = "spatia/batch"  # in the output folder of a server that shares none with us


class SceneWork(NamedTuple):
    """What making a scene takes."""

    name: str
    prompt: dict  # the workflow filled with the scene, its image left out
    image: Path
    clips: int
    digest: str  # of all that it is made of
    frames: int  # of the whole video
    video: str = ""  # in the output folder, where it is made already and is only to be measured
    tune: Tune | None = None
    measure: Measure | None = None


class Tune(Protocol):
    """Changes a scene's prompt by something that the server has to say first. Fit to be pickled."""

    @property
    def key(self) -> str:
        """Of what it changes; a scene of another one is another scene."""

    def __call__(
        self, prompt: dict, run: Callable[[dict], dict[str, dict]], fetch: Callable[[dict, Path], None]
    ) -> dict:
        """The prompt with its image in place, changed. run: a prompt's shown outputs; fetch: one of them into a file."""


class Measure(Protocol):
    """Takes the figures of a world that is whole. Fit to be pickled."""

    @property
    def key(self) -> str:
        """Of what is measured, and with what."""

    def __call__(self, world: World, frames: int) -> dict[str, Any]:
        """Figures by name, of a world's main branch and its first `frames` frames; text as JSON has it."""


def world_of(output: Path, name: str) -> World:
    """The world of a scene in an output folder."""
    return World(output / "spatia" / "worlds" / name)


def clips_in(world: World) -> int:
    """Clips of a world that follow its image; 0 where it is not begun."""
    return len(world.chain(world.head(MAIN))) - 1 if world.exists else 0


class SceneMaker:
    """Makes one scene after the other on a server. kinds: of nodes, whose descriptions are its greeting."""

    server: Endpoint | None = None
    shared = True  # whether the server writes into our output folder

    def __init__(self, output: Path, kinds: frozenset[str]):
        self.output, self.kinds = output, kinds
        self.progress: Progress | None = None

    def make(self, work: SceneWork) -> dict[str, Any]:
        """What a scene lacks: its clips, its video, its cloud and its figures; the row of it."""
        found = {"video": work.video} if work.video else self._made_video(work)
        found |= results(self.output, work.name)
        if work.measure is not None:
            figures = work.measure(world_of(self.output, work.name), work.frames)
            found |= {"measured": work.measure.key, "figures": figures}
        return found

    def _made_video(self, work: SceneWork) -> dict[str, Any]:
        server = self._there()
        # By content: another scene's image of the same name may be on the same server.
        name = f"scene_{hashlib.blake2b(work.image.read_bytes(), digest_size=8).hexdigest()}{work.image.suffix}"
        image = asyncio.run(upload_image(server, work.image, name))
        world = work.name if self.shared else f"{work.name}-{work.digest[:8]}"
        prompt = _placed(work.prompt, image, world, work.name if self.shared else f"{_OURS}/{work.name}")
        if work.tune is not None:
            prompt = work.tune(prompt, self._run, self._bring)
        entry = self._clips(prompt, world, work)
        video = "/".join(filter(None, (entry["subfolder"], entry["filename"])))
        if not self.shared:
            video = entry["filename"]
            self._bring_world(world, work)
            self._bring(entry, self.output / video)
        return {"video": video}

    def _there(self) -> Endpoint:
        if self.server is None:
            raise RunError("the server is not open")
        return self.server

    def _run(self, prompt: dict) -> dict[str, dict]:
        self.progress = Progress(prompt, quiet=True)
        return asyncio.run(run_prompt(self._there(), prompt, self.progress))

    def _clips(self, prompt: dict, world: str, work: SceneWork) -> dict:
        """The clips that a scene's world lacks, then its video; the video's entry."""
        (number,) = nodes_of(prompt, "SpatiaWorldVideo")
        shown: dict | None = None
        while (made := self._made(world)) < work.clips:
            shown = self._run(prompt)
            if self._made(world) == made:
                raise RunError("a run of the workflow left no further clip in its world; check that it has Commit Clip")
            say(f"  {work.name}: clip {made + 1} of {work.clips}")
        if shown is None:  # the last run ended between its last clip and its video
            shown = self._run(video_alone(prompt))
        if "images" not in shown[number]:
            raise RunError(f"no video was written: {shown[number]['text'][0]}")
        return shown[number]["images"][0]

    def _made(self, world: str) -> int:
        """Clips in a world, as the server sees it."""
        chain = self._there().get(f"/spatia/world?{urllib.parse.urlencode({'name': world})}")["chain"]
        return max(0, len(chain) - 1)  # the image is the first

    def _bring_world(self, world: str, work: SceneWork) -> None:
        """The world of a scene from the server's output folder into ours."""
        ours = world_of(self.output, work.name)
        if clips_in(ours) >= work.clips:  # from a run that ended before its row was written
            return
        prompt = {
            "1": {
                "class_type": "SpatiaManageWorld",
                "inputs": {
                    "world": world, "action": "export to archive", "branch": MAIN, "clip": -1,
                    "new_name": f"{_OURS}/{work.name}", "archive": "<none>",
                },
            },
            "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 1]}},
        }  # fmt: skip
        for node in prompt.values():
            node["_meta"] = {"title": node["class_type"]}
        path = self._run(prompt)["2"]["text"][0].removesuffix(" [output]")
        folder, _, file = path.rpartition("/")
        with tempfile.TemporaryDirectory(dir=self.output) as part:
            archive = Path(part) / "world.zip"
            self._bring({"filename": file, "subfolder": folder, "type": "output"}, archive)
            whole = import_world(archive, Path(part) / "world")
            if ours.exists:  # the beginning of the same scene, made elsewhere
                ours.remove()
            os.makedirs(os.path.dirname(ours.folder), exist_ok=True)
            os.replace(whole.folder, ours.folder)

    def _bring(self, entry: dict, path: Path) -> None:
        with replacing(path) as part:
            self._there().fetch_into(entry, part)


def _placed(prompt: dict, image: str, world: str, prefix: str) -> dict:
    """A filled workflow with the names that it has on one server."""
    prompt = copy.deepcopy(prompt)
    for kind, values in (
        ("LoadImage", {"image": image}), ("SpatiaOpenWorld", {"name": world}), ("SpatiaWorldVideo", {"filename_prefix": prefix}),
    ):  # fmt: skip
        prompt[nodes_of(prompt, kind)[0]]["inputs"] |= values
    return prompt


def results(output: Path, name: str) -> dict[str, Any]:
    """What a scene's world says when it is whole: its cloud as a PLY beside the video, and how well it closes its loop.

    A world of the decoupled memory has no cloud, and a path that does not come back has no loop: both are left empty.
    """
    world = world_of(output, name)
    memory = world.memory(world.head(MAIN))
    found: dict[str, Any] = {
        "frames": memory.frame_count,
        "cloud": "",
        "points": memory.cloud.size,
        "psnr": "",
        "ssim": "",
    }
    if memory.cloud.size:
        found["cloud"] = f"{name}.ply"
        write_ply(memory.cloud, output / found["cloud"])
    if comes_back(memory.cameras):
        psnr, ssim = closed_loop(memory.read_frames([0, memory.frame_count - 1]).float() / 255)
        # Equal frames have no ratio to state.
        found |= {"psnr": "equal" if math.isinf(psnr) else round(psnr, 2), "ssim": round(ssim, 4)}
    return found


class Machine(NamedTuple):
    """How a server of ours is started, wherever that is."""

    comfyui: Path
    cache: Path
    device: str
    extra: tuple[str, ...]  # of its command line
    threads: int = 0  # of the processor, for all its libraries; 0: as they like


class OwnServer(SceneMaker):
    """On a server that it starts, with a base folder and a port of its own, and starts again where it has ended."""

    def __init__(self, output: Path, kinds: frozenset[str], machine: Machine, base: Path):
        super().__init__(output, kinds)
        self.machine, self.base = machine, base
        self._closed = False

    def open(self) -> dict:
        """Start the server, again where it has ended; what it says of the nodes."""
        if self._closed:
            raise RunError("stopped")
        if not self.output.is_dir():
            raise RunError(f"{self.output} is not there on this machine; all machines must see it under this name")
        if isinstance(self.server, Server):
            if self.server.ends(0):
                self.server.restart()
        else:
            make_base(self.base)
            machine = self.machine
            extra = (*machine.extra, "--output-directory", str(self.output))
            self.server = Server(
                machine.comfyui, self.base, machine.cache, machine.device, extra=extra,
                variables=thread_variables(machine.threads),
            )  # fmt: skip
            self.server.__enter__()
        if self._closed:  # while it started
            self.server.close()
        return described(self.server, self.kinds)

    def broken(self) -> bool:
        """Whether the server has ended."""
        return not isinstance(self.server, Server) or self.server.ends(_ENDING)

    def close(self) -> None:
        """End the server."""
        self._closed = True
        if isinstance(self.server, Server):
            self.server.close()


class StandingServer(SceneMaker):
    """On a server that somebody else started, and may start again."""

    def __init__(self, output: Path, kinds: frozenset[str], address: str):
        super().__init__(output, kinds)
        self.address = address
        self._closing = threading.Event()

    def open(self) -> dict:
        """Wait until the server answers, and see whether its output folder is ours; what it says of the nodes."""
        server = self.server = Endpoint(f"http://{self.address}")
        waited = 0
        while self.broken():
            if waited >= _PATIENCE:
                raise RunError(
                    f"{self.address} did not answer within {_PATIENCE} s; is ComfyUI there, and does it --listen?"
                )
            if not waited:
                say(f"  waiting for {self.address}")
            waited += 1
            if self._closing.wait(1):
                raise RunError("stopped")
        self.shared = self._writes_here()
        if not self.shared:
            say(f"  {self.address} writes into a folder of its own: its scenes are brought here when they are whole")
        return described(server, self.kinds)

    def broken(self) -> bool:
        """Whether the server gives no answer."""
        try:
            return not self._there().get("/system_stats", timeout=10)
        except (OSError, ValueError):
            return True

    def close(self) -> None:
        """End what the server is at for us; itself it stays."""
        self._closing.set()
        if self.server is not None and self.progress is not None and self.progress.prompt_id:
            try:
                cancel(self.server, self.progress.prompt_id)
            except OSError:  # it has gone
                return

    def _writes_here(self) -> bool:
        """Whether a file that the server is given for its output folder turns up in ours."""
        token, name = secrets.token_bytes(16), f"shared_{re.sub(r'[^0-9A-Za-z]', '_', self.address)}.png"
        asyncio.run(put_file(self._there(), token, name, _OURS))
        here = self.output / _OURS / name
        if not here.is_file() or here.read_bytes() != token:
            return False
        here.unlink()
        with contextlib.suppress(OSError):  # another server's file is in it
            here.parent.rmdir()
        return True


def described(server: Endpoint, kinds: frozenset[str]) -> dict:
    """What a server says of these kinds of nodes. Raises RunError where it lacks one."""
    info = server.get("/object_info")
    missing = sorted(kinds - info.keys())
    if missing:
        raise RunError(
            f"{server.url} lacks {', '.join(missing)}, which the workflow needs; install this package there, in the same "
            "version, or choose another workflow"
        )
    return {kind: info[kind] for kind in kinds}
