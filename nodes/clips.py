"""Clip Window and Join Clips: a long camera path cut into clips, and the clips' latents put together again."""

from __future__ import annotations

import torch
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ..spatia_core.backbone import WAN22_TI2V_5B
from ..spatia_core.cameras import Cameras
from ..spatia_core.errors import SpatiaError
from ..spatia_core.memory.windows import (
    clip_windows,
    latent_count,
    require_clip_length,
    window_cameras,
)
from ..spatia_core.profile import RELEASE, Profile
from .host.free_memory import require_memory
from .host.profiles import AUTO, model_profile
from .host.reports import report_ui
from .host.video import decode_frames, require_memory_for_frames
from .sockets import SpatiaCameras


def length_inputs(history_optional: bool = True) -> list[io.Input]:
    """How many frames the first clip has, each later one, and how many of these repeat the clip before.

    history_optional: for a node that graphs from before there was a history_frames hold.
    """
    return [
        io.Int.Input(
            "first_frames",
            default=AUTO,
            min=AUTO,
            max=10001,
            tooltip="Frames of the first clip, 4n + 1. 0: as the model was made for; release: 121, bundled small model: 25.",
        ),
        io.Int.Input(
            "later_frames",
            default=AUTO,
            min=AUTO,
            max=10001,
            tooltip="Frames of every later clip, 4n + 1, of which the first history_frames repeat the clip before. 0: as the model was made for; "
            "release: 81, bundled small model: 25.",
        ),
        io.Int.Input(
            "history_frames",
            default=AUTO,
            min=AUTO,
            max=10001,
            advanced=True,
            optional=history_optional,
            tooltip="Frames of a later clip that repeat the end of the one before, 4n + 1. 0: as the model was made for; Spatia: 9, models that continue from one image: 1. "
            "The sampler, Retrieve References and Update Memory read it from these cameras.",
        ),
    ]


def clip_lengths(profile: Profile, first_frames: int, later_frames: int, history_frames: int) -> tuple[int, int, int]:
    """The three lengths, those that are AUTO taken from the profile."""
    return (
        first_frames or profile.first_frames,
        later_frames or profile.later_frames,
        history_frames or profile.history_frames,
    )


def lengths_problem(**lengths: int | None) -> str | None:
    """What is wrong with lengths before anything is run; those that come over a link are None."""
    try:
        known = {name: frames for name, frames in lengths.items() if isinstance(frames, int) and frames != AUTO}
        for name, frames in known.items():
            require_clip_length(frames, name)
        if len(known) == len(lengths):
            clip_windows(1, *known.values())
    except SpatiaError as error:
        return str(error)
    return None


