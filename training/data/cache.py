"""Latents on disk: every sample is encoded once, before the first step.

latents/settings.json            what they were made with; another setting needs another folder
latents/first/<video>.<n>.safetensors    video (48, T, h, w), control (96, T, h, w), references (48, R, h, w), float16
latents/first/no_projection.safetensors  control latents of a clip that nothing is projected into
latents/posed/<video>.<n>.safetensors    video, cameras (c2w, K), gate; of what is remembered temporal and spatial (S, 48, h, w) and
                                         its cameras: what `PosedClip` and `MemorySlots` hold
latents/texts/<digest>.safetensors       embedded texts (L, text_dim), "" among them
latents/first/<video>.skipped.txt        why a video gave no sample
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ...spatia_core.errors import SpatiaError
from ...spatia_core.files import replacing, write_text
from ...spatia_core.model.control import hole_pixels
from ...spatia_core.model.decoupled.assembly import MemorySlots, assemble, memory_slots
from ..networks.beside import PosedClip, posed_clip
from ..recipe import POSED, SampleSettings, generator_of
from .samples import ClipSample, DepthEstimator, PosedSample, enough_frames, make_posed_sample, make_sample
from .videos import PosedVideo, VideoSource

# (N, H, W, 3) in 0..1 to normalised latents (48, (N + 3) // 4, H/16, W/16).
Encoder = Callable[[Tensor], Tensor]
# A text to its embedding (L, text_dim).
TextEncoder = Callable[[str], Tensor]


class Item(NamedTuple):
    """One cached sample, as it lies on disk."""

    path: Path
    video: str


class Latents(NamedTuple):
    """One sample's tensors, float32, without a batch axis; text: (L, text_dim).

    control: None where nothing was projected. cameras, slots: of a posed clip, one row each; slots None where it remembers
    nothing.
    """

    video: Tensor
    control: Tensor | None
    references: Tensor
    text: Tensor
    cameras: PosedClip | None = None
    slots: MemorySlots | None = None


class LatentCache:
    """The latents of a work folder. settings: what they are, or shall be, made with. encoder: a name for the VAE and text encoder.

    Raises SpatiaError when the folder was filled with other settings.
    """

    def __init__(self, folder: Path, settings: SampleSettings, encoder: str, stride: int = 1, depth: str = "stored"):
        self.folder, self.settings, self.stride, self.depth = folder, settings, stride, depth
        wanted = {**dataclasses.asdict(settings), "stride": stride, "depth": depth, "encoder": encoder}
        path = folder / "settings.json"
        if path.is_file():
            # What a setting was before there was one.
            have = {**dataclasses.asdict(SampleSettings()), **json.loads(path.read_text(encoding="utf-8"))}
            for name in sorted(wanted.keys() | have.keys()):
                if wanted.get(name) != have.get(name):
                    raise SpatiaError(
                        f"The latents in {folder} were made with {name} = {have.get(name)}, and {wanted.get(name)} is asked for; "
                        "choose another work folder, or remove its latents."
                    )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(wanted, indent=1))

    def fill(
        self,
        sources: list[VideoSource],
        clips: Iterable[str],
        encode: Encoder,
        encode_text: TextEncoder,
        estimator: Callable[[PosedVideo], DepthEstimator],
        *,
        part: int = 0,
        parts: int = 1,
        progress: Callable[[], None] | None = None,
    ) -> None:
        """Encode what is missing of every `parts`-th video from `part` on; for several processes at once.

        progress: called after each video. Why a video gives no sample is written beside the samples, and it is left out.
        """
        clips = list(clips)
        self._save_text("", encode_text)
        for clip in clips:
            (self.folder / clip).mkdir(exist_ok=True)
            self._save_no_projection(clip, encode)
        for source in sources[part::parts]:
            missing = [
                (clip, i)
                for clip in clips
                for i in range(self.settings.per_video)
                if not self._path(clip, source.name, i).is_file()
            ]
            if missing and not any(self._skip_path(clip, source.name).is_file() for clip, _ in missing):
                self._encode_video(source, missing, encode, encode_text, estimator)
            if progress is not None:
                progress()

    def items(self, clip: str, sources: list[VideoSource], remembering: bool = False) -> list[Item]:
        """Samples of these videos that are there, in the videos' order; remembering: those that have something to remember."""
        found = [
            Item(self._path(clip, source.name, i), source.name)
            for source in sources
            for i in range(self.settings.per_video)
        ]
        return [item for item in found if item.path.is_file() and (not remembering or _remembers(item))]

    def names(self, clip: str) -> list[str]:
        """Videos that have a first sample of this kind, whoever put it there, sorted."""
        ending = ".0.safetensors"
        return sorted(path.name.removesuffix(ending) for path in (self.folder / clip).glob(f"*{ending}"))

    def item(self, clip: str, video: str) -> Item:
        """The first sample of a video."""
        return Item(self._path(clip, video, 0), video)

    def add(self, clip: str, video: str, tensors: dict[str, Tensor], text: str = "") -> None:
        """Put a sample there that was made otherwise: video, control and references as in this file's head."""
        path = self._path(clip, video, 0)
        path.parent.mkdir(exist_ok=True)
        _save({name: _stored(tensor) for name, tensor in tensors.items()}, path, {"text": text})

    def skipped(self, clip: str, sources: list[VideoSource]) -> list[str]:
        """Why videos gave no sample, a line each."""
        paths = [self._skip_path(clip, source.name) for source in sources]
        return [path.read_text(encoding="utf-8").strip() for path in paths if path.is_file()]

    def load(self, item: Item) -> Latents:
        """One sample from disk. Raises SpatiaError naming the file when it cannot be read."""
        try:
            with safe_open(item.path, framework="pt") as file:
                text = file.metadata()["text"]
            tensors = load_file(item.path)
            if "gate" in tensors:
                return self._posed(tensors, self.text(text))
            video, control, references = (tensors[name].float() for name in ("video", "control", "references"))
            return Latents(video, control, references, self.text(text))
        except SpatiaError:
            raise
        except Exception as error:  # safetensors raises its own family, none of which names the file
            raise SpatiaError(
                f"The latents {item.path.name} cannot be read: {error}. Remove the file, and it is made anew."
            ) from error

    def text(self, text: str) -> Tensor:
        """The embedding (L, text_dim) of a text that was encoded before."""
        path = self._text_path(text)
        if not path.is_file():
            raise SpatiaError(f"The embedding of the text {text[:60]!r} is missing; run the preparation again.")
        return load_file(path)["text"].float()

    def no_projection(self, clip: str) -> Tensor:
        """Control latents (96, T, h, w) of nothing projected."""
        return load_file(self.folder / clip / "no_projection.safetensors")["control"].float()

    def _posed(self, tensors: dict[str, Tensor], text: Tensor) -> Latents:
        video, size = tensors["video"].float(), (self.settings.height, self.settings.width)
        cameras, slots = PosedClip(tensors["c2w"], tensors["K"], *size), None
        if "temporal" in tensors:
            cues = tensors["temporal"].float(), tensors["spatial"].float()
            target_c2w, target_K, history_c2w, history_K = (tensors[name] for name in _SLOT_CAMERAS)
            slots = MemorySlots(tensors["gate"], *cues, target_c2w, target_K, history_c2w, history_K, *size)
        return Latents(video, None, video[:, :0], text, cameras, slots)

    def _encode_video(
        self,
        source: VideoSource,
        missing: list[tuple[str, int]],
        encode: Encoder,
        encode_text: TextEncoder,
        estimator: Callable[[PosedVideo], DepthEstimator],
    ) -> None:
        settings = self.settings
        try:
            video = source.load(settings.width, settings.height, self.stride)
        except SpatiaError as error:
            for clip in {clip for clip, _ in missing}:
                write_text(self._skip_path(clip, source.name), f"{source.name}: {error}\n")
            return
        self._save_text(video.text, encode_text)
        for clip, index in missing:
            try:
                if not enough_frames(video, clip, settings):
                    raise SpatiaError(
                        f"{video.cameras.count} frames are too few for a clip of {settings.frames(clip)}."
                    )
                generator = generator_of("sample", settings.seed, clip, source.name, index)
                if clip == POSED:
                    tensors = encode_posed_sample(make_posed_sample(video, settings, generator), settings, encode)
                else:
                    tensors = encode_sample(make_sample(video, clip, settings, generator, estimator(video)), encode)
            except SpatiaError as error:
                write_text(self._skip_path(clip, source.name), f"{source.name}: {error}\n")
                continue
            _save(tensors, self._path(clip, source.name, index), {"text": video.text})

    def _save_text(self, text: str, encode_text: TextEncoder) -> None:
        path = self._text_path(text)
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            _save({"text": encode_text(text).to("cpu", torch.bfloat16).contiguous()}, path, {"text": text})

    def _save_no_projection(self, clip: str, encode: Encoder) -> None:
        path = self.folder / clip / "no_projection.safetensors"
        if not path.is_file():
            shape = (self.settings.frames(clip), self.settings.height, self.settings.width)
            # As the sampler feeds it: mid grey, and a hole everywhere.
            control = torch.cat([encode(torch.full((*shape, 3), 0.5)), encode(hole_pixels(torch.ones(shape)))])
            _save({"control": control.to("cpu", torch.float16).contiguous()}, path, {})

    def _path(self, clip: str, video: str, index: int) -> Path:
        return self.folder / clip / f"{video}.{index}.safetensors"

    def _skip_path(self, clip: str, video: str) -> Path:
        return self.folder / clip / f"{video}.skipped.txt"

    def _text_path(self, text: str) -> Path:
        return self.folder / "texts" / f"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}.safetensors"


