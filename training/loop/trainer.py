"""One stage of the recipe on cached clips, on one process or several: what `steps.train` is handed for it.

<stage>/state.pt, loss.csv, loss.png    of the loop (steps.py)
<stage>/sheets/           pictures of held-out clips
<stage>/spatia_*.safetensors   the weights so far, in the released layout
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_state_dict

from ...spatia_core.errors import SpatiaError
from ...spatia_core.files import replacing
from ...spatia_core.model.control import TRAINING_NOTES
from ...spatia_core.model.decoupled.assembly import MemorySlots, stack_slots
from ..data.cache import Item, LatentCache, Latents
from ..data.memories import dropped_slots
from ..networks.beside import Network, PosedClip, stack_clips
from ..networks.objective import Times, noised_clip, velocity_error
from ..networks.stages import FILES, export
from ..recipe import CONTROL, MEMORY, POSED, SCHEDULES, StageSettings, generator_of, seed_of
from .budget import Budget
from .order import Pass, learning_rate, step_passes
from .sheets import Decoder, sample_latents, sheet
from .steps import FROZEN, Gradients, Learner, Plan, number_of, train

if TYPE_CHECKING:
    from accelerate import Accelerator

HOW_TO_GET = (
    "Training needs the package accelerate; install it with `python -m pip install -r training/requirements.txt`."
)
# Whole tensors on the CPU, of what is trained, however the network is spread over processes.
FULL_STATE = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
_SHEET_CLIPS = 2


@dataclasses.dataclass(frozen=True)
class Intervals:
    """Steps between saves, and between held-out losses with a sheet; the last step has both. sheet_steps: of the solver."""

    save: int = 500
    sheet: int = 500
    sheet_steps: int = 20
    guidance: float = 1.0

    def __post_init__(self) -> None:
        for name in ("save", "sheet", "sheet_steps"):
            if getattr(self, name) < 1:
                raise SpatiaError(
                    f"An interval of {getattr(self, name)} was given, expected at least 1; change --{name.replace('_', '-')}."
                )


class Given(NamedTuple):
    """What the network is given of B clips beside video, times and text, as `Network` takes it."""

    control: Tensor
    references: Tensor
    cameras: PosedClip | None
    slots: MemorySlots | None

    def to(self, device: torch.device) -> Given:
        """The same on a device; the gate stays on the CPU, where it is asked."""
        cameras, slots = self.cameras, self.slots
        if cameras is not None:
            cameras = cameras._replace(c2w=cameras.c2w.to(device), K=cameras.K.to(device))
        if slots is not None:
            slots = slots._replace(
                temporal=slots.temporal.to(device), spatial=slots.spatial.to(device),
                target_c2w=slots.target_c2w.to(device), target_K=slots.target_K.to(device),
                history_c2w=slots.history_c2w.to(device), history_K=slots.history_K.to(device),
            )  # fmt: skip
        return Given(self.control.to(device), self.references.to(device), cameras, slots)


class Tensors(NamedTuple):
    """A forward pass: what the network is given and what it shall answer, B samples; clean: given latent frames."""

    video: Tensor
    timesteps: Tensor
    context: Tensor
    given: Given
    target: Tensor
    clean: int


def make_accelerator(device: str) -> Accelerator:
    """Accelerate's view of the processes that `accelerate launch` started, or of this one alone. device: auto or cpu."""
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise SpatiaError(HOW_TO_GET) from error
    # The network casts by itself: what a wrapper casts would include the positions.
    return Accelerator(mixed_precision="no", cpu=device == "cpu" or not torch.accelerator.is_available())


class Samples(NamedTuple):
    """Cached clips of one length: those that are trained on, and those that only show how far it has come."""

    cache: LatentCache
    items: list[Item]
    held_out: list[Item]


class Output(NamedTuple):
    """What a stage leaves in `folder`, and how often. decode: None leaves out the sheets."""

    folder: Path
    intervals: Intervals
    export_dtype: torch.dtype
    decode: Decoder | None


def train_stage(
    network: Network,
    settings: StageSettings,
    samples: Samples,
    output: Output,
    *,
    accelerator: Accelerator,
    stop: Callable[[], bool],
    report: Callable[[str], None],
) -> bool:
    """Train a stage to its last step, going on from what lies in its folder. Returns False when `stop` ended it before.

    network: of `prepare_stage`. stop: asked after each step, on every process. Raises SpatiaError when there is nothing to
    train on, the folder's state is of other settings, or the loss is no number.
    """
    if not samples.items:
        raise SpatiaError(
            f"There is no sample for the stage {settings.stage}; check --data and why videos were skipped."
        )
    settings.require_processes(accelerator.num_processes)
    stage = _Stage(network, settings, samples, output, accelerator)
    identity = _identity(settings, stage.frozen)
    plan = Plan(
        settings.stage,
        output.folder,
        Budget(steps=settings.steps),
        [item.path.name for item in samples.items],
        lambda step, progress: learning_rate(settings, step),
        identity,
        "decrease --learning-rate",
        # What a setting was before there was one.
        {field.name: field.default for field in dataclasses.fields(StageSettings) if field.name in identity},
        save=output.intervals.save,
        look=output.intervals.sheet,
    )
    return train(stage, plan, stop=stop, report=report)


