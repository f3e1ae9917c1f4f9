"""Returning to a seen place does not double the walls: synthetic rooms, an out-and-back path walked again and again."""

import pytest

from benchmarks.scene import loop_closure


@pytest.mark.parametrize("noise, most_voxels, most_off", [("smooth", 2, 0.25), ("per pixel", 0.8, 0.05)])
def test_six_clips_with_two_percent_depth_noise(noise, most_voxels, most_off):
    voxel = 0.04
    median, off, growth, _ = loop_closure(7, clips=6, height=64, width=96, voxel=voxel, noise=noise)
    assert growth < 0.05
    assert median < most_voxels * voxel and off < most_off
