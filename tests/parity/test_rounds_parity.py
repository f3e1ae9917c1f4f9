"""Windows, history and references' candidates against the release's own rounds (every row and trace in the file)."""

import pytest
from vectors import PARITY, stored

from spatia_core.errors import SpatiaError
from spatia_core.memory.retrieval import candidate_frames, target_frames
from spatia_core.memory.windows import (
    clip_windows,
    joined_frames,
    latent_count,
    new_latents,
    trimmed_frames,
    window_indices,
)


@pytest.fixture(scope="module")
def rounds():
    return stored(PARITY / "rounds" / "rounds.json")


def expand(indices):
    """A list of indices; the file shortens long ones to their first and last three."""
    return indices if isinstance(indices, list) else indices["first"] + indices["last"]


def shorten(indices, like):
    if isinstance(like, list):
        return list(indices)
    assert len(indices) == like["n"]
    return list(indices[:3]) + list(indices[-3:])


def test_every_row_of_the_table(rounds):
    assert rounds["table"]
    for row in rounds["table"]:
        arguments = (row["total"], row["first"], row["round"], row["hist"])
        if "error" in row:
            with pytest.raises(SpatiaError):
                clip_windows(*arguments)
            continue
        windows = clip_windows(*arguments)
        assert len(windows) == row["rounds"], row
        assert [[w.start, w.end, w.frames] for w in windows] == row["ranges"], row
        assert [w.padding for w in windows] == row["padding"], row
        assert latent_count(row["hist"]) == row["hist_latents"], row


def test_every_trace(rounds):
    assert rounds["generate_video_traces"]
    for trace in rounds["generate_video_traces"]:
        if trace["error"]:
            with pytest.raises(SpatiaError):
                clip_windows(
                    trace["total_poses"], trace["first_round_frames"], trace["round_frames"], trace["hist_frames"]
                )
            continue
        total = min(trace["total_poses"], trace["max_frames"])
        history = trace["hist_frames"]
        windows = clip_windows(total, trace["first_round_frames"], trace["round_frames"], history)
        assert len(windows) == len(trace["rounds"])
        for window, expected in zip(windows, trace["rounds"]):
            assert [window.start, window.end, window.frames] == expected["range"]
            assert window.padding == expected["padding"]
            assert window.frames == expected["num_frames"] == expected["control_frames"]
            indices = window_indices(window)
            assert shorten(indices, expected["render_cameras"]) == expand(expected["render_cameras"])
            history_latents = latent_count(window.history) if window.history else 0
            assert history_latents == expected["ar_hist_latents_num"]
            if not expected["use_history"]:
                continue
            # The video so far ends where this window's history ends.
            done = window.start + window.history
            assert list(range(done - window.history, done)) == expected["history_video_frames"]
            candidates = candidate_frames(done, window.history, trace["strides"]["ref_hist"])
            assert shorten(candidates, expected["retrieval_history_cameras"]) == expand(
                expected["retrieval_history_cameras"]
            )
            targets = [indices[i] for i in target_frames(window.frames, trace["strides"]["ref_new"])]
            assert targets == expected["retrieval_new_cameras"]
        latents = [[new_latents(w).start, new_latents(w).stop - 1] for w in windows]
        assert latents == trace["final_latents_per_round"]
        assert sum(b - a + 1 for a, b in latents) == trace["final_latents"]
        assert joined_frames(windows) == trace["final_video_frames"]
        # The release leaves the padding of the last round in its video; ours has one frame per pose.
        assert trimmed_frames(windows) == total == joined_frames(windows) - windows[-1].padding
