"""Load Camera Branch and Apply Camera Branch: a camera path steers a clip, with no depth and no cloud."""

from __future__ import annotations

from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ..spatia_core.cameras import Cameras
from .host import models
from .host.camera_branch import END_PERCENT, CameraBranch, apply_camera
from .sockets import SpatiaCameras
from .widgets import branch_dtype_input, percent_input, scene_units_input, strength_input


class SpatiaLoadCameraBranch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaLoadCameraBranch",
            display_name="Load Camera Branch",
            category="Spatia",
            search_aliases=["memorize when needed", "camera control", "camera controlnet"],
            description="The camera branch of 'Memorize When Needed': it steers a clip along camera poses alone. The bundled one belongs to the bundled small model.",
            inputs=[
                io.Combo.Input(
                    "camera",
                    options=models.control_options(),
                    default=models.BUNDLED,
                    tooltip="The branch's checkpoint: that of the bundled small model, or from models/model_patches or models/diffusion_models the paper's camera_controlnet "
                    "(for Wan2.1-I2V-14B) or one of the same layout. It must belong to the model. Both files of the paper have one name; rename them, their tensors tell which is which.",
                ),
                branch_dtype_input(),
            ],
            outputs=[
                io.ModelPatch.Output(
                    display_name="camera_model",
                    tooltip="For Apply Camera Branch or Decoupled Clip; the host loads and offloads it with the model.",
                )
            ],
        )

    @classmethod
    def execute(cls, camera: str, dtype: str) -> io.NodeOutput:
        return io.NodeOutput(models.load_branch(CameraBranch, camera, dtype))


class SpatiaApplyCameraBranch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SpatiaApplyCameraBranch",
            display_name="Apply Camera Branch",
            category="Spatia",
            search_aliases=["memorize when needed", "camera control"],
            description="For one clip: the camera branch steers the first steps of the sampling along the clip's cameras.",
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="The model that the branch was made for, before any node that conditions it on a clip with Spatia's control.",
                ),
                io.ModelPatch.Input("camera_model", tooltip="From Load Camera Branch."),
                SpatiaCameras.Input(
                    "cameras",
                    tooltip="This clip's cameras, one per frame, from Clip Window; they count from its first.",
                ),
                strength_input("How strongly the cameras steer; 0 turns the branch off."),
                scene_units_input(
                    "unit",
                    "Scene units that the branch counts as one. Paper: 1, in the units of its pose files. Larger: a slower camera.",
                ),
                percent_input("start_percent", 0.0, "Part of the sampling after which the branch starts."),
                percent_input(
                    "end_percent",
                    END_PERCENT,
                    "Part of the sampling after which the branch ends. Paper: 0.4, the first 16 of 40 steps.",
                ),
            ],
            outputs=[io.Model.Output(display_name="model", tooltip="Steered along this clip's cameras.")],
        )

    @classmethod
    def execute(
        cls,
        model: ModelPatcher,
        camera_model: ModelPatcher,
        cameras: Cameras,
        strength: float,
        unit: float,
        start_percent: float,
        end_percent: float,
    ) -> io.NodeOutput:
        return io.NodeOutput(apply_camera(model, camera_model, cameras, strength, start_percent, end_percent, unit))


NODES = [SpatiaLoadCameraBranch, SpatiaApplyCameraBranch]
