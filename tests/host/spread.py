"""training/train.py with the network spread by accelerate as training/fsdp.yaml asks, on CPUs. Started by torch's launcher.

Accelerate spreads a network over accelerators alone: on CPUs it makes a plain group of processes of them, whatever the plugin
says. Here the group is told that it is of the other kind; what follows, the cutting, the gathering and the clipping, is accelerate's.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "training"))

import train  # noqa: E402
from startup import load_host  # noqa: E402


def make_accelerator(device: str):
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2, auto_wrap_policy="transformer_based_wrap", reshard_after_forward=True, state_dict_type="FULL_STATE_DICT", cpu_ram_efficient_loading=False,
    )  # fmt: skip
    accelerator = Accelerator(mixed_precision="no", cpu=device == "cpu")
    AcceleratorState._shared_state["distributed_type"] = DistributedType.FSDP
    AcceleratorState._shared_state["fsdp_plugin"] = plugin
    assert accelerator.is_fsdp2
    prepare = accelerator.prepare

    def prepared(network, optimiser):
        from torch.distributed.fsdp import FSDPModule

        spread = prepare(network, optimiser)
        units = sum(isinstance(module, FSDPModule) for module in spread[0].modules()) - 1  # the whole is one as well
        accelerator.print(f"spread over {accelerator.num_processes} processes: {units} units")
        return spread

    accelerator.prepare = prepared
    return accelerator


if __name__ == "__main__":
    arguments = train.parser().parse_args()
    load_host(arguments.device)
    from spatia_pack.training.loop import trainer

    trainer.make_accelerator = make_accelerator
    sys.exit(train.run(arguments))
