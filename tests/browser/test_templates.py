"""The page as a user meets it: every template, and the quick start from the Run button."""

import json
import re
from pathlib import Path

import pytest
from expand import expand_subgraphs

from tools.places import PACK_ID
from tools.workflows import workflow_to_prompt

pytestmark = [pytest.mark.integration, pytest.mark.browser]
ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))
STARTERS = [name for name in TEMPLATES if name.startswith("Image to video in one node")]
EDIT_BEFORE = "Edit before the first clip, runs now, a removed object"
NODES_2 = {"classic canvas": False, "Nodes 2.0": True}
# Marked by the page where their weights are not in ComfyUI's folders, as on a machine that tests.
LOADERS = {
    "SpatiaLoadModel", "SpatiaLoadCameraBranch", "SpatiaLoadDecoupledMemory", "UNETLoader", "CLIPLoader", "CLIPVisionLoader",
    "VAELoader", "CheckpointLoaderSimple", "LoadMoGeModel", "LoraLoaderModelOnly", "ModelPatchLoader",
}  # fmt: skip


@pytest.fixture(scope="module", params=NODES_2, ids=lambda mode: mode.replace(" ", "-"))
def opened(request, run_page_script) -> dict:
    """What the page says of each template, in both of its ways to draw nodes."""
    return run_page_script(
        "open_templates.mjs",
        patience=1800,
        names=TEMPLATES,
        settings={"Comfy.VueNodes.Enabled": NODES_2[request.param]},
    )


@pytest.fixture(scope="module")
def offered(page_server) -> dict:
    return page_server.get("/object_info")


class TestTemplates:
    @pytest.mark.parametrize("name", TEMPLATES)
    def test_opens_from_the_template_browser(self, opened, name):
        found = opened[name]
        assert found["offered"]
        assert not set(found["missing"]) - (LOADERS if "needs" in name else set()) and not found["problems"]
        assert not found["overlaps"] and not found["reported"]
        assert found["notes"] and found["notes"][0].startswith("## ")

    @pytest.mark.parametrize("name", TEMPLATES)
    def test_the_first_screen_can_be_read(self, opened, name):
        """At the zoom at which it opens: texts are drawn, and what to change first is in sight, as is the image."""
        for window, screen in opened[name]["screens"].items():
            assert not screen["hidden"] and screen["scale"] >= 0.7, window
            assert screen["first"] and screen["first"]["seen"] and screen["first"]["font"] >= 8, (window, screen)
            assert {"MarkdownNote", "LoadImage"} <= set(screen["shown"]), window

    @pytest.mark.parametrize("name", STARTERS)
    def test_a_starter_is_seen_whole(self, opened, name):
        assert len(opened[name]["screens"]["1600x900"]["shown"]) == opened[name]["nodes"] <= 10

    @pytest.mark.parametrize("name", TEMPLATES)
    def test_the_page_queues_what_tools_queues(self, opened, offered, name):
        """Widgets by position in the file become the same inputs by name, by the page and by tools/."""
        workflow = json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
        ours = workflow_to_prompt(expand_subgraphs(workflow), offered)
        theirs = opened[name]["prompt"]
        assert {key: node["class_type"] for key, node in ours.items()} == {
            key: node["class_type"] for key, node in theirs.items()
        }
        for key, node in ours.items():
            # The page adds a few inputs of its own widgets (upload buttons, previews) that no node declares.
            # What a viewer looks at is its own, and lives in the page.
            declared = {name: value for name, value in node["inputs"].items() if name != "viewport_state"}
            shown = {name: value for name, value in theirs[key]["inputs"].items() if name in declared}
            assert shown == declared, f"node {key}, {node['class_type']}"


def test_the_scene_is_edited_before_anything_is_sampled(run_page_script):
    result = run_page_script("edit_before_clip.mjs", name=EDIT_BEFORE)
    assert set(result["ran"]) <= {"LoadImage", "SpatiaFitImage", "SpatiaEstimateScene", "SpatiaEditPointCloud"}
    assert result["points"] > 10_000 and [edit["do"] for edit in result["edits"]] == ["remove"]
    assert "SaveVideo" in result["kinds"].values()


@pytest.mark.parametrize(("locale", "title"), [("en", "Camera Path"), ("zh", "相机路径")])
def test_help_shows_its_pictures(run_page_script, locale, title):
    shown = run_page_script("help.mjs", kind="SpatiaCameraPath", settings={"Comfy.Locale": locale})
    assert shown["title"] == title
    assert [path for path, _ in shown["pictures"]] == [
        f"/extensions/{PACK_ID}/docs/images/{name}.jpg" for name in ("SpatiaCameraPath", "camera_editor")
    ]
    assert all(width > 100 for _, width in shown["pictures"])


@pytest.mark.parametrize("mode", NODES_2)
def test_quick_start_runs_from_the_page_and_outlives_a_reload(run_page_script, mode):
    result = run_page_script("quick_start.mjs", steps=1, settings={"Comfy.VueNodes.Enabled": NODES_2[mode]})
    kinds = result["kinds"]
    assert {"SaveVideo", "SpatiaClosedLoopMetrics", "SpatiaSaveScene", "PreviewImage"} <= set(kinds.values())
    assert [len(output["images"]) for key, output in result["outputs"].items() if kinds[key] == "PreviewImage"] == [
        25,
        25,
    ]
    assert result["after"] == result["before"]
    steps = [node["widgets_values"][2] for node in result["after"] if node["type"] == "SpatiaSampler"]
    assert steps == [1, 1]
    # What the nodes have to say is seen on them, after a reload too.
    for reports in (result["reported"], result["restored"]):
        assert re.match(r"PSNR [\d.]+ dB, SSIM", reports["Closed-Loop Metrics"]["text"])
        assert "The scene covers" in reports["Projection of clip 1"]["text"]
        assert "4 reference frame(s)" in reports["References for clip 2"]["text"]
        warned = reports["Estimate Scene"]
        assert warned["warns"] and "only seen generated rooms" in warned["text"] and warned["height"] > 4
    assert result["atTop"] and result["escaped"], "a report opens at its first line and Escape closes it"
    assert "On a photograph its depth is a guess" in result["opened"] and re.search(r"\d{5} points", result["opened"])
