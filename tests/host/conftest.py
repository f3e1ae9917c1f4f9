"""A small memory, a Spatia model of random weights in the host, and one clip of the sampler with it."""

from __future__ import annotations

import copy
import shutil
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from small_model import CFG, SEED, STEPS, STRENGTHS, TEXT, lora_weights, write_bundle
from world_graphs import Fail, Keep, Paint


@pytest.fixture
def memory(pack_module):
    """Two frames of a wall at depth 2, the second one a little to the right."""
    cameras = pack_module("spatia_core.cameras")
    cloud = pack_module("spatia_core.cloud")
    first = cameras.make_cameras(torch.eye(4)[None], [0.8, 1.2, 0.5, 0.5])
    path = cameras.preset_path("truck", first, 2, distance=0.1, depth=2.0)
    points = cameras.unproject(torch.full((32, 48), 2.0), first.K(32, 48)[0], first.c2w[0]).reshape(-1, 3)
    memory = pack_module("spatia_core.memory")
    grey = torch.full((2, 32, 48, 3), 128, dtype=torch.uint8)
    wall = cloud.make_point_cloud(points, torch.full((len(points), 3), 0.5), view=0)
    start = memory.memory_of_image(grey[0], path.select(0), wall, 0.02)
    nothing = pack_module("spatia_core.memory.clip").no_change(wall.size)
    clip = memory.Clip(memory.HeldFrames(grey[1:]), path.select(1), 1, nothing)
    return start._replace(clips=(*start.clips, clip))


@pytest.fixture(scope="module")
def nodes_of(pack_module, comfy_host, tmp_path_factory):
    """Our node modules, with a bundle of random weights and a LoRA in the host's folder."""
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder)
    loras = comfy_host / "models" / "loras"
    loras.mkdir(parents=True, exist_ok=True)
    save_file(lora_weights(), loras / "spatia_small_lora.safetensors")
    bundle = pack_module("nodes.host.bundle")
    before, bundle.FOLDER = bundle.FOLDER, str(folder)
    yield pack_module
    bundle.FOLDER = before


@pytest.fixture(scope="module")
def loaded(nodes_of):
    models = nodes_of("nodes.host.models")
    return (
        nodes_of("nodes.load_model")
        .SpatiaLoadModel.execute(models.BUNDLED, models.BUNDLED, "spatia_small_lora.safetensors", 1.0, "default")
        .args
    )


@pytest.fixture(scope="module")
def prompts(loaded):
    """Two prompts that differ, as the small text encoder's never do: cfg must have something to weigh."""
    positive, negative = (torch.randn(1, 5, TEXT, generator=torch.Generator().manual_seed(s)) for s in (8, 9))
    return [[positive, {}]], [[negative, {}]]


@pytest.fixture
def sample(nodes_of, loaded, prompts):
    model, _, vae = loaded

    def run(inputs, model=model, **changed):
        options = {"vae": vae, "steps": STEPS, "cfg": CFG, **STRENGTHS, **changed}
        out = nodes_of("nodes.sampler").SpatiaSampler.execute(model, *prompts, seed=SEED, **inputs, **options)
        return out.args

    return run


@pytest.fixture
def pack_nodes(nodes_of, monkeypatch, comfy_host):
    """The host's table of nodes with ours in it, and nodes that keep what they are given, or fail."""
    import folder_paths

    import nodes

    for node in nodes_of("nodes").NODES:
        node.GET_SCHEMA()
        monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, node.define_schema().node_id, node)
    picture = torch.randint(0, 256, (32, 64, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    Image.fromarray(picture.numpy()).save(f"{folder_paths.get_input_directory()}/world_start.png")
    grey = torch.full((32, 64, 3), 128, dtype=torch.uint8)
    Image.fromarray(grey.numpy()).save(f"{folder_paths.get_input_directory()}/world_depth.png")

    monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, "Keep", Keep)
    monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, "Fail", Fail)
    monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, "Paint", Paint)
    Fail.calls, Fail.die_at = 0, None
    yield SimpleNamespace(Fail=Fail)
    shutil.rmtree(f"{folder_paths.get_output_directory()}/spatia/worlds", ignore_errors=True)


@pytest.fixture
def run(pack_nodes, nodes_of):
    """A function: graph -> node ids that ran; each call on a new executor, as after a restart of the server."""
    import execution

    kept = nodes_of("spatia_core.world.world")

    def run(graph: dict, *, restart: bool = True, fails: str = "") -> list[str]:
        graph = copy.deepcopy(graph)  # the host writes into it, as it does into what a page sends
        ran: list[str] = []

        def sent(event, data, client):
            if event == "executing" and data.get("node"):
                ran.append(data["node"])

        server = SimpleNamespace(client_id="test", last_node_id=None, last_prompt_id=None, send_sync=sent)
        if restart or not hasattr(run, "executor"):
            kept._memories._kept.clear()
            run.executor = execution.PromptExecutor(
                server, cache_type=execution.CacheType.CLASSIC, cache_args={"lru": 0, "ram": 0, "ram_inactive": 0}
            )
        run.executor.server = server
        outputs = [node for node, entry in graph.items() if entry["class_type"] in ("Keep", "SpatiaCommitClip")]
        with torch.inference_mode():
            run.executor.execute(graph, "prompt", {"client_id": "test"}, outputs)
        assert run.executor.success == (not fails), run.executor.status_messages[-1]
        assert fails in str(run.executor.status_messages)
        return ran

    return run


@pytest.fixture
def da3(comfy_host):
    """The host's DA3 network with both camera parts, random weights."""
    import comfy.ops
    from comfy.ldm.depth_anything_3.model import DepthAnything3Net
    from comfy.model_patcher import ModelPatcher

    torch.manual_seed(0)
    with torch.inference_mode(False):
        network = DepthAnything3Net(
            backbone_name="vits", out_layers=(5, 7, 9, 11), alt_start=4, qknorm_start=4, rope_start=4, cat_token=True, head_type="dualdpt",
            head_dim_in=768, head_output_dim=2, head_features=16, head_out_channels=(12, 24, 24, 24), has_cam_enc=True, has_cam_dec=True,
            dtype=torch.float32, device="cpu", operations=comfy.ops.manual_cast,
        )  # fmt: skip
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.05)
    holder = torch.nn.Module()
    holder.diffusion_model = network
    return ModelPatcher(holder, torch.device("cpu"), torch.device("cpu"))


@pytest.fixture(scope="module")
def moge(comfy_host):
    """The host's MoGe, version 1, random weights; in fp32, as a host without a card has to be told (--fp32-text-enc)."""
    from comfy.cli_args import args
    from comfy.ldm.moge.model import MoGeModel, MoGeModelV1, _detect_dinov2

    width = 384
    shapes = {
        "backbone.embeddings.cls_token": (1, 1, width),
        "backbone.encoder.layer.11.norm1.weight": (width,),
    }
    torch.manual_seed(0)
    with torch.inference_mode(False):
        config = _detect_dinov2({name: torch.zeros(shape) for name, shape in shapes.items()}, "backbone.")
        network = MoGeModelV1(config, dim_upsample=[32, 16, 16], dtype=torch.float32, device="cpu")
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.02)
        args.fp32_text_enc = True
        model = MoGeModel(network.state_dict())
        args.fp32_text_enc = False
    return model
