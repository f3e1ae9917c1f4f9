"""CPU kernels: compiled by numba once per machine, kept on disk, and announced when that first compilation runs."""

from __future__ import annotations

import logging
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import torch

try:
    import numba
except ImportError:  # numba is an accelerator: every kernel has a plain torch reference.
    numba = None

HAVE_KERNELS = numba is not None


def kernel(function):
    """The function compiled to machine code on its first call, without the interpreter's lock, and cached on disk.

    The cache lies beside the source, or in the user's cache folder where that cannot be written; NUMBA_CACHE_DIR moves
    it. numba names cached code after the function and loads it under the module name it was compiled with. The host names
    this package after the folder it lies in, so the module's name becomes part of the cached name: a package that was
    moved, or imported under another name, compiles anew instead of failing.
    """
    function.__qualname__ = f"{function.__name__}.{zlib.crc32(function.__module__.encode()):08x}"
    return numba.njit(cache=True, nogil=True)(function)


def in_threads(work: Callable, items: Iterable, threads: int | None = None) -> list:
    """[work(item), ...] on torch's number of threads, or on `threads`; kernels run without the interpreter's lock.

    torch's inference mode belongs to a thread: the workers take the caller's, else they could not write its tensors.
    """
    inference = torch.is_inference_mode_enabled()

    def one(item):
        with torch.inference_mode(inference):
            return work(item)

    with ThreadPoolExecutor(max_workers=threads or torch.get_num_threads()) as pool:
        return list(pool.map(one, items))


@contextmanager
def announced(compiled) -> Iterator[None]:
    """Log that a kernel is compiled, when its first call will find nothing of this source in the cache."""
    if compiled.signatures or _cached(compiled):
        yield
        return
    name = compiled.py_func.__name__
    logging.info("Spatia compiles its CPU kernel %s for this machine; that happens once.", name)
    begin = time.perf_counter()
    yield
    logging.info("Spatia's CPU kernel %s is compiled and kept in %s (first call: %.0f s).", name, compiled.stats.cache_path, time.perf_counter() - begin)


def _cached(compiled) -> bool:
    source = compiled.py_func.__code__.co_filename
    pattern = f"{Path(source).stem}.{compiled.py_func.__qualname__}-*.nbi"
    return any(entry.stat().st_mtime >= os.path.getmtime(source) for entry in Path(compiled.stats.cache_path).glob(pattern))
