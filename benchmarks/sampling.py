"""Time and memory of the sampler's forward pass at full size, beside the plain backbone and what the release does.

    COMFYUI_PATH=/path/to/ComfyUI python benchmarks/sampling.py [--only time|memory|decode] [--repeats 3]

On a GPU: Wan2.2-TI2V-5B's sizes with random weights, timed and measured. Without one, the time is taken at 1/24 of the width
with 1/24 of the tokens per frame, so that tokens per channel, references per frame and control blocks per block are those
of the full size; and peak memory is derived: the same code runs on the meta device at full size, and live tensors are
counted (kernels' workspaces are not in it; attention counts as its output).

ideal = the plain backbone's measured time on T + R latent frames, and 8/30 of its time on T: what 8 more blocks of 30 on the
video's tokens and R more frames of tokens must cost. overhead = ours / ideal.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from typing import NamedTuple

from hosted import load_host

SIZES = ((832, 480), (1248, 704))
LENGTHS = (81, 121)
REFERENCES = (0, 7)
SHRINK = 24  # width and tokens per frame on a CPU
DIM, FFN, HEADS, LAYERS, CONTROL_BLOCKS, TEXT = 3072, 14336, 24, 30, 8, 4096
TEXT_TOKENS = 512
GIB = 1 << 30


class Case(NamedTuple):
    width: int
    height: int
    frames: int
    references: int
    control: bool

    @property
    def latent_frames(self) -> int:
        return (self.frames + 3) // 4

    @property
    def label(self) -> str:
        return f"{self.width}x{self.height} {self.frames:3d} frames  R={self.references}  {'control' if self.control else 'plain  '}"


def cases() -> list[Case]:
    return [
        Case(*size, frames, references, control)
        for size in SIZES for frames in LENGTHS for references in REFERENCES for control in (False, True)
    ]  # fmt: skip


class Bench:
    """The host's backbone and our control branch with random weights, of one size and dtype, on one device."""

    def __init__(self, device: str, dtype, weight_dtype, shrink: int):
        import comfy.ldm.wan.model
        import comfy.ops
        import torch
        from spatia_pack.nodes.host import patching
        from spatia_pack.spatia_core.weights.layouts import ControlLayout

        self.torch, self.patching, self.device, self.dtype, self.shrink = torch, patching, device, dtype, shrink
        dim, ffn, heads = DIM // shrink, FFN // shrink, max(1, HEADS // shrink)
        settings = {"operations": comfy.ops.manual_cast, "device": device, "dtype": weight_dtype}
        self.network = comfy.ldm.wan.model.WanModel(
            in_dim=48,
            out_dim=48,
            dim=dim,
            ffn_dim=ffn,
            num_heads=heads,
            num_layers=LAYERS,
            text_dim=TEXT // shrink,
            **settings,
        )
        layout = ControlLayout(dim, ffn, CONTROL_BLOCKS, 96, (1, 2, 2))
        self.branch = patching.ControlBranch(
            layout, heads, list(range(0, LAYERS, 4)), 1e-6, weight_dtype, device, comfy.ops.manual_cast
        )
        generator = None if device == "meta" else torch.Generator(device).manual_seed(0)
        with torch.no_grad():
            for parameter in (*self.network.parameters(), *self.branch.parameters()):
                parameter.requires_grad_(False)
                if device == "meta":
                    continue
                value = (
                    torch.randn(parameter.shape, generator=generator, device=device)
                    / max(1, parameter[0].numel()) ** 0.5
                    if parameter.ndim > 1
                    else torch.ones(parameter.shape, device=device)
                )
                parameter.copy_(value.to(parameter.dtype))
        self.weights = {
            name: sum(p.nbytes for p in module.parameters())
            for name, module in (("backbone", self.network), ("control", self.branch))
        }

    def inputs(self, case: Case, batch: int):
        torch, made = self.torch, {"device": self.device, "dtype": self.dtype}
        height, width = self.grid(case)
        frames = case.latent_frames
        x = torch.randn(batch, 48, frames, height, width, **made)
        timestep = torch.full((batch, frames), 900.0, **made)
        timestep[:, :1] = 0.0  # the first frame is given
        context = torch.randn(batch, TEXT_TOKENS, self.network.text_dim, **made)
        control = torch.randn(1, 96, frames, height, width, device=self.device) if case.control else None
        references = torch.randn(1, 48, case.references, height, width, device=self.device)
        return x, timestep, context, control, references

    def grid(self, case: Case) -> tuple[int, int]:
        """Latent rows and columns; on a CPU so many fewer that tokens shrink as the width does."""
        rows, columns = case.height // 32, case.width // 32
        if self.shrink > 1:
            rows, columns = {(15, 26): (4, 4), (22, 39): (6, 6)}[rows, columns]
        return 2 * rows, 2 * columns

    def options(self, wrappers: dict) -> dict:
        options = {"wrappers": {"diffusion_model": wrappers}} if wrappers else {}
        if self.device == "meta":
            # A flash kernel's result, and nothing else: no attention matrix.
            options["optimized_attention_override"] = lambda func, q, *args, **kwargs: self.torch.empty_like(q)
        return options

    def plain(self, case: Case, batch: int, frames: int):
        """The backbone alone on so many latent frames."""
        x, timestep, context, _, _ = self.inputs(case._replace(frames=4 * frames - 3, control=False), batch)
        return lambda: self.network(x, timestep, context, transformer_options=self.options({}))

    def ours(self, case: Case, batch: int):
        x, timestep, context, control, references = self.inputs(case, batch)
        clip = self.patching.ClipCondition(self.branch, control, references, 1.0, 1.0, 0.0)
        wrappers = {self.patching.CLIP: [clip]}
        return lambda: self.network(x, timestep, context, transformer_options=self.options(wrappers))

    def estimate(self, case: Case, batch: int) -> float:
        """Bytes the host sets aside before sampling, with our frames for references and control (its formula on a GPU)."""
        _, _, _, control, references = self.inputs(case, 1)
        clip = self.patching.ClipCondition(self.branch, control, references, 1.0, 1.0, 0.0)
        frames, height, width = clip._counted_shape((batch, 48, case.latent_frames, *self.grid(case)))[2:]
        return batch * frames * height * width * self.dtype.itemsize * 0.01 * (self.network.dim / 2222) * (1 << 20)

    def release(self, case: Case, batch: int):
        """As the release does it: all hints first and stacked, one modulation per token, cond and uncond one after the other."""
        x, timestep, context, control, references = self.inputs(case, batch)

        def run():
            return self.torch.cat(
                [
                    self._release_pass(x[i : i + 1], timestep[i : i + 1], context[i : i + 1], control, references)
                    for i in range(batch)
                ]
            )

        return run

    def _release_pass(self, x, timestep, context, control, references):
        from comfy.ldm.wan.model import sinusoidal_embedding_1d
        from spatia_pack.spatia_core.model.control import frame_timesteps

        torch, network = self.torch, self.network
        options, ahead = self.options({}), references.shape[2]
        frames, height, width = x.shape[2:]
        rope = {"shift_t": -float(ahead)}
        freqs = network.rope_encode(
            ahead + frames, height, width, device=x.device, dtype=x.dtype, transformer_options={"rope_options": rope}
        )
        per_frame = height * width // 4
        start = ahead * per_frame
        if ahead:
            rope = {"shift_t": -float(ahead), "shift_y": float(height // 2)}
            freqs[:, :start] = network.rope_encode(
                ahead, height, width, device=x.device, dtype=x.dtype, transformer_options={"rope_options": rope}
            )
        whole = torch.cat([references.to(x.dtype), x], dim=2)
        tokens = network.patch_embedding(whole.float()).to(x.dtype)
        grid = tokens.shape[2:]
        tokens = tokens.flatten(2).transpose(1, 2)
        per_token = frame_timesteps(timestep, ahead, frames).repeat_interleave(per_frame, dim=1)
        e = network.time_embedding(sinusoidal_embedding_1d(network.freq_dim, per_token.flatten()).to(x.dtype)).reshape(
            1, -1, network.dim
        )
        e0 = network.time_projection(e).unflatten(2, (6, network.dim))
        context = network.text_embedding(context)
        hints = None
        if control is not None:
            state, found = self.branch.embed(control, x.dtype), []
            for block in self.branch.vace_blocks:
                hint, state = block(
                    state,
                    x=tokens[:, start:],
                    e=e0[:, start:],
                    freqs=freqs[:, start:],
                    context=context,
                    transformer_options=options,
                )
                found.append(hint)
            hints = torch.stack(found)
        for index, block in enumerate(network.blocks):
            tokens = block(tokens, e=e0, freqs=freqs, context=context, transformer_options=options)
            if hints is not None and index % 4 == 0:
                video = tokens[:, start:] + hints[index // 4]
                tokens = torch.cat([tokens[:, :start], video], dim=1)
        return network.unpatchify(network.head(tokens, e), grid)[:, :, ahead:]

    def seconds(self, runs: dict, repeats: int) -> dict:
        """Best of so many rounds of every run; the rounds interleave, so that a slow minute hits all alike."""
        # CPU seconds on a CPU: other programs' share of the machine is not in them.
        clock = time.perf_counter if self.device == "cuda" else time.process_time
        best = dict.fromkeys(runs, float("inf"))
        for round_number in range(repeats + 1):
            for name, run in runs.items():
                start = clock()
                run()
                if self.device == "cuda":
                    self.torch.cuda.synchronize()
                if round_number:  # the first round warms up
                    best[name] = min(best[name], clock() - start)
        return best

    def peak(self, run) -> int:
        """Bytes alive at once beyond weights and inputs."""
        from live_bytes import LiveBytes

        gc.collect()
        if self.device == "cuda":
            self.torch.cuda.reset_peak_memory_stats()
            before = self.torch.cuda.memory_allocated()
            run()
            return self.torch.cuda.max_memory_allocated() - before
        with LiveBytes() as live:
            run()
        return live.peak


def time_table(bench: Bench, batch: int, repeats: int) -> None:
    print(f"\n{'case':44} {'s/step':>8} {'plain':>8} {'ratio':>6} {'ideal':>8} {'overhead':>8}")
    for case in cases():
        if not case.control and not case.references:
            continue
        extra = case.latent_frames + case.references
        runs = {"ours": bench.ours(case, batch), "T": bench.plain(case, batch, case.latent_frames)}
        if case.references:
            runs["T+R"] = bench.plain(case, batch, extra)
        best = bench.seconds(runs, repeats)
        ideal = best.get("T+R", best["T"]) + (CONTROL_BLOCKS / LAYERS * best["T"] if case.control else 0.0)
        print(
            f"{case.label:44} {best['ours']:8.3f} {best['T']:8.3f} {best['ours'] / best['T']:6.3f} {ideal:8.3f} {best['ours'] / ideal:8.3f}",
            flush=True,
        )


def release_table(bench: Bench, repeats: int, chosen: list[Case]) -> None:
    print(
        f"\ncond + uncond, beside what the release does\n{'case':44} {'ours':>8} {'release':>8} {'faster':>7} {'difference':>10}"
    )
    for case in chosen:
        seed = bench.torch.manual_seed
        seed(1)
        ours = bench.ours(case, 2)
        seed(1)
        release = bench.release(case, 2)
        best = bench.seconds({"ours": ours, "release": release}, repeats)
        a, b = ours(), release()
        print(
            f"{case.label:44} {best['ours']:8.3f} {best['release']:8.3f} {best['release'] / best['ours']:7.3f} {float((a - b).norm() / b.norm()):10.1e}",
            flush=True,
        )


def memory_table(make, kind: str) -> None:
    print(
        f"\npeak memory in GiB, cond + uncond in one pass ({kind}); weights are what lies on the GPU when nothing is offloaded"
    )
    print("estimate: what the host is told to keep free; release: what the release's way takes, one pass at a time")
    print(f"{'case':44} {'weights':>16} {'activations':>12} {'estimate':>9} {'one pass':>9} {'release':>8}")
    for dtype in ("bf16", "fp8"):
        bench = make(dtype)
        for case in cases():
            weights = bench.weights["backbone"] + (bench.weights["control"] if case.control else 0)
            two, one = (bench.peak(bench.ours(case, batch)) for batch in (2, 1))
            release = f"{bench.peak(bench.release(case, 2)) / GIB:8.2f}" if case.control else f"{'':8}"
            print(
                f"{case.label:44} {dtype:>5} {weights / GIB:10.2f} {two / GIB:12.2f} {bench.estimate(case, 2) / GIB:9.2f} {one / GIB:9.2f} {release}",
                flush=True,
            )


def decode_table() -> None:
    """The decoder's live tensors over one clip and over six, in a stream and as one piece, on the meta device."""
    import torch
    from comfy.ldm.wan.vae2_2 import WanVAE
    from live_bytes import LiveBytes
    from spatia_pack.nodes.host import video

    with torch.device("meta"):
        network = WanVAE(
            dim=160,
            dec_dim=256,
            z_dim=48,
            dim_mult=[1, 2, 4, 4],
            num_res_blocks=2,
            temperal_downsample=[False, True, True],
        )
    network = network.to(torch.bfloat16).requires_grad_(False)
    for module in network.modules():
        if hasattr(module, "optimized_attention"):
            module.optimized_attention = lambda q, k, v: torch.empty_like(q)

    class OnMeta:
        """What the stream asks of the host's VAE object."""

        first_stage_model = network
        device = output_device = torch.device("meta")
        vae_dtype = torch.bfloat16
        vae_output_dtype = staticmethod(lambda: torch.float32)
        process_output = staticmethod(lambda image: image.add_(1.0).div_(2.0).clamp_(0.0, 1.0))

    print(f"\ndecoding in GiB, bf16 (derived)\n{'case':44} {'1 clip':>8} {'6 clips':>8}")
    for width, height in SIZES:
        for name in ("stream", "one piece"):
            peaks = []
            for frames in (31, 31 + 5 * 18):
                latents = torch.empty(1, 48, frames, height // 16, width // 16, dtype=torch.bfloat16, device="meta")
                gc.collect()
                with LiveBytes() as live:
                    if name == "stream":
                        for _ in video._stream(OnMeta, latents):
                            pass
                    else:
                        network.decode(latents)
                peaks.append(live.peak / GIB)
            print(f"{width}x{height} {name:34} {peaks[0]:8.2f} {peaks[1]:8.2f}", flush=True)


def keep_freed_memory() -> None:
    """Start over with glibc's allocator told to keep what is freed, as a GPU's allocator does.

    Else large tensors are given back and their pages cleared again in every block, up to a fifth of the time, in one case and
    not in the next.
    """
    settings = {"MALLOC_TRIM_THRESHOLD_": str(1 << 33), "MALLOC_MMAP_THRESHOLD_": str(1 << 32)}
    if sys.platform == "linux" and not settings.keys() <= os.environ.keys():
        os.environ.update(settings)
        os.execv(sys.executable, [sys.executable, *sys.argv])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="timed rounds after one to warm up; the best counts")
    parser.add_argument("--only", choices=("time", "memory", "decode"), help="one of the three tables")
    arguments = parser.parse_args()
    keep_freed_memory()
    wanted = {arguments.only} if arguments.only else {"time", "memory", "decode"}
    load_host()
    import torch

    weights = {"bf16": torch.bfloat16, "fp8": torch.float8_e4m3fn}
    gpu = torch.cuda.is_available()
    with torch.no_grad():
        if "time" in wanted and gpu:
            for dtype in weights:
                print(
                    f"\n{torch.cuda.get_device_name()}, torch {torch.__version__}: full size, weights in {dtype}, cond + uncond in one pass"
                )
                bench = Bench("cuda", torch.bfloat16, weights[dtype], 1)
                time_table(bench, 2, arguments.repeats)
                release_table(bench, arguments.repeats, [case for case in cases() if case.control])
                del bench
        elif "time" in wanted:
            print(
                f"\n{torch.get_num_threads()} CPU threads, torch {torch.__version__}, float32: 1/{SHRINK} of the width, 1/{SHRINK} of the tokens; one pass, CPU seconds"
            )
            bench = Bench("cpu", torch.float32, torch.float32, SHRINK)
            time_table(bench, 1, arguments.repeats)
            release_table(
                bench, 1, [case for case in cases() if case.control and case.width == 832 and case.frames == 81]
            )
        if "memory" in wanted:
            device, kind = ("cuda", "measured") if gpu else ("meta", "derived by shape arithmetic, not measured")
            memory_table(lambda dtype: Bench(device, torch.bfloat16, weights[dtype], 1), kind)
        if "decode" in wanted:
            decode_table()


if __name__ == "__main__":
    main()
