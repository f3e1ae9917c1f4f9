"""CPU kernels: compiled by numba once per machine and kept on disk. Where they cannot, the torch reference runs.

Modules named `*_numba` hold the kernels and import numba, which takes a second; they are imported where a kernel is
about to be called, and only when `kernels_run()`.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .interrupt import look_for_interrupt

if TYPE_CHECKING:
    from numba.core.caching import FunctionCache


def kernels_run() -> bool:
    """Whether the CPU kernels can be compiled and run here."""
    return why_no_kernels() is None


@cache
def why_no_kernels() -> str | None:
    """Why the CPU kernels cannot run here, None where they can. Tried once per process; the reason is logged."""
    reason: str | None
    try:
        import numba

        if numba.config.DISABLE_JIT:
            reason = "numba is switched off by NUMBA_DISABLE_JIT"
        else:
            probe = numba.njit(_probe)(20)
            reason = None if probe == 41 else f"numba computes {probe} where 41 is right"
    except Exception as error:  # whatever a broken installation raises: the reference does without it
        reason = f"numba cannot compile here ({type(error).__name__}: {error})"
    if reason is not None:
        logging.warning("Spatia: %s. The plain torch reference runs instead, many times slower.", reason)
    return reason


def _probe(value: int) -> int:
    return 2 * value + 1


def kernel(function: Callable) -> Callable:
    """The function compiled to machine code on its first call, without the interpreter's lock, and cached on disk.

    The cache lies beside the source, or in the user's cache folder where that cannot be written; NUMBA_CACHE_DIR moves
    it. A cache that is cut or damaged is deleted and the kernel compiled anew. numba names cached code after the
    function and loads it under the module name it was compiled with. The host names this package after the folder it
    lies in, so the module's name becomes part of the cached name: a package that was moved, or imported under another
    name, compiles anew instead of failing.
    """
    import numba

    function.__qualname__ = f"{function.__name__}.{zlib.crc32(function.__module__.encode()):08x}"
    compiled = numba.njit(nogil=True)(function)
    try:
        compiled._cache = _kernel_cache()(function)
    except (RuntimeError, OSError) as error:
        _say_once(f"Spatia's compiled CPU kernels cannot be kept ({error}): every process compiles them anew.")
    return compiled


def in_threads(work: Callable, items: Iterable, threads: int | None = None) -> list:
    """[work(item), ...] on torch's number of threads, or on `threads`; kernels run without the interpreter's lock.

    torch's inference mode belongs to a thread: the workers take the caller's, else they could not write its tensors.
    The first error, or a wish to stop, ends the work: items that were not begun are left.
    """
    inference = torch.is_inference_mode_enabled()

    def one(item: Any) -> Any:
        look_for_interrupt()
        with torch.inference_mode(inference):
            return work(item)

    with ThreadPoolExecutor(max_workers=threads or torch.get_num_threads()) as pool:
        begun = [pool.submit(one, item) for item in items]
        try:
            return [work.result() for work in begun]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@cache
def _say_once(text: str) -> None:
    logging.warning("%s", text)


@cache
def _kernel_cache() -> type:
    """numba's cache of one function on disk, made to survive what power cuts and full disks leave behind."""
    from numba.core.caching import FunctionCache, IndexDataCacheFile

    class CheckedFiles(IndexDataCacheFile):
        """Machine code is run as it is read, so each data file ends with its digest, which numba does not look at."""

        def _save_data(self, name: str, data: Any) -> None:
            data = self._dump(data)
            with self._open_for_write(self._data_path(name)) as file:
                file.write(data + hashlib.sha256(data).digest())

        def _load_data(self, name: str) -> Any:
            stored = Path(self._data_path(name)).read_bytes()
            size = hashlib.sha256().digest_size
            if hashlib.sha256(stored[:-size]).digest() != stored[-size:]:
                raise ValueError(f"{name} is not what was written")
            return super()._load_data(name)

    class KernelCache(FunctionCache):
        """Says when a kernel is compiled, and deletes what cannot be loaded."""

        def __init__(self, function: Callable) -> None:
            super().__init__(function)
            # Kernels are compiled into those that call them: a change in any of them makes all stale.
            stamp = (self._impl.locator.get_source_stamp(), _sources_digest())
            self._cache_file = CheckedFiles(self._cache_path, self._impl.filename_base, stamp)

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            found = None
            try:
                found = super().load_overload(sig, target_context)
            except Exception as error:  # unpickling rubbish raises anything, and so does linking it
                self._discard(error)
            if found is None:
                _compilation.begin(self)
            return found

        def save_overload(self, sig: Any, data: Any) -> None:
            try:
                super().save_overload(sig, data)
            except Exception as error:  # the kernel is compiled, and runs without being kept
                _say_once(
                    f"Spatia's compiled CPU kernels cannot be kept in {self.cache_path} ({type(error).__name__}: {error}): "
                    "every process compiles them anew."
                )
            _compilation.end(self)

        def _discard(self, error: Exception) -> None:
            logging.warning(
                "Spatia's compiled CPU kernel %s in %s is damaged (%s: %s): it is deleted and compiled anew.",
                self._py_func.__name__, self.cache_path, type(error).__name__, error,
            )  # fmt: skip
            for file in Path(self.cache_path).glob(f"{self._impl.filename_base}.*nb[ic]"):
                try:
                    file.unlink()
                except OSError as reason:
                    _say_once(f"The damaged {file} cannot be deleted ({reason.strerror}); please delete it.")

    return KernelCache


@cache
def _sources_digest() -> str:
    """Of the sources of all kernels of this package."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*_numba.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


class _Compilation:
    """Announces the compilation of a kernel, but not that of the smaller ones it is made of."""

    def __init__(self) -> None:
        self._of = threading.local()  # numba compiles in the thread that called

    def begin(self, kernel_cache: FunctionCache) -> None:
        if getattr(self._of, "outermost", None) is None:
            self._of.outermost, self._of.began = kernel_cache, time.perf_counter()
            logging.info(
                "Spatia compiles its CPU kernel %s for this machine; that happens once.", kernel_cache._py_func.__name__
            )

    def end(self, kernel_cache: FunctionCache) -> None:
        name, folder = kernel_cache._py_func.__name__, kernel_cache.cache_path
        if getattr(self._of, "outermost", None) is kernel_cache:
            self._of.outermost = None
            seconds = time.perf_counter() - self._of.began
            logging.info("Spatia's CPU kernel %s is compiled and kept in %s (%.0f s).", name, folder, seconds)


_compilation = _Compilation()
