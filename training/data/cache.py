"""Latents on disk: every sample is encoded once, before the first step.

latents/settings.json            what they were made with; another setting needs another folder
latents/first/no_projection.safetensors  control latents of a clip that nothing is projected into
latents/first/<xx>/<video>.<n>.safetensors   video (48, T, h, w), control (96, T, h, w), references (48, R, h, w), float16
latents/posed/<xx>/<video>.<n>.safetensors   video, cameras (c2w, K), gate; of what is remembered temporal and spatial (S, 48, h, w) and
                                             its cameras: what `PosedClip` and `MemorySlots` hold
latents/first/<xx>/<video>.skipped.txt       why a video gives no sample
latents/texts/<xx>/<digest>.safetensors      embedded texts (L, text_dim), "" among them

<xx> is two digits of a digest of the name: 50,000 videos lie in 256 folders. In one, each new file would cost 30 times as much
on a local disk, since whoever writes one looks for what dead writers left there, and more on one that machines share.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
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
# What is to be encoded in one go, in plain values, for it may be done by another process: the fields of a `VideoSource` and
# which samples of it (clip, number); without a video, what all samples of these clips share.
Work = tuple[tuple[str, str, str] | None, list[tuple[str, int]]]
_SHARED = "what all samples share"


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

    def missing(self, sources: list[VideoSource], clips: Iterable[str]) -> dict[str, Work]:
        """What is to be encoded yet, by name, a video each. Videos that are known to give no sample are left out."""
        clips = list(clips)
        works: dict[str, Work] = {}
        shared = [self._text_path(""), *map(self._no_projection_path, clips)]
        if not all(path.is_file() for path in shared):
            works[_SHARED] = (None, [(clip, 0) for clip in clips])
        there = {clip: self._listed(clip) for clip in clips}
        for source in sources:
            samples = [
                (clip, number)
                for clip in clips
                for number in range(self.settings.per_video)
                if not {self._path(clip, source.name, number).name, self._skip_path(clip, source.name).name}
                & there[clip]
            ]
            if samples:
                works[source.name] = ((source.name, source.kind, source.where), samples)
        return works

    def encode(
        self,
        work: Work,
        encode: Encoder,
        encode_text: TextEncoder,
        estimator: Callable[[PosedVideo], DepthEstimator],
    ) -> None:
        """Encode one of `missing`; what has come to be there since is kept. Several processes may do so at once.

        Why a video gives no sample is written beside the samples. Raises SpatiaError when a video cannot be read.
        """
        fields, samples = work
        if fields is None:
            self._save_text("", encode_text)
            for clip, _ in samples:
                self._save_no_projection(clip, encode)
            return
        source = VideoSource(*fields)
        samples = [(clip, number) for clip, number in samples if not self._path(clip, source.name, number).is_file()]
        if samples:
            self._encode_video(source, samples, encode, encode_text, estimator)

    def items(self, clip: str, sources: list[VideoSource], remembering: bool = False) -> list[Item]:
        """Samples of these videos that are there, in the videos' order; remembering: those that have something to remember."""
        there = self._listed(clip)
        found = [
            Item(self._path(clip, source.name, number), source.name)
            for source in sources
            for number in range(self.settings.per_video)
        ]
        return [item for item in found if item.path.name in there and (not remembering or _remembers(item))]

    def names(self, clip: str) -> list[str]:
        """Videos that have a first sample of this kind, whoever put it there, sorted."""
        ending = ".0.safetensors"
        return sorted(name.removesuffix(ending) for name in self._listed(clip) if name.endswith(ending))

    def item(self, clip: str, video: str) -> Item:
        """The first sample of a video."""
        return Item(self._path(clip, video, 0), video)

    def add(self, clip: str, video: str, tensors: dict[str, Tensor], text: str = "") -> None:
        """Put a sample there that was made otherwise: video, control and references as in this file's head."""
        path = self._path(clip, video, 0)
        _save({name: _stored(tensor) for name, tensor in tensors.items()}, path, {"text": text})

    def skipped(self, clip: str, sources: list[VideoSource]) -> list[str]:
        """Why videos gave no sample, a line each."""
        there = self._listed(clip)
        paths = [self._skip_path(clip, source.name) for source in sources]
        return [path.read_text(encoding="utf-8").strip() for path in paths if path.name in there]

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
        return load_file(self._no_projection_path(clip))["control"].float()

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
        samples: list[tuple[str, int]],
        encode: Encoder,
        encode_text: TextEncoder,
        estimator: Callable[[PosedVideo], DepthEstimator],
    ) -> None:
        settings = self.settings
        video = source.load(settings.width, settings.height, self.stride)
        self._save_text(video.text, encode_text)
        for clip, number in samples:
            try:
                if not enough_frames(video, clip, settings):
                    raise SpatiaError(
                        f"{video.cameras.count} frames are too few for a clip of {settings.frames(clip)}."
                    )
                generator = generator_of("sample", settings.seed, clip, source.name, number)
                if clip == POSED:
                    tensors = encode_posed_sample(make_posed_sample(video, settings, generator), settings, encode)
                else:
                    tensors = encode_sample(make_sample(video, clip, settings, generator, estimator(video)), encode)
            except SpatiaError as error:
                path = self._skip_path(clip, source.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_text(path, f"{source.name}: {error}\n")
                continue
            _save(tensors, self._path(clip, source.name, number), {"text": video.text})

    def _save_text(self, text: str, encode_text: TextEncoder) -> None:
        path = self._text_path(text)
        if not path.is_file():
            _save({"text": encode_text(text).to("cpu", torch.bfloat16).contiguous()}, path, {"text": text})

    def _save_no_projection(self, clip: str, encode: Encoder) -> None:
        path = self._no_projection_path(clip)
        if not path.is_file():
            shape = (self.settings.frames(clip), self.settings.height, self.settings.width)
            # As the sampler feeds it: mid grey, and a hole everywhere.
            control = torch.cat([encode(torch.full((*shape, 3), 0.5)), encode(hole_pixels(torch.ones(shape)))])
            _save({"control": control.to("cpu", torch.float16).contiguous()}, path, {})

    def _listed(self, clip: str) -> set[str]:
        """Names of the files of a kind of clip: by folders, since asking for 50,000 names one by one takes ten times as long."""
        folders = (self.folder / clip).iterdir() if (self.folder / clip).is_dir() else ()
        return {name for folder in folders if folder.is_dir() for name in os.listdir(folder)}

    def _path(self, clip: str, video: str, number: int) -> Path:
        return self._place(clip, video) / f"{video}.{number}.safetensors"

    def _skip_path(self, clip: str, video: str) -> Path:
        return self._place(clip, video) / f"{video}.skipped.txt"

    def _place(self, clip: str, video: str) -> Path:
        return self.folder / clip / hashlib.blake2b(video.encode(), digest_size=1).hexdigest()

    def _no_projection_path(self, clip: str) -> Path:
        return self.folder / clip / "no_projection.safetensors"

    def _text_path(self, text: str) -> Path:
        digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        return self.folder / "texts" / digest[:2] / f"{digest}.safetensors"


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
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        save_file(tensors, part, metadata=metadata)