# Of MemorySlots, as the cache names them.
_SLOT_CAMERAS = ("target_c2w", "target_K", "history_c2w", "history_K")


def encode_sample(sample: ClipSample, encode: Encoder) -> dict[str, Tensor]:
    """A sample's latents by name, float16: video, control and references, each reference encoded alone as an image."""
    video = encode(sample.frames.float() / 255)
    holes = 1 - sample.coverage.float() / 255
    control = torch.cat([encode(sample.projection.float() / 255), encode(hole_pixels(holes))])
    references = [encode(frame[None].float() / 255) for frame in sample.references]
    empty = video[:, :0]
    tensors = {"video": video, "control": control, "references": torch.cat(references, dim=1) if references else empty}
    return {name: _stored(tensor) for name, tensor in tensors.items()}


def encode_posed_sample(sample: PosedSample, settings: SampleSettings, encode: Encoder) -> dict[str, Tensor]:
    """A posed clip by name: its latents and those of what it remembers in float16, cameras in float32, the gate (1, F)."""
    video, start, ids = sample.video, sample.start, sample.ids
    end = start + settings.frames(POSED)
    target = video.cameras.select(slice(start, end))
    posed = posed_clip(target, settings.height, settings.width, settings.radius)
    tensors = {"video": _stored(encode(video.frames[start:end].float() / 255)), "c2w": posed.c2w, "K": posed.K}
    if not bool(sample.gate.any()):
        return {**tensors, "gate": sample.gate[None]}

    def read(window: range) -> Tensor:
        return video.frames[window.start : window.stop]

    def encoded(pixels: Tensor) -> Tensor:
        return encode(pixels.float() / 255)[None]

    slots = memory_slots(
        sample.gate, ids, *assemble(read, start + 1, ids[sample.gate], encoded), target,
        video.cameras.select(slice(0, start + 1)), settings.height, settings.width, unit=settings.radius,
    )  # fmt: skip
    latents = {"temporal": _stored(slots.temporal), "spatial": _stored(slots.spatial), "gate": slots.gate}
    return {**tensors, **latents, **{name: getattr(slots, name).contiguous() for name in _SLOT_CAMERAS}}


def _stored(latents: Tensor) -> Tensor:
    return latents.to("cpu", torch.float16).contiguous()


def _remembers(item: Item) -> bool:
    with safe_open(item.path, framework="pt") as file:
        return "temporal" in file.keys()  # noqa: SIM118  # a safetensors file is no dict


def _save(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    with replacing(path) as part:
        save_file(tensors, part, metadata=metadata)
