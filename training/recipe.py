"""The recipes' settings, with the papers' values as defaults.

Spatia (section 4 and supplement 6):
1 control  the control blocks, copied from their main blocks, learn from the projection; the backbone is frozen
2 lora     a LoRA on the main blocks learns history and references; the control blocks are frozen

"Memorize When Needed": beside a frozen backbone, from poses alone,
1 camera   a branch learns where the camera goes
2 memory   a branch learns to show again what it remembers, beside the frozen camera branch
"""

from __future__ import annotations

import dataclasses
import hashlib

import torch

from ..spatia_core.errors import SpatiaError
from ..spatia_core.memory.retrieval import MAX_REFERENCES, TARGET_EVERY
from ..spatia_core.memory.windows import FIRST_FRAMES, HISTORY_FRAMES, LATER_FRAMES, latent_count, require_clip_length
from ..spatia_core.model.sizes import SIZE_STEP, nearest_size

CONTROL, LORA = "control", "lora"
CAMERA, MEMORY = "camera", "memory"
STAGES = (CONTROL, LORA, CAMERA, MEMORY)
# Clips: continuing an image, a history with references, or a history with poses and what may be remembered.
FIRST, LATER, POSED = "first", "later", "posed"
# Later clips whose history, projection and references are made from what a network generated; the target is the truth.
GENERATED = "generated"
CLIP_OF_STAGE = {CONTROL: FIRST, LORA: LATER, CAMERA: POSED, MEMORY: POSED}
CLOUDS = ("candidate", "inference")
RANDOM, CHAIN = STARTS = ("random", "chain")
PRECISIONS = ("bf16", "fp32")
SCHEDULES = ("constant", "cosine")
TIMES = ("logit-normal", "uniform")


@dataclasses.dataclass(frozen=True)
class SampleSettings:
    """How a video becomes training samples. Lengths in scene units, sizes in pixels, clips in frames.

    starts: where a clip begins. random: anywhere in the video. chain: first clips with the video, later ones where they go on
    from the first. cloud: what the projection shows. candidate: one random frame outside the clip, as in the paper. inference: what the nodes
    would know at this point, the image of a first clip and of a later one every `candidate_every`-th frame up to its history's last.
    depth_error: deviation of the logarithm of a smooth factor on the depth of every other of its frames, as an estimator errs.
    radius: scene units that the branches of the decoupled system count as one, and of the ball that its retrieval looks at.
    """

    width: int = 1248
    height: int = 704
    first_frames: int = FIRST_FRAMES
    later_frames: int = LATER_FRAMES
    history_frames: int = HISTORY_FRAMES
    per_video: int = 1
    starts: str = STARTS[0]
    cloud: str = CLOUDS[0]
    depth_error: float = 0.0
    voxel_size: float = 0.01
    point_radius: float = 0.01
    max_references: int = MAX_REFERENCES
    target_every: int = TARGET_EVERY
    candidate_every: int = 4
    threshold: float = 0.1
    radius: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.width % SIZE_STEP or self.height % SIZE_STEP or min(self.width, self.height) < SIZE_STEP:
            near = "x".join(map(str, nearest_size(self.width, self.height)))
            raise SpatiaError(
                f"--width {self.width} and --height {self.height} were given, but both must be multiples of {SIZE_STEP}; change them to {near}."
            )
        for name in ("first_frames", "later_frames", "history_frames"):
            require_clip_length(getattr(self, name), f"--{name.replace('_', '-')}")
        if not 1 < self.history_frames < self.later_frames:
            raise SpatiaError(
                f"--later-frames {self.later_frames} with a history of {self.history_frames} adds nothing; increase --later-frames."
            )
        for name, known in (("cloud", CLOUDS), ("starts", STARTS)):
            if getattr(self, name) not in known:
                raise SpatiaError(f"--{name} {getattr(self, name)} was given, expected one of {', '.join(known)}.")
        if not 0 <= self.depth_error < 1:
            raise SpatiaError(f"--depth-error {self.depth_error} was given, expected 0 to less than 1.")
        for name in ("per_video", "target_every", "candidate_every"):
            _at_least(self, name, 1)
        _at_least(self, "max_references", 0)
        for name in ("voxel_size", "point_radius", "radius"):
            if not 0 < getattr(self, name) < float("inf"):
                raise SpatiaError(f"--{name.replace('_', '-')} {getattr(self, name)} was given, expected more than 0.")

    def frames(self, clip: str) -> int:
        """Frames of a clip of this kind, its history included."""
        return self.first_frames if clip == FIRST else self.later_frames

    def given(self, clip: str) -> int:
        """Leading frames that are given: the image, or the history."""
        return 1 if clip == FIRST else self.history_frames

    def clean_latents(self, clip: str) -> int:
        """Leading latent frames that are given."""
        return latent_count(self.given(clip))


