"""Quality metrics."""

from .closed_loop import ClosedLoop, closed_loop, psnr, ssim

__all__ = ["ClosedLoop", "closed_loop", "psnr", "ssim"]
