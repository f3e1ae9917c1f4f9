"""The small bundle run clip by clip on a room video, through the nodes of this package as a workflow would."""

import torch
from spatia_pack.nodes.host import bundle
from spatia_pack.nodes.host.conditioning import ControlInputs, condition_clip
from spatia_pack.nodes.host.models import BUNDLED, NONE, load_spatia_model
from spatia_pack.nodes.host.sampling import sample_clip, unipc_sampler
from spatia_pack.nodes.host.video import decode_frames
from spatia_pack.nodes.retrieve import SpatiaRetrieveReferences
from spatia_pack.spatia_core.cameras.camera import Cameras
from spatia_pack.spatia_core.estimate.depth import DepthMaps
from spatia_pack.spatia_core.estimate.scene import estimate_scene
from spatia_pack.spatia_core.estimate.small_depth import load_small_depth
from spatia_pack.spatia_core.memory import SpatialMemory, new_memory, shared_frames, update
from spatia_pack.spatia_core.memory.retrieval import candidate_frames, retrieve_packed, target_frames
from spatia_pack.spatia_core.model.flow_unipc import flow_schedule
from spatia_pack.spatia_core.precision import cpu_autocast
from spatia_pack.spatia_core.render.soft import render_soft
from spatia_pack.spatia_core.render.visibility import visible_bits
from spatia_pack.training.data import clips

TARGET_EVERY, CANDIDATE_EVERY = 6, 2  # frames; the clips are short
THRESHOLD = 0.05


class Pipeline:
    """The loaded bundle. Import this module after startup.load_host.

    without: conditions to leave out, of 'projection' and 'references'. dtype: of the networks' arithmetic, float32 or bfloat16.
    The attributes may be changed between clips: max_references at most, one target frame in `every` asking for one; retrieval
    as Retrieve References' mode, visibility 'precise' or 'release' to decide what a frame sees otherwise than that mode does;
    voxel_size in metres; find_moving and consistency of the memory's update.
    """

    def __init__(self, steps: int = 2, without: tuple[str, ...] = (), dtype: torch.dtype = torch.float32):
        self.steps, self.without, self.dtype = steps, without, dtype
        self.max_references, self.every, self.voxel_size = clips.MAX_REFERENCES, TARGET_EVERY, clips.VOXEL_SIZE
        self.retrieval, self.visibility = "paper_iou", None
        self.find_moving, self.consistency = True, True
        self.model, clip, self.vae = load_spatia_model(BUNDLED, BUNDLED, NONE, 1.0, "default")
        self.text = clip.encode_from_tokens_scheduled(clip.tokenize(""))
        self.depth_network = load_small_depth(bundle.bundle_path("spatia_small_depth.safetensors"))

    def depth(self, frames: torch.Tensor) -> DepthMaps:
        """Frames (N, H, W, 3) in 0..1 to the bundled network's metric depth."""
        return DepthMaps(self.depth_network(frames), True, "bundled depth network")

    def start(self, frame: torch.Tensor, maps: DepthMaps, cameras: Cameras, moving: torch.Tensor) -> SpatialMemory:
        """The memory of one image (H, W, 3) uint8 with its depth and camera; moving: (H, W) bool."""
        estimate = estimate_scene(maps, cameras, *frame.shape[:2], moving=moving[None])
        return new_memory(frame, estimate, moving=moving, voxel_size=self.voxel_size)

    def render(self, memory: SpatialMemory, window: Cameras) -> tuple[torch.Tensor, torch.Tensor]:
        """Projection (N, H, W, 3) in 0..1 and holes (N, H, W), 1 = no point, of one clip."""
        cloud = memory.cloud
        rendered = render_soft(
            cloud.positions, cloud.colors, window, memory.height, memory.width, radius=clips.POINT_RADIUS
        )
        return rendered.image.float() / 255, 1 - rendered.coverage.float() / 255

    def retrieve(self, memory: SpatialMemory, window: Cameras) -> torch.Tensor:
        """Reference frames (R, H, W, 3) in 0..1 for the clip to come, R may be 0."""
        if self.visibility is None:
            return SpatiaRetrieveReferences.execute(
                memory, window, self.retrieval, self.max_references, THRESHOLD, self.every, CANDIDATE_EVERY
            ).result[0]
        candidates = candidate_frames(memory.frame_count, shared_frames(memory, window), CANDIDATE_EVERY)
        if not candidates or not self.max_references:
            return memory.read_frames([]).float() / 255
        targets = target_frames(window.count, self.every)

        def seen(cameras: Cameras, frames: list[int]) -> torch.Tensor:
            return visible_bits(
                memory.cloud.positions,
                cameras.select(frames),
                memory.height,
                memory.width,
                mode=self.visibility,
                voxel_size=memory.voxel_size,
            )

        picked = retrieve_packed(
            seen(window, targets),
            seen(memory.cameras, candidates),
            mode=self.retrieval,
            max_references=self.max_references,
            threshold=THRESHOLD,
        )
        return memory.read_frames([candidates[index] for index in picked.candidates]).float() / 255

    def condition(
        self,
        memory: SpatialMemory,
        window: Cameras,
        projection: torch.Tensor,
        holes: torch.Tensor,
        references: torch.Tensor | None = None,
    ):
        """MODEL conditioned on one clip and LATENT; references: (R, H, W, 3) in 0..1, None to have them retrieved from the memory."""
        if references is None and "references" not in self.without:
            references = self.retrieve(memory, window)
        # Left out as in training: the branch is shown that there is no point anywhere.
        shown = (
            (torch.full_like(projection, 0.5), torch.ones_like(holes))
            if "projection" in self.without
            else (projection, holes)
        )
        with cpu_autocast(self.dtype):
            return condition_clip(self.model, self.vae, memory, window, ControlInputs(*shown, references))

    def generate(self, conditioned, latent, seed: int = 0) -> torch.Tensor:
        """Frames (N, H, W, 3) in 0..1 of one clip."""
        with cpu_autocast(self.dtype):
            samples = sample_clip(
                conditioned, self.text, self.text, latent, unipc_sampler(), flow_schedule(self.steps), 1.0, seed
            )
            return torch.clamp(decode_frames(self.vae, samples), 0, 1).float()

    def remember(
        self,
        memory: SpatialMemory,
        frames: torch.Tensor,
        window: Cameras,
        maps: DepthMaps,
        moving: torch.Tensor | None = None,
    ) -> SpatialMemory:
        """The memory with one clip's generated frames in it; moving: (N, H, W) bool, None to have it found where find_moving says so."""
        return self._update(memory, (frames * 255).round().to(torch.uint8), window, maps, moving)

    def rebuild(self, memory: SpatialMemory, maps: DepthMaps, moving: torch.Tensor | None = None) -> SpatialMemory:
        """The memory made anew from all of its frames, as one long clip; maps: depth of each, moving: (F, H, W) bool or None."""
        first = memory.read_moving([0])[0] if moving is None else moving[0]
        everything = memory.read_frames(range(memory.frame_count))
        start = self.start(everything[0], maps.select([0]), memory.cameras.select([0]), first)
        return self._update(start, everything, memory.cameras, maps, moving)

    def _update(self, memory, frames, cameras, maps, moving) -> SpatialMemory:
        if moving is None and not self.find_moving:
            moving = torch.zeros(frames.shape[:3], dtype=torch.bool)
        return update(memory, frames, cameras, maps, moving=moving, consistency=self.consistency).memory
