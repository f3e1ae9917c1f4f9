"""What steers a clip less than its graph suggests is said, in the log at least, and a whole graph says nothing."""

from __future__ import annotations

import logging

import pytest
import torch
from small_model import FIRST, STEPS, STRENGTHS, clip_inputs, control_weights

BARE = {"projection": None, "holes": None}


def said(caplog) -> list[str]:
    """The sampler's and the conditioning's warnings in the log, without the node's name."""
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    return [line.split(": ", 1)[1] for line in lines if line.startswith(("Spatia Sampler: ", "Spatia Conditioning: "))]


@pytest.fixture
def condition(nodes_of, loaded, caplog):
    """Spatia Conditioning's warnings for these inputs."""

    def run(inputs, model=loaded[0], **changed):
        caplog.clear()
        nodes_of("nodes.sampler").SpatiaConditioning.execute(model, loaded[2], **inputs, **{**STRENGTHS, **changed})
        return said(caplog)

    return run


@pytest.mark.parametrize(("memory_frames", "references"), [(1, 0), (FIRST, 2)])
def test_a_whole_graph_says_nothing(condition, sample, caplog, memory_frames, references):
    inputs = clip_inputs(memory_frames, references)
    assert condition(inputs) == []
    sample(inputs)
    assert said(caplog) == []


@pytest.mark.parametrize(
    "change, options, expected",
    [
        (BARE, {}, ["Neither `projection` nor `holes`", "Render Camera Path"]),
        ({"projection": None}, {}, ["`projection` is not connected", "mid grey", "Render Camera Path"]),
        ({"holes": None}, {}, ["`holes` is not connected", "no point anywhere", "Render Camera Path"]),
        ({}, {"strength": 0.0}, ["`strength` is 0"]),
        ({}, {"start_percent": 0.4, "end_percent": 0.4}, ["both 0.4"]),
        ({}, {"end_percent": 0.0}, ["both 0"]),
    ],
)
def test_a_lost_control_is_said_once_by_both_nodes(condition, sample, caplog, change, options, expected):
    inputs = {**clip_inputs(1), **change}
    (line,) = condition(inputs, **options)
    assert all(part in line for part in expected)
    caplog.clear()
    sample(inputs, **options)
    assert said(caplog) == [line]


def test_a_range_between_two_steps_is_said_where_the_steps_are_known(condition, sample, caplog):
    options = {"start_percent": 0.9, "end_percent": 0.91}
    assert condition(clip_inputs(1), **options) == []
    sample(clip_inputs(1), **options)
    (line,) = said(caplog)
    assert f"None of the {STEPS} steps" in line and "0.91" in line


def test_a_range_that_holds_one_step_says_nothing(nodes_of, loaded, sample, caplog):
    """The limits are counted as the control branch counts them: the first step's level is in, and the last's."""
    sampling = loaded[0].get_model_object("model_sampling")
    last = float(nodes_of("spatia_core.model.flow_unipc").flow_schedule(STEPS)[-2])
    edge = next(percent / 1000 for percent in range(1000) if float(sampling.percent_to_sigma(percent / 1000)) < last)
    for options in ({"end_percent": 0.01}, {"start_percent": edge - 0.001}):
        caplog.clear()
        sample(clip_inputs(1), **options)
        assert said(caplog) == []
    sample(clip_inputs(1), start_percent=edge)
    assert len(said(caplog)) == 1


def test_cameras_that_look_away_from_the_cloud_are_said(condition):
    inputs = clip_inputs(1)
    (line,) = condition({**inputs, "holes": torch.ones_like(inputs["holes"])})
    assert "no point in any frame" in line
    one = torch.ones_like(inputs["holes"])
    one[-1, 0, 0] = 0
    assert condition({**inputs, "holes": one}) == []


def test_a_checkpoint_without_holes_misses_none(nodes_of, loaded, condition, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "control48.safetensors"
    save_file(control_weights(48), path)
    bundle, patching = nodes_of("nodes.host.bundle"), nodes_of("nodes.host.patching")
    backbone = bundle.load_small_backbone(bundle.bundle_path(bundle.BACKBONE), {})
    model = patching.apply_spatia(backbone, str(path), path.name)
    assert condition({**clip_inputs(1), "holes": None}, model=model) == []
    (line,) = condition({**clip_inputs(1), **BARE}, model=model)
    assert "Neither" in line


def test_a_model_without_a_control_branch_is_said(nodes_of, condition):
    bundle = nodes_of("nodes.host.bundle")
    backbone = bundle.load_small_backbone(bundle.bundle_path(bundle.BACKBONE), {})
    (line,) = condition({**clip_inputs(1), **BARE}, model=backbone)
    assert "no control branch" in line and "Load Spatia Model" in line


@pytest.mark.parametrize(
    "options",
    [{"strength": float("nan")}, {"strength": float("inf")}, {"end_percent": float("nan")}, {"cfg": float("nan")}],
)
def test_numbers_that_are_none_are_refused_by_name(nodes_of, loaded, prompts, options):
    given = {"cfg": 1.0, **STRENGTHS, **options}
    sampler, error = nodes_of("nodes.sampler").SpatiaSampler, nodes_of("spatia_core.errors").SpatiaError
    with pytest.raises(error, match=next(iter(options))) as refused:
        sampler.execute(loaded[0], *prompts, loaded[2], **clip_inputs(1), seed=0, steps=1, **given)
    assert "given, expected" in str(refused.value)
