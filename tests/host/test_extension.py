"""The package as the host loads it: whole, or with one sentence why not."""

import asyncio
import importlib.util
import logging
import sys
from pathlib import Path

import comfyui_version
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def loaded_anew(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        for key in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[key]
    return module


@pytest.mark.parametrize("version", ["0.3.64", "0.18.0"])
def test_a_host_that_is_too_old_is_told_in_one_sentence(version, comfy_host, monkeypatch, caplog):
    monkeypatch.setattr(comfyui_version, "__version__", version)
    with caplog.at_level(logging.ERROR):
        module = loaded_anew("spatia_on_an_old_host")
    assert module.NODE_CLASS_MAPPINGS == {} and not hasattr(module, "comfy_entrypoint")
    (said,) = caplog.messages
    assert "ComfyUI 0.24 or newer" in said and version in said


def test_the_floor_that_is_told_is_the_one_that_is_declared(run_py):
    declared = f'requires-comfyui = ">={run_py.OLDEST_COMFYUI.version}"'
    assert declared in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert run_py.OLDEST_COMFYUI.version.startswith("0.24.")


def test_what_the_host_lacks_takes_only_its_own_node_away(pack, pack_module, monkeypatch, caplog):
    lost = pack.NODES[3]

    def define_schema(cls):
        raise AttributeError("module 'io' has no attribute 'Splat'")

    monkeypatch.setattr(lost, "GET_SCHEMA", classmethod(define_schema))
    with caplog.at_level(logging.WARNING):
        offered = asyncio.run(pack_module("nodes.extension").SpatiaExtension().get_node_list())
    assert offered == [node for node in pack.NODES if node is not lost]
    (said,) = caplog.messages
    assert lost.__name__ in said and "Splat" in said