def _identity(settings: StageSettings, frozen: int) -> dict[str, Any]:
    """What must not change between the parts of one run. More steps are allowed, unless the rate depends on their number."""
    kept = dataclasses.asdict(settings)
    kept.pop("checkpoint")
    if settings.schedule == SCHEDULES[0]:
        kept.pop("steps")
    return {**kept, FROZEN: frozen}


def _cut_at_blocks(network: Network, accelerator: Accelerator) -> None:
    """Have FSDP cut the network of this stage at its blocks: accelerate refuses the name of a class that is not in it."""
    plugin = getattr(accelerator.state, "fsdp_plugin", None)
    if plugin is not None:
        from torch.distributed.fsdp.wrap import transformer_auto_wrap_policy

        # Anew for each stage: what accelerate makes of the policy knows the blocks of the stage before.
        plugin.auto_wrap_policy = transformer_auto_wrap_policy
        plugin.transformer_cls_names_to_wrap = sorted({type(block).__name__ for block in network.blocks})


class _Stage(Learner):
    """A network as accelerate wraps it, on the passes of `step_passes`. frozen: a number that tells the weights that are not trained."""

    def __init__(
        self,
        network: Network,
        settings: StageSettings,
        samples: Samples,
        output: Output,
        accelerator: Accelerator,
    ) -> None:
        network.compute_on(accelerator.device)
        trained = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
        self.names, self.main = list(trained), accelerator.is_main_process
        self.frozen = number_of(parameter for parameter in network.parameters() if not parameter.requires_grad)
        optimiser = torch.optim.AdamW(trained.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        _cut_at_blocks(network, accelerator)
        self.model, self.optimiser = accelerator.prepare(network, optimiser)
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        # The number of a file's control blocks does not always tell where they stand.
        control = network.control if settings.stage == CONTROL else None
        self.notes = {} if control is None else {"control_at": ",".join(map(str, control.positions))}
        self.settings, self.samples, self.output, self.accelerator = settings, samples, output, accelerator
        self.clean = samples.cache.settings.clean_latents(settings.clip)
        self.no_projection = samples.cache.no_projection(settings.clip)
        self.empty_text = samples.cache.text("")

    def load(self, step: int, progress: float) -> list[Tensors]:
        """This process's share of a step's forward passes."""
        passes = step_passes(self.settings, len(self.samples.items), step)
        return [self._tensors(one) for one in passes[self.accelerator.process_index :: self.accelerator.num_processes]]

    def gradients(self, loaded: list[Tensors], stop: Callable[[], bool]) -> Gradients:
        losses = []
        for number, tensors in enumerate(loaded):
            with self.accelerator.no_sync(self.model) if number + 1 < len(loaded) else contextlib.nullcontext():
                loss = self._loss(tensors)
                self.accelerator.backward(loss / len(loaded))
            losses.append(loss.detach())
        # One message between the processes: the loss, and whether any of them shall stop.
        told = torch.stack([torch.stack(losses).mean(), torch.tensor(float(stop()), device=self.accelerator.device)])
        mean, stopping = self.accelerator.reduce(told, "mean").tolist()
        norm = self.accelerator.clip_grad_norm_(self.parameters, self.settings.clip_gradient)
        return Gradients(mean, float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm), stopping > 0)

    def update(self, rate: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.optimiser.zero_grad()

    def _loss(self, tensors: Tensors) -> Tensor:
        device = self.accelerator.device
        video, timesteps, context, target = (
            tensor.to(device) for tensor in (tensors.video, tensors.timesteps, tensors.context, tensors.target)
        )
        return velocity_error(self.model(video, timesteps, context, *tensors.given.to(device)), target, tensors.clean)

    def _tensors(self, one: Pass) -> Tensors:
        return self._assembled([self.samples.cache.load(self.samples.items[index]) for index in one.items], one)

    def _assembled(self, clips: list[Latents], one: Pass) -> Tensors:
        return assemble(clips, one, self.settings, self.no_projection, self.empty_text, self.clean)

    @torch.no_grad()
    def look(self, step: int) -> float | None:
        """Held-out loss at fixed times and noise, and a sheet. Every process takes part: the network may be spread over them."""
        losses = []
        for number, item in enumerate(self.samples.held_out):
            one = Pass((0,), (False,), False, False, False, ("held out", self.settings.seed, number))
            losses.append(float(self._loss(self._assembled([self.samples.cache.load(item)], one))))
        if self.output.decode is not None:
            clips = [
                self.samples.cache.load(item) for item in (self.samples.held_out or self.samples.items)[:_SHEET_CLIPS]
            ]
            made = [
                sample_latents(
                    self.model,
                    clip,
                    tuple(whole([clip], self.settings, self.no_projection).to(self.accelerator.device)),
                    self.empty_text,
                    self.clean,
                    steps=self.output.intervals.sheet_steps,
                    guidance=self.output.intervals.guidance,
                    seed=seed_of("sheet", number),
                    device=self.accelerator.device,
                )
                for number, clip in enumerate(clips)
            ]
            if self.main:
                (self.output.folder / "sheets").mkdir(exist_ok=True)
                with replacing(self.output.folder / "sheets" / f"step_{step:06d}.png") as part:
                    sheet(made, clips, self.output.decode).save(part, format="PNG")
        return sum(losses) / len(losses) if losses else None

    def state(self) -> dict[str, Any]:
        weights, optimiser = get_state_dict(self.model, self.optimiser.optimizer, options=FULL_STATE)
        # Whole tensors, as FULL_STATE asks for them, which only the main process is given.
        return {"weights": {name: weights[name] for name in self.names if self.main}, "optimiser": optimiser}

    def restore(self, state: dict[str, Any]) -> None:
        restore(self.model, self.optimiser.optimizer, state["weights"], state["optimiser"])

    def saved(self, weights: dict[str, Tensor], step: int) -> None:
        """The weights so far, as they are released."""
        # One entry: the order of several is not fixed, and the file shall be.
        said = {"step": step, **dataclasses.asdict(self.settings), **self.notes}
        notes = {TRAINING_NOTES: json.dumps(said)}
        path = self.output.folder / FILES[self.settings.stage]
        export(weights, self.settings.stage, path, self.output.export_dtype, notes)

    def wait(self) -> None:
        self.accelerator.wait_for_everyone()


def restore(network: nn.Module, optimiser: torch.optim.Optimizer, weights: dict[str, Any], state: dict) -> None:
    """Put the trained weights and the optimiser's state back, as FULL_STATE gave them, each process taking its part."""
    # Not strict: the frozen weights are not among them.
    options = dataclasses.replace(FULL_STATE, cpu_offload=False, strict=False)
    set_state_dict(network, optimiser, model_state_dict=weights, optim_state_dict=state, options=options)


def assemble(
    clips: list[Latents], one: Pass, settings: StageSettings, no_projection: Tensor, empty_text: Tensor, clean: int
) -> Tensors:
    """A forward pass of cached clips, with what it drops left out, at random times of the flow."""
    video = torch.stack([clip.video for clip in clips])
    given = whole(clips, settings, no_projection)
    if one.drop_projection:
        given = given._replace(control=_nothing(no_projection, len(clips)))
    if one.drop_references:
        given = given._replace(references=given.references[:, :, :0])
    if given.slots is not None:
        slots = dropped_slots(given.slots, settings.drop_slots, generator_of("slots", *one.noise))
        given = given._replace(slots=slots)
    context = padded_texts([empty_text if drop else clip.text for clip, drop in zip(clips, one.drop_text, strict=True)])
    # Without its history a clip is what the first one is: it continues an image, the history's first frame.
    clean = 1 if one.drop_history else clean
    if one.varied:
        given, clean = varied(given, clean, settings, generator_of("vary", *one.noise))
    times = Times(settings.times, settings.t_mean, settings.t_deviation, settings.t_shift)
    noised = noised_clip(video, clean, generator_of(*one.noise), times, settings.augment)
    return Tensors(noised.video, noised.timesteps, context, given, noised.target, clean)


def varied(given: Given, clean: int, settings: StageSettings, generator: torch.Generator) -> tuple[Given, int]:
    """What is given with a random part of its references, and of the `clean` latent frames of history, where settings ask for it."""
    count = given.references.shape[2]
    if settings.vary_references:
        kept = torch.randperm(count, generator=generator)[: int(torch.randint(count + 1, (), generator=generator))]
        given = given._replace(references=given.references[:, :, kept.sort().values])
    if settings.vary_history:
        clean = 1 + int(torch.randint(clean, (), generator=generator))
    return given, clean


def whole(clips: list[Latents], settings: StageSettings, no_projection: Tensor) -> Given:
    """What a stage's network is given of cached clips, nothing left out.

    Samples of one pass are given equally many references: as many as the one with the fewest has.
    """
    count = min(clip.references.shape[1] for clip in clips)
    references = torch.stack([clip.references[:, :count] for clip in clips])
    projected = [clip.control for clip in clips if clip.control is not None]
    control = torch.stack(projected) if projected else _nothing(no_projection, len(clips))
    if settings.clip != POSED:
        return Given(control, references, None, None)
    cameras = stack_clips(clip.cameras for clip in clips if clip.cameras is not None)
    remembered = [clip.slots for clip in clips if clip.slots is not None]
    slots = stack_slots(*remembered) if settings.stage == MEMORY else None
    return Given(control, references, cameras, slots)


def _nothing(no_projection: Tensor, count: int) -> Tensor:
    """Control latents of clips that nothing is projected into."""
    return no_projection.expand(count, *no_projection.shape)


def padded_texts(texts: list[Tensor]) -> Tensor:
    """(B, L, text_dim) of texts (L_i, text_dim), the shorter ones followed by zeros, as the text encoder pads its own."""
    return nn.utils.rnn.pad_sequence(texts, batch_first=True)