class SpatiaClipWindow(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaClipWindow",
            display_name="Clip Window",
            category="Spatia",
            description="The cameras of one clip of a long path: the history's poses first, the end padded with the last pose.",
            inputs=[
                SpatiaCameras.Input("cameras", tooltip="The whole path, one camera per frame of the final video."),
                io.Int.Input("clip", default=1, min=1, max=10000, tooltip="Which clip, counted from 1."),
                *length_inputs(),
                io.Model.Input(
                    "model",
                    optional=True,
                    tooltip="The model that films the clip: lengths of 0 follow it. Without it they are the release's.",
                ),
            ],
            outputs=[
                SpatiaCameras.Output(
                    display_name="cameras",
                    tooltip="The clip's cameras, for Render Camera Path, Retrieve References and the sampler.",
                ),
                io.Int.Output(
                    display_name="padding",
                    tooltip="Frames at the clip's end that only fill it up and are cut from the final video.",
                ),
                io.String.Output(
                    display_name="report",
                    tooltip="Which frames of the path this clip covers, and how many clips the path takes.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(
        cls, first_frames: int | None = None, later_frames: int | None = None, history_frames: int | None = None
    ) -> bool | str:
        lengths = {"first_frames": first_frames, "later_frames": later_frames, "history_frames": history_frames}
        return lengths_problem(**lengths) or True

    @classmethod
    def execute(
        cls,
        cameras: Cameras,
        clip: int,
        first_frames: int,
        later_frames: int,
        history_frames: int = RELEASE.history_frames,
        model: ModelPatcher | None = None,
    ) -> io.NodeOutput:
        profile = RELEASE if model is None else model_profile(model)
        first_frames, later_frames, history_frames = clip_lengths(profile, first_frames, later_frames, history_frames)
        windows = clip_windows(cameras.count, first_frames, later_frames, history_frames)
        if clip > len(windows):
            raise SpatiaError(
                f"Clip {clip} was asked for, but a path of {cameras.count} cameras takes {len(windows)} clips of {first_frames}, then "
                f"{later_frames} frames; lower `clip` or lengthen the path."
            )
        window = windows[clip - 1]
        report = (
            f"clip {clip} of {len(windows)}: path frames {window.start} to {window.end - 1}, {window.frames} frames, "
            f"{window.history} of them history, {window.padding} padding"
        )
        return io.NodeOutput(window_cameras(cameras, window), window.padding, report, ui=report_ui(report))


class SpatiaJoinClips(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        clips = io.Autogrow.TemplatePrefix(
            io.Latent.Input("clip", tooltip="A clip's latents, in the order of the video."),
            prefix="clip",
            min=1,
            max=64,
        )
        return io.Schema(
            node_id="SpatiaJoinClips",
            display_name="Join Clips",
            category="Spatia",
            description="All clips' latents as one video: later clips' history is dropped, so the video is decoded once and not encoded again.",
            inputs=[
                io.Autogrow.Input(
                    "clips",
                    template=clips,
                    tooltip="The clips' latents, first clip first; a new slot appears as you connect.",
                ),
                io.Int.Input(
                    "history_frames",
                    default=0,
                    min=0,
                    max=10001,
                    advanced=True,
                    tooltip="Frames by which a later clip repeats the one before. 0: as each clip's latents say themselves. "
                    "Only latents that say nothing need a number here (Spatia: 9).",
                ),
                SpatiaCameras.Input(
                    "cameras", optional=True, tooltip="The whole path: padding beyond its last camera is trimmed."
                ),
                io.Vae.Input("vae", optional=True, tooltip="To get the decoded, trimmed `images` as well."),
            ],
            outputs=[
                io.Latent.Output(display_name="latent", tooltip="The whole video's latents, for VAE Decode."),
                io.Int.Output(display_name="frames", tooltip="Frames to keep of the decoded video, padding trimmed."),
                io.Image.Output(display_name="images", tooltip="The decoded, trimmed video, when a vae is connected."),
            ],
        )

    @classmethod
    def execute(
        cls, clips: dict[str, dict], history_frames: int, cameras: Cameras | None = None, vae: VAE | None = None
    ) -> io.NodeOutput:
        samples = join_latents([clip for clip in clips.values() if clip is not None], history_frames)
        frames = WAN22_TI2V_5B.pixel_frames(samples.shape[2])
        if cameras is not None:
            if cameras.count > frames:
                raise SpatiaError(
                    f"The path has {cameras.count} cameras, but the joined clips hold {frames} frames; connect the missing clips to `clips`."
                )
            frames = cameras.count
        if vae is None:
            images = ExecutionBlocker(
                "Join Clips decodes only with a VAE: connect `vae`, or decode `latent` with VAE Decode."
            )
        else:
            height, width = (side * WAN22_TI2V_5B.pixels for side in samples.shape[3:])
            require_memory_for_frames(frames, height, width, "join fewer clips, or decode `latent` in parts")
            images = decode_frames(vae, samples, frames, progress=True)
        return io.NodeOutput({"samples": samples}, frames, images)


def join_latents(clips: list[dict], history_frames: int) -> torch.Tensor:
    """Latents (1, 48, T, H, W) of the video: the first clip whole, later clips without their history.

    history_frames: by how many frames later clips repeat the one before; 0: as their noise masks say.
    Raises SpatiaError when sizes differ, when a mask tells of another history, or when nobody tells.
    """
    if not clips:
        raise SpatiaError("No clip is connected to `clips`, expected at least one.")
    history = latent_count(history_frames) if history_frames else _told_history(clips)
    first = clips[0]["samples"]
    parts = []
    for number, clip in enumerate(clips, start=1):
        samples = clip["samples"]
        if samples.ndim != 5 or not samples.numel():
            raise SpatiaError(
                f"Clip {number} has latents of shape {tuple(samples.shape)}, expected a video's (1, channels, frames, "
                "height, width); connect the latent of a Spatia Sampler."
            )
        if samples.shape[:2] != first.shape[:2] or samples.shape[3:] != first.shape[3:]:
            raise SpatiaError(
                f"Clip {number} has latents of shape {tuple(samples.shape)}, the first clip {tuple(first.shape)}; they must agree in all but "
                "the frames: connect clips of one model and one size."
            )
        if number == 1:
            parts.append(samples)
            continue
        kept = clean_frames(clip)
        if kept is not None and kept != history:
            raise SpatiaError(
                f"Clip {number} starts with {kept} latent frames of history, but `history_frames` {history_frames} makes {history}; "
                "connect the clips in order (the first clip first), or change `history_frames`."
            )
        if samples.shape[2] <= history:
            raise SpatiaError(
                f"Clip {number} has {samples.shape[2]} latent frames, of which {history} are history: nothing is new in it."
            )
        parts.append(samples[:, :, history:])
    require_memory(sum(part.nbytes for part in parts), f"The latents of {len(parts)} clips", "join fewer of them")
    return torch.cat(parts, dim=2)


def _told_history(clips: list[dict]) -> int:
    """Latent frames of history that the later clips' noise masks tell of."""
    told = [clean_frames(clip) for clip in clips]
    if (told[0] or 0) > 1 or len(set(told[1:])) > 1:
        raise SpatiaError(
            f"The clips start with {', '.join(map(str, told))} latent frames of history, expected the first clip first "
            "(none, or the image alone), then equal ones; connect the clips in order, or set `history_frames`."
        )
    if len(clips) > 1 and told[1] is None:
        raise SpatiaError("The clips' latents do not say how many frames they share; set `history_frames` (Spatia: 9).")
    return told[-1] or 0


def clean_frames(clip: dict) -> int | None:
    """Leading latent frames that a clip's noise mask keeps (its image or history); None where it has no mask of a video."""
    mask = clip.get("noise_mask")
    if mask is None or mask.ndim != 5:
        return None
    noisy = mask.amax(dim=(0, 1, 3, 4)) > 0
    return int(noisy.int().argmax()) if bool(noisy.any()) else mask.shape[2]


NODES = [SpatiaClipWindow, SpatiaJoinClips]
