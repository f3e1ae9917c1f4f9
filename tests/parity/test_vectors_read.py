"""Every stored vector is read by some test of this folder; one that none reads is an error that names it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from vectors import DECOUPLED, PARITY, files, stored

# Entries that no test has to read: names of files and entries, and why. Everything else must be read.
NOT_TO_READ = {
    "*:note*": "words",
    "?_cases.json:config": "the sizes, which the weights say too",
    "?_freqs_axes.safetensors:*": "the tables of rotation inside the network, whose blocks are compared",
    "?_intermediates_later_r3.safetensors:freqs_*": "the same, assembled",
    "?_intermediates_later_r3.safetensors:hint*": "inside the control branch: it is in the next block's input",
    "?_intermediates_later_r3.safetensors:vace_c_in": "inside the control branch",
    "?_intermediates_later_r3.safetensors:t_mod_per_frame": "inside the first block's input",
    "?_intermediates_later_r3.safetensors:context_emb_first40": "inside the first block's input",
    "bf16_outputs.safetensors:*": "how far bfloat16 takes the release from itself: a measure, not an answer to reach",
    "lora.json:*": "how the file was made; pairs, merged weights, and their taking off are in the test",
    "render.json:voxel": "the rule of another library's voxel grid, which ours does not follow",
    "render.safetensors:voxel*": "the same",
    "score.json:*": "words and ranges; the pixels and latents are in the tensors",
    "sampler.safetensors:*/input_image_u8": "before the release's own crop; the latents it becomes are compared",
    "assembly.json:order": "words",
    "assembly.json:output_shape": "the shape of the tensors that are compared",
    "assembly.json:calls_skip_invalid": "how often the release encodes, which ours does less often",
    "assembly.json:nonnegative_history_is_renormalised_2x_minus_1": "a hazard of the release that ours does not have",
    "assembly.json:BCFHW_input_same": "another order of axes, which ours does not take",
    "assembly.json:spatial": "words; the latents are compared",
    "assembly.json:real_vae_random_weights": "which frames a causal encoder sees, of another network",
    "backbone.json:keys": "the shapes of the weights that the host's loader takes",
    "backbone.json:*": "what the stages in the tensors show",
    "branch_cases.json:fullgrid": "sizes of a file that stands beside it or not; the file says them itself",
    "branch_layout.json:constructor_defaults": "words; the sizes follow from the shapes, which are compared",
    "branch_layout.json:default_params_if_ffn_8960": "a sum over shapes that are not stored",
    "branch_layout.json:state_dict_dtype_note": "words",
    "branch_layout.json:buffers_not_in_state_dict": "words",
    "branch_small.safetensors:camenc.history_first_stage": "inside the camera encoder, whose output is compared",
    "branch_small.safetensors:*.mid.block0_*": "inside a block whose input and output are compared",
    "branch_small.safetensors:*.mid.temb": "inside the modulation, which is compared",
    "independent_rebuild.json:fullgrid_unpatched": "of a file that stands beside it or not",
    "camera_branch*.json:config": "the sizes, which the weights say too",
    "camera_branch*.json:rebuild_error": "of another rebuild",
    "camera_branch*.json:wrong_variants*": "how far wrong branches are: what the tolerance was chosen by",
    "camera_branch*.json:*_file": "names of files",
    "camera_branch*.json:tolerance_to_ask": "words",
    "camera_branch*.safetensors:*.in.text.*": "text, which the branch does not read",
    "camera_branch*.safetensors:*.mid.text_embedded*": "of the dead text encoder",
    "camera_branch*.safetensors:*.mid.block0_*_in": "inside a block whose input and output are compared",
    "camera_branch*.safetensors:*.mid.block0_*_out": "the same",
    "camera_branch*.safetensors:*.mid.temb": "inside the modulation, which is compared",
    "camera_branch*.safetensors:*.mid.camera_*_stage*": "inside the camera encoder, whose output is compared",
    "camera_branch_layout.json:constructor_defaults": "words; the sizes follow from the shapes, which are compared",
    "camera_branch_layout.json:default_params_if_ffn_8960": "a sum over shapes that are not stored",
    "camera_branch_layout.json:bytes_*": "the same",
    "camera_branch_layout.json:buffers_not_in_state_dict": "words",
    "backbone_i2v*.json:*": "sizes, which the weights say too, and what other codes gave; the tensors are compared",
    "pipeline*.json:*": "words, and what other codes gave; windows and settings are read",
    "pipeline*.safetensors:stub.clip.*": "of the stand-in for CLIP, whose answers are stored",
    "pipeline*.safetensors:stub.vae.dec": "of the stand-in for the VAE's decoder; windows start from stored frames",
    "pipeline*.safetensors:*.mask_video_u8*": "inside the network's input, which is compared",
    "pipeline*.safetensors:*.history_residual_before_gate.*": "what the gate keeps of them is compared",
    "pipeline_schedule.json:*": "words, and other schedulers",
    "rollout*.json:points": "words",
    "rollout*.json:lossy_reference_frames": "what a video file does to pictures",
    "retrieval.json:sampler_formula_matches_official": "of the release's own ball of points, which is stored",
    "retrieval.json:seed_variability_wiggle_w48": "of other balls of points, which are not stored",
}
# Read by test_retrieval_parity.py, which loops over every case in the file itself.
READ_ELSEWHERE = (
    "retrieval/retrieval.json:*", "retrieval/retrieval.safetensors:room*", "retrieval/retrieval.safetensors:match?/?_packed",
)  # fmt: skip


def unread(path: Path) -> list[str]:
    """Entries of a file that no test read."""
    entries = stored(path)
    names = [f"{path.name}:{key}" for key in entries if key not in entries.read]
    names = [name for name in names if not any(fnmatchcase(name, pattern) for pattern in NOT_TO_READ)]
    folder = path.parent.name
    return [name for name in names if not any(fnmatchcase(f"{folder}/{name}", pattern) for pattern in READ_ELSEWHERE)]


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", [*files(PARITY), *files(DECOUPLED)], ids=name_of)
def test_every_vector_is_read(path, whole_folder_ran):
    left = unread(path)
    assert not left, f"no test reads {len(left)} of {len(stored(path))} entries: {', '.join(left[:40])}"