# What differs for the bundled small networks.
SMALL = {
    "width": 192, "height": 128, "first_frames": 25, "later_frames": 25, "voxel_size": 0.02, "point_radius": 0.03, "max_references": 4,
    "target_every": 4, "threshold": 0.05,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class StageSettings:
    """How one stage is trained. batch: samples of one step, over all processes; micro: of one forward pass.

    drop_*: share of forward passes (texts: of samples) without it. history: only its first frame is given, as an image.
    drop_slots: share of remembered frames that are forgotten, of the stage memory.
    vary_*: a pass is given a random part of what it has, from nothing to all: references, or latent frames of the history, of
    which one stays. times: how the time of a clip is drawn, logit-normal with t_mean and t_deviation, or uniform moved by
    t_shift. augment: greatest t_aug of the history, 0.05 = 50 of 1000. control_at: blocks that a new control branch stands
    beside (`positions_of`), None for every fourth.
    """

    stage: str
    steps: int
    learning_rate: float
    rank: int = 64
    batch: int = 64
    micro: int = 1
    warmup: int = 100
    schedule: str = SCHEDULES[0]
    weight_decay: float = 0.01
    clip_gradient: float = 1.0
    drop_text: float = 0.1
    drop_projection: float = 0.1
    drop_references: float = 0.1
    drop_history: float = 0.1
    drop_slots: float = 0.15
    vary_references: bool = False
    vary_history: bool = False
    times: str = TIMES[0]
    t_mean: float = 1.0
    t_deviation: float = 1.2
    t_shift: float = 5.0
    augment: float = 0.05
    precision: str = PRECISIONS[0]
    checkpoint: bool = False
    control_at: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise SpatiaError(f"Stage {self.stage!r} was asked for, expected one of {', '.join(STAGES)}.")
        for name in ("steps", "rank", "batch", "micro"):
            _at_least(self, name, 1)
        if self.batch % self.micro:
            raise SpatiaError(f"--batch {self.batch} is no multiple of --micro {self.micro}; change one of them.")
        for name in ("drop_text", "drop_projection", "drop_references", "drop_history", "drop_slots", "augment"):
            if not 0 <= getattr(self, name) <= 1:
                raise SpatiaError(f"--{name.replace('_', '-')} {getattr(self, name)} was given, expected 0 to 1.")
        for name, known in (("precision", PRECISIONS), ("schedule", SCHEDULES), ("times", TIMES)):
            if getattr(self, name) not in known:
                raise SpatiaError(f"--{name} {getattr(self, name)} was given, expected one of {', '.join(known)}.")
        if not 0 < self.t_shift < float("inf"):
            raise SpatiaError(f"--t-shift {self.t_shift} was given, expected more than 0.")
        if not 0 < self.learning_rate < float("inf"):
            raise SpatiaError(
                f"A learning rate of {self.learning_rate} was given, expected more than 0; change --learning-rate."
            )

    @property
    def clip(self) -> str:
        """The kind of clip this stage learns from."""
        return CLIP_OF_STAGE[self.stage]

    @property
    def dtype(self) -> torch.dtype:
        """Of the frozen weights, and of the matrix products."""
        return torch.bfloat16 if self.precision == "bf16" else torch.float32

    def require_processes(self, processes: int) -> None:
        """Refuse a number of processes that cannot share the batch evenly."""
        passes = self.batch // self.micro
        if passes % processes:
            raise SpatiaError(
                f"{passes} forward passes of a step (--batch {self.batch} / --micro {self.micro}) cannot be shared by {processes} processes; change --batch."
            )


# Iterations and learning rates. Spatia's: paper, section 4. Those of the decoupled system are ours: its release says nothing.
DEFAULTS = {CONTROL: (8000, 1e-5), LORA: (5000, 1e-4), CAMERA: (8000, 1e-4), MEMORY: (8000, 1e-4)}


def _at_least(settings: StageSettings | SampleSettings, name: str, least: int) -> None:
    if getattr(settings, name) < least:
        raise SpatiaError(f"--{name.replace('_', '-')} {getattr(settings, name)} was given, expected at least {least}.")


def seed_of(*parts: object) -> int:
    """A 63-bit seed that depends on all of the parts. So every draw is a function of its place in the run, not of a generator's past."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "little") >> 1


def generator_of(*parts: object) -> torch.Generator:
    """A CPU generator seeded by `seed_of`."""
    return torch.Generator().manual_seed(seed_of(*parts))
