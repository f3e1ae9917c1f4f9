"""ComfyUI and this package, importable by the scripts of this folder: `COMFYUI_PATH` names the former."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACK = "spatia_pack"


def load_host(cpu: bool | None = None, *options: str) -> None:
    """Put ComfyUI and this package (as `spatia_pack`) on the path; ComfyUI reads its options from sys.argv at import.

    cpu: whether it is told to stay on the processor; None: where torch sees no CUDA. options: further ones of ComfyUI's.
    """
    comfyui = os.environ.get("COMFYUI_PATH")
    if not comfyui or not Path(comfyui, "main.py").is_file():
        sys.exit("Set COMFYUI_PATH to the folder that holds ComfyUI's main.py.")
    if cpu is None:
        import torch

        cpu = not torch.cuda.is_available()
    sys.path.insert(0, comfyui)
    ours, sys.argv = sys.argv, ["main.py", *(["--cpu"] if cpu else []), *options]
    import comfy.options

    comfy.options.enable_args_parsing()
    import folder_paths  # noqa: F401  it and what it imports read the options

    sys.argv = ours
    spec = importlib.util.spec_from_file_location(PACK, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    assert spec is not None  # the file is there
    sys.modules[PACK] = importlib.util.module_from_spec(spec)
