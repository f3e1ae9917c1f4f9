"""Directing in the real page: a video made clip by clip from the camera path editor of Spatia Video."""

import json
import threading
import time

import pytest

from tools.places import make_base
from tools.server import Server

TEMPLATE = "Image to video in one node, runs now, 73 frames"
pytestmark = [pytest.mark.integration, pytest.mark.browser]


@pytest.fixture(scope="module")
def directed(run_page_script) -> dict:
    result = run_page_script(
        "directing.mjs",
        template=TEMPLATE,
        world="directed",
        settings={"Comfy.VueNodes.Enabled": False},
        patience=1800,
    )
    print(json.dumps({name: step["took"] for name, step in result.items() if isinstance(step, dict)}))
    return result


def states(step: dict) -> list[str]:
    return [clip["state"] for clip in step["clips"]]


def ids(step: dict) -> list[str]:
    return [clip["id"] for clip in step["clips"]]


def test_the_strip_knows_what_is_to_be_made(directed):
    assert states(directed["opened"]) == ["new"] and directed["opened"]["points"] == 0
    assert states(directed["longer"]) == ["made", "new"] and directed["longer"]["frames"] == 21


def test_generate_makes_the_clip_and_shows_its_points(directed):
    first = directed["first"]
    assert states(first) == ["made"] and first["posters"] == 1 and first["points"] > 1000 and first["took"] > 0


def test_the_next_clip_leaves_the_one_before(directed):
    first, second = directed["first"], directed["second"]
    assert directed["moved"] < 1e-9
    assert states(second) == ["made", "made"] and ids(second)[0] == ids(first)[0]
    assert any("1 clip(s) were there already" in line for line in second["report"])
    assert second["widgets"]["prompts"] == "A quiet room.\nA quiet room at dusk." and second["points"] > first["points"]


def test_a_clip_is_made_again_and_its_first_take_read(directed):
    second, redone, chosen, reverted = (directed[name] for name in ("second", "redone", "chosen", "reverted"))
    assert ids(redone)[0] == ids(second)[0] and ids(redone)[1] != ids(second)[1]
    assert redone["clips"][1]["takes"] == 2 and redone["widgets"]["clip_seeds"].startswith("2: ")
    assert len(set(directed["compared"])) == 2 and directed["asked"] == 0
    # It is on disk: nothing is to be made, before the run as well.
    assert ids(chosen) == ids(second) and states(chosen) == ["made", "made"] and "Generate reads" in chosen["status"]
    assert ids(reverted) == ids(second) and reverted["widgets"]["clip_seeds"] == ""
    assert any("2 clip(s) were there already" in line for line in reverted["report"])


def test_previews_come_while_a_clip_is_sampled(directed):
    assert directed["first"]["previews"] >= 2


def test_another_way_on_is_stopped_made_compared_and_left(directed):
    reverted, branching, stopped, branched = (directed[k] for k in ("reverted", "branching", "stopped", "branched"))
    assert states(branching) == ["made", "again"] and branching["frames"] == 21
    assert branching["widgets"]["prompts"] == "A quiet room.\nAnother room."
    # Stop leaves what is whole, and nothing of the clip that was made.
    assert states(stopped) == ["made", "again"] and ids(stopped)[0] == ids(reverted)[0] and stopped["took"] is None
    assert (
        states(branched) == ["made", "made"]
        and ids(branched)[0] == ids(reverted)[0]
        and ids(branched)[1] not in ids(reverted)
    )
    assert len(set(directed["sides"])) == 2 and all(directed["sides"])
    assert len(directed["branches"]) >= 3 and "main: 2 clips" in directed["branches"]
    for step in ("switched", "back"):
        assert ids(directed[step]) == ids(reverted) and states(directed[step]) == ["made", "made"], step
        assert directed[step]["widgets"] == reverted["widgets"], step
    assert ids(directed["undone"]) == ids(branched) and directed["undone"]["widgets"] == branched["widgets"]
    assert any("2 clip(s) were there already" in line for line in directed["back"]["report"])
    assert directed["settled"] == "main"


def test_it_ends_earlier_and_cancel_gives_everything_back(directed):
    assert states(directed["shortened"]) == ["made"] and directed["shortened"]["frames"] == 13
    assert directed["cancelled"] == ["truck", 13, "A quiet room.", ""]


def test_it_plays_and_says_what_a_change_costs(directed):
    assert directed["played"]
    assert states(directed["bent"]) == ["made", "again"] and "Clips made again: 2" in directed["bent"]["status"]


def test_clips_made_with_other_steps_or_another_model_are_made_again(directed):
    steps, brought, model = (directed[name] for name in ("steps", "brought", "model"))
    assert states(steps) == ["again", "again"] and steps["unlike"] == ["Other steps", "Other steps"]
    assert states(brought) == ["made", "made"] and brought["steps"] == 2 and not brought["unlike"]
    assert states(model) == ["again", "again"] and model["unlike"] == ["Other model, clip, vae"] * 2


def test_directing_in_nodes_2_and_from_within_a_subgraph(run_page_script):
    result = places(run_page_script, "inside", 13, settings={"Comfy.VueNodes.Enabled": True})
    assert states(result["opened"]) == ["new"] and states(result["made"]) == ["made"]
    assert result["made"]["points"] > 1000 and result["made"]["posters"] == 1
    other, chosen = result["other"], result["chosen"]
    assert states(other) == ["made"] and ids(other) != ids(result["made"])
    assert states(chosen) == ["made"] and ids(chosen) == ids(result["made"])


def test_directing_on_a_world_that_is_there(run_page_script):
    result = places(run_page_script, "connected", 13)
    opened, first, longer, second = (result[name] for name in ("opened", "first", "longer", "second"))
    assert [clip["number"] for clip in opened["clips"]] == [2] and states(opened) == ["new"]
    assert states(first) == ["made"] and states(longer) == ["made", "new"] and states(second) == ["made", "made"]
    # The path is filmed once: Open World stays where it began.
    assert ids(second)[0] == ids(first)[0] and [clip["number"] for clip in second["clips"]] == [2, 3]
    assert result["clip"] == 1 and any("1 clip(s) were there already" in line for line in second["report"])


def test_a_server_that_ends_loses_no_clip_that_was_made(run_page_script, comfyui_path, frontend, tmp_path):
    make_base(tmp_path / "base")
    server = Server(comfyui_path, tmp_path / "base", tmp_path, extra=frontend)
    done = threading.Event()

    def watch():
        while not done.is_set():
            if (tmp_path / "kill").exists() and server.process:
                server.kill()
                server.close()
            if (tmp_path / "start").exists() and not server.process:
                (tmp_path / "kill").unlink()
                server.__enter__()
            time.sleep(0.1)

    with server:
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            result = places(
                run_page_script, "killed", 21, allow=("ERR_CONNECTION", "WebSocket", "Failed to fetch"), url=server.url,
                folder=str(tmp_path),
            )  # fmt: skip
        finally:
            done.set()
            watcher.join()
    lost, resumed = result["lost"], result["resumed"]
    assert states(lost) == ["made", "new"] and "what it had of clip 2 is lost" in lost["status"]
    assert states(resumed) == ["made", "made"] and ids(resumed)[0] == ids(lost)[0]
    assert any("1 clip(s) were there already" in line for line in resumed["report"])


def places(run_page_script, where: str, frames: int, **options) -> dict:
    given = {"settings": {"Comfy.VueNodes.Enabled": False}, "world": where, "patience": 1200} | options
    return run_page_script("directing_places.mjs", template=TEMPLATE, where=where, frames=frames, **given)
