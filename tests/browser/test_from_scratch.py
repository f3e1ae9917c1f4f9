"""From an empty graph to a video on the nodes' own defaults, by mouse and keyboard alone."""

import pytest

from tools.places import DEMO_IMAGE

pytestmark = [pytest.mark.integration, pytest.mark.browser]


def test_defaults_make_a_video_and_a_mistake_is_said_once(run_page_script):
    made = run_page_script("from_scratch.mjs", patience=1500, allow=("400",), picture=DEMO_IMAGE.name)
    assert made["links"] == made["wanted"] and made["report"], made
    # What was set to auto followed the bundled small model, and of the bundled depth network it is said once.
    assert "Clips of 25, then 25 frames, 9 of them repeated." in made["report"]
    assert len(made["warnings"]) == 2 and "bundled depth network" in made["warnings"][0], made["warnings"]
    assert "60 degrees (the path's)" in made["warnings"][1]
    assert made["size"] == [192, 128] and made["videos"]
    assert made["errors"] == ["later_frames: 26 was given, expected 4n + 1 (such as 25 or 29); change later_frames."]
