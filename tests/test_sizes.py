"""Sizes and prompts: what is snapped is said, what is cheaper is cheaper."""

from __future__ import annotations

import pytest

from spatia_core.backbone import WAN21_I2V_14B, WAN22_I2V_A14B, WAN22_TI2V_5B
from spatia_core.errors import SpatiaError
from spatia_core.memory.windows import latent_count
from spatia_core.model.sizes import cheaper_setting, fit, nearest_size, tokens
from spatia_core.prompts import clip_prompt


def test_what_each_backbone_takes():
    """Wan's published sizes: the 5B's latents are its input, the 14B's stand beside a mask of four and the start's."""
    assert [backbone.input_channels for backbone in (WAN22_TI2V_5B, WAN21_I2V_14B, WAN22_I2V_A14B)] == [48, 36, 36]
    assert [backbone.size_step for backbone in (WAN22_TI2V_5B, WAN21_I2V_14B)] == [32, 16]
    assert WAN22_TI2V_5B.tokens(1248, 704, 121) == 39 * 22 * 31 and WAN21_I2V_14B.tokens(832, 480, 49) == 52 * 30 * 13
    for frames in range(1, 30):
        # What is encoded leaves an unfinished group out; what holds the frames does not.
        encoded, held = WAN22_TI2V_5B.latent_frames(frames), WAN22_TI2V_5B.covering_latents(frames)
        assert WAN22_TI2V_5B.pixel_frames(encoded) <= frames <= WAN22_TI2V_5B.pixel_frames(held)
        if frames % 4 == 1:
            assert encoded == held == latent_count(frames)


@pytest.mark.parametrize(
    ("size", "target", "scaled"),
    [
        ((1248, 704), (1248, 704), (1248, 704)),
        ((1920, 1080), (1248, 704), (1252, 704)),
        ((1000, 1000), (832, 480), (832, 832)),
        ((64, 32), (192, 128), (256, 128)),
    ],
)
def test_a_picture_covers_its_target(size, target, scaled):
    plan = fit(*size, *target)
    assert (plan.width, plan.height) == target and (plan.scaled_width, plan.scaled_height) == scaled


def test_the_report_tells_what_was_done():
    assert fit(1248, 704, 1248, 704).report(1248, 704) == "1248x704 as it is"
    report = fit(1920, 1080, 1248, 704).report(1920, 1080)
    assert "scaled by 0.652 to 1252x704" in report and "4 columns and 0 rows cropped (0.3% of the picture)" in report


def test_other_sizes_are_refused_with_the_nearest():
    assert nearest_size(1000, 700) == (992, 704)
    assert nearest_size(5, 5) == (32, 32)
    with pytest.raises(SpatiaError, match="change them to 992x704"):
        fit(10, 10, 1000, 700)


def test_tokens_of_the_release():
    assert tokens(1248, 704, 121) == 26_598 and tokens(1248, 704, 81, 7) == 24_024


def test_every_step_down_is_cheaper_and_there_is_always_one():
    assert cheaper_setting(1248, 704, 121, 7, True) == "`max_references` 3 in Retrieve References (89% of the tokens)"
    assert cheaper_setting(1248, 704, 121, 0, True) == "`first_frames` 81 in Clip Window (68% of the tokens)"
    assert cheaper_setting(1248, 704, 81, 3, False) == "`later_frames` 61 in Clip Window (79% of the tokens)"
    assert cheaper_setting(1248, 704, 49, 0, False) == "832x480 in Fit Image (45% of the tokens)"
    assert cheaper_setting(704, 1248, 49, 0, False).startswith("480x832")
    assert "max_references` 1" in cheaper_setting(832, 480, 49, 2, False)
    assert "`later_frames` 33" in cheaper_setting(832, 480, 49, 0, False)
    assert "Fit Image" in cheaper_setting(192, 128, 17, 0, True)


def test_prompts_by_clip():
    text = "\n a room \n\n a garden\n"
    assert [clip_prompt(text, k) for k in (1, 2, 5)] == ["a room", "a garden", "a garden"]
    assert clip_prompt(text, 1, suffix=True) == "a room 4K, realistic, high quality, HDR."
    assert clip_prompt("", 3) == ""
    with pytest.raises(SpatiaError, match="Clip 0"):
        clip_prompt(text, 0)
