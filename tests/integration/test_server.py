"""The real server over HTTP and websocket: what it offers, the scene without a network, and what it refuses."""

import io
import json
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from graphs import node, with_defaults
from PIL import Image

from spatia_core.cloud.ply import read_ply
from tools.console import RunError
from tools.demo import saved_file
from tools.places import PACK_ID

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))


class TestOffers:
    def test_every_node_is_there(self, object_info, pack):
        assert {entry.define_schema().node_id for entry in pack.NODES} <= object_info.keys()

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
    def test_templates_with_their_thumbnails(self, server, path):
        assert path.stem in server.get("/workflow_templates")[PACK_ID]
        address = f"{server.url}/api/workflow_templates/{PACK_ID}/{urllib.parse.quote(path.stem)}"
        with urllib.request.urlopen(address + ".json") as answer:
            assert json.load(answer) == json.loads(path.read_text(encoding="utf-8"))
        with urllib.request.urlopen(address + ".jpg") as answer:
            assert Image.open(io.BytesIO(answer.read())).format == "JPEG"

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
    def test_templates_begin_with_the_packages_own_image(self, object_info, base, path):
        """Not with the example.png that every ComfyUI has."""
        nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
        names = [node["widgets_values"][0] for node in nodes if node["type"] == "LoadImage"]
        offered = object_info["LoadImage"]["input"]["required"]["image"][0]
        assert names and all(name in offered for name in names)
        for name in names:
            assert (base / "input" / name).read_bytes() == (ROOT / "bundle" / name).read_bytes()

    def test_help_pages_are_served(self, server):
        docs = ROOT / "js" / "docs"
        for page in (path for path in docs.rglob("*") if path.is_file()):  # translations and pictures too
            with urllib.request.urlopen(
                f"{server.url}/extensions/{PACK_ID}/docs/{page.relative_to(docs).as_posix()}"
            ) as answer:
                assert answer.read() == page.read_bytes()

    def test_translations_are_served(self, server):
        served = server.get("/i18n")
        for folder in (ROOT / "locales").iterdir():
            for file in folder.glob("*.json"):
                texts = json.loads(file.read_text(encoding="utf-8"))
                for key, value in ({file.stem: texts} if file.stem != "main" else texts).items():
                    assert served[folder.name][key] == value

    def test_the_users_comfyui_is_not_written_to(self, server, host_files, host_files_before):
        assert host_files() == host_files_before


class TestScene:
    def test_from_a_depth_map_to_files(self, scene_graph, submit, server, base):
        outputs, _ = submit(scene_graph)
        shown = outputs["frames"]["images"]
        assert len(shown) == 13
        sizes = {Image.open(io.BytesIO(server.fetch(entry))).size for entry in shown}
        assert sizes == {(192, 128)}
        assert 0.5 < float(outputs["coverage"]["text"][0]) <= 1
        assert "PSNR inf" in outputs["loop"]["text"][0]  # the path ends where it began
        assert "No references" in outputs["picked"]["text"][0]
        cloud = base / "cloud.ply"
        cloud.write_bytes(server.fetch(saved_file(outputs["save"], ".ply")))
        assert read_ply(cloud).size > 1000
        assert saved_file(outputs["save"], ".spatia")["subfolder"] == "spatia"

    def test_a_saved_scene_is_loaded_again(self, scene_graph, submit, server, object_info):
        scene_graph["load"] = node("SpatiaLoadScene", file=["save", 0])
        scene_graph["again"] = node("SpatiaRenderCameraPath", memory=["load", 0], cameras=["window", 0], radius=0.03)
        scene_graph["frames again"] = node("PreviewImage", images=["again", 0])
        outputs, _ = submit(with_defaults(scene_graph, object_info))
        for one, two in zip(outputs["frames"]["images"], outputs["frames again"]["images"]):
            pictures = [Image.open(io.BytesIO(server.fetch(entry))) for entry in (one, two)]
            assert pictures[0].tobytes() == pictures[1].tobytes()


class TestRefusals:
    """Each is answered by the message of ours that names the widget, through the server as a user meets it."""

    @pytest.mark.parametrize(
        "name, change, expected",
        [
            ("window", {"clip": 9}, "lower `clip`"),
            ("window", {"first_frames": 12}, r"4n \+ 1"),
            ("depth", {"image": "narrow.png"}, "depth_map"),
            ("scene", {"intrinsics": "0 0 0.5 0.5"}, "focal"),
            ("scene", {"depth_source": "bundled small network"}, "would be ignored"),
            ("save", {"filename_prefix": "../../outside"}, "filename_prefix"),
            ("cameras", {"filename_prefix": "/outside"}, "filename_prefix"),
        ],
    )
    def test_wrong_values(self, scene_graph, submit, base, name, change, expected):
        scene_graph[name]["inputs"].update(change)
        with pytest.raises(RunError, match=expected):
            submit(scene_graph)
        assert not list(base.parent.glob("outside*")) and not Path("/outside_00001_.ply").exists()

    @pytest.mark.parametrize(
        "file, expected",
        [
            ("corrupt.ply", "corrupt.ply"),
            ("../../server.log", "outside"),
            ("nowhere.spatia", "not found"),
            ("image.png", "expected a .spatia"),
        ],
    )
    def test_wrong_scene_files(self, scene_graph, submit, object_info, file, expected):
        scene_graph["load"] = node("SpatiaLoadScene", file=file, memory=["scene", 0])
        scene_graph["render"]["inputs"]["memory"] = ["load", 0]
        with pytest.raises(RunError, match=expected):
            submit(with_defaults(scene_graph, object_info))

    def test_a_file_that_is_no_control_checkpoint(self, submit, object_info):
        graph = {
            "model": node("SpatiaLoadModel", backbone="bundled small model", control="step-8500.safetensors"),
            "see": node("PreviewAny", source=["model", 0]),
        }
        with pytest.raises(RunError, match="step-8500.safetensors"):
            submit(with_defaults(graph, object_info))
