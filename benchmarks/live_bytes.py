"""How many bytes of tensors are alive at once, on any device, the meta device included: peak memory by shape arithmetic."""

from __future__ import annotations

import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class LiveBytes(TorchDispatchMode):
    """Counts the storages that operations make while it is active, until nothing refers to them.

    What lives inside an operation (workspaces, an attention kernel's tiles) is not seen.
    """

    def __init__(self):
        super().__init__()
        self.now = 0
        self.peak = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        for tensor in _tensors(args):
            self._seen.add(tensor.untyped_storage()._cdata)  # made before, or counted already
        if kwargs:
            for tensor in _tensors(kwargs.values()):
                self._seen.add(tensor.untyped_storage()._cdata)
        out = func(*args, **(kwargs or {}))
        for tensor in _tensors((out,)):
            self._count(tensor.untyped_storage())
        return out

    def _count(self, storage) -> None:
        key = storage._cdata
        if key in self._seen:
            return
        self._seen.add(key)
        size = storage.nbytes()
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.now -= size


def _tensors(values):
    """Tensors among an operation's arguments or results, which are tensors or flat lists of them."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)
