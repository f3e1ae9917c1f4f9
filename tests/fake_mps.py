"""A device that lacks what MPS lacks, on any machine: numbers lie in main memory, and what MPS would refuse is refused.

    with FakeMPS():
        points = positions.to(DEVICE)

No float64 and no complex128, no least or greatest of int64 by scatter, nothing of linalg that MPS leaves to the CPU, and
no tensors of two devices in one operation. What MPS can do beyond that, and how it rounds, is not imitated.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

# Its name: of all devices that torch knows without their drivers, the one that nothing else here is done with.
DEVICE = "meta"
_WIDE = (torch.float64, torch.complex128)
# Reductions that MPS has no atomic operation for in 64 bits.
_NO_INT64 = ("scatter_reduce", "index_reduce", "scatter_reduce_", "index_reduce_")
_NOT_THERE = ("linalg_eigh", "_linalg_eigh", "linalg_qr", "_linalg_svd", "linalg_lstsq", "_linalg_det", "geqrf")
# Operations that carry between devices, and those whose indices may lie in main memory.
_CARRIES = ("_to_copy", "copy_", "index", "index_put", "index_put_", "_index_put_impl_")


class OnDevice(torch.Tensor):
    """A tensor that says it lies on the device; `held` are its numbers in main memory."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> OnDevice:
        return torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype, device=DEVICE
        )  # fmt: skip

    def __init__(self, held: torch.Tensor):
        self.held = held

    __torch_function__ = torch._C._disabled_torch_function_impl

    def tolist(self):
        return self.held.tolist()  # torch has none for subclasses

    def __getitem__(self, index):
        # A list would become a tensor of torch's own meta device, without numbers.
        return super().__getitem__(torch.tensor(index) if isinstance(index, list) else index)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


class FakeMPS(TorchDispatchMode):
    """While it lasts, device=DEVICE makes tensors of `OnDevice`."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


def run(func: Any, args: tuple, kwargs: dict) -> Any:
    """One operation as the device would take it."""
    name = func.__name__.split(".")[0]
    given = [value for value in torch.utils._pytree.tree_leaves((args, kwargs)) if isinstance(value, torch.Tensor)]
    wanted = kwargs.get("device")
    there = any(isinstance(value, OnDevice) for value in given)
    if wanted is not None:
        there = torch.device(wanted).type == DEVICE
        kwargs = kwargs | {"device": torch.device("cpu")}
    if name == "copy_":
        there = isinstance(args[0], OnDevice)
    if there and name not in _CARRIES:
        stranger = next((value for value in given if not isinstance(value, OnDevice) and value.ndim), None)
        if stranger is not None and wanted is None:
            raise RuntimeError(f"{name}: tensors on {DEVICE} and on {stranger.device}, expected all on one device")
    if there:
        _refuse(name, given)
    out = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if not there:
        return out
    if name.endswith("_") and args and isinstance(args[0], OnDevice):
        return args[0]
    return tree_map(_placed, out)


def _refuse(name: str, given: list[torch.Tensor]) -> None:
    if name in _NOT_THERE:
        raise NotImplementedError(f"The operator aten::{name} is not implemented for the MPS device")
    if name in _NO_INT64 and any(value.dtype == torch.int64 for value in given[:1]):
        raise RuntimeError(f"{name} of int64 is not supported by the MPS device")


def _held(value: Any) -> Any:
    return value.held if isinstance(value, OnDevice) else value


def _placed(value: Any) -> Any:
    if not isinstance(value, torch.Tensor) or isinstance(value, OnDevice):
        return value
    if value.dtype in _WIDE:
        raise TypeError(f"Cannot convert a MPS Tensor to {value.dtype}, as the MPS framework does not support it")
    return OnDevice(value)


def placed(module: torch.nn.Module) -> torch.nn.Module:
    """The module with its parameters and buffers on the device; in place, as `Module.to` is."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                part._parameters[name] = torch.nn.Parameter(_placed(parameter.data), requires_grad=False)
        for name, buffer in part._buffers.items():
            part._buffers[name] = None if buffer is None else _placed(buffer)
    return module
