"""Directing in the real page: a video made clip by clip from the camera path editor of Spatia Video."""

import json

import pytest

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
    assert states(directed["longer"]) == ["made", "new"] and directed["longer"]["frames"] == 41


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
    second, redone, reverted = (directed[name] for name in ("second", "redone", "reverted"))
    assert ids(redone)[0] == ids(second)[0] and ids(redone)[1] != ids(second)[1]
    assert redone["clips"][1]["takes"] == 2 and redone["widgets"]["clip_seeds"].startswith("2: ")
    assert len(set(directed["compared"])) == 2
    assert ids(reverted) == ids(second) and reverted["widgets"]["clip_seeds"] == ""
    assert any("2 clip(s) were there already" in line for line in reverted["report"])


def test_it_plays_and_says_what_a_change_costs(directed):
    assert directed["played"]
    assert states(directed["bent"]) == ["made", "again"] and "Clips made again: 2" in directed["bent"]["status"]
