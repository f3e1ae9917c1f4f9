"""ComfyUI and this package, importable by scripts and tests: `COMFYUI_PATH` names the former."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

PACK = "spatia_pack"
ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "bundle"

# For `tools`, which hands out the work of several processes. The host, which is put before it, keeps the name `nodes`.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


def add_package() -> ModuleType:
    """This repository as the package `spatia_pack`, so that its parts can be imported. Its own __init__, the nodes, is not run."""
    if PACK not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            PACK, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        assert spec is not None  # the file is there
        sys.modules[PACK] = importlib.util.module_from_spec(spec)
    return sys.modules[PACK]


def load_host(device: str = "cpu") -> None:
    """Put ComfyUI and this package (as `spatia_pack`) on the path; ComfyUI reads its options from sys.argv at import.

    device: cpu, or auto for the accelerator where torch sees one.
    """
    import torch

    cpu = device == "cpu" or not torch.accelerator.is_available()
    comfyui = os.environ.get("COMFYUI_PATH")
    if not comfyui or not (Path(comfyui) / "comfy").is_dir():
        sys.exit("Set COMFYUI_PATH to a ComfyUI folder: the networks are of its model classes.")
    sys.path.insert(0, comfyui)
    ours, sys.argv = sys.argv, [sys.argv[0], *(["--cpu"] if cpu else []), "--use-pytorch-cross-attention"]
    import comfy.options

    comfy.options.enable_args_parsing()
    import comfy.model_management

    # The host's inference kernels have no gradients; this flag chooses those that do.
    comfy.model_management.in_training = True
    sys.argv = ours
    add_package()
