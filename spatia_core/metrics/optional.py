"""What this package does not bring and a metric needs: each says what is missing before it runs, and downloads nothing itself."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor

from ..errors import SpatiaError
from .closed_loop import check_images

LPIPS_NETS = ("alex", "vgg", "squeeze")


class MetricUnavailable(SpatiaError):
    """A metric's library or its weights are not installed; the message says what to do."""


def load_lpips(net: str = "alex") -> Callable[[Tensor, Tensor], float]:
    """LPIPS of two images (H, W, 3) in [0, 1], through the `lpips` package; 0 is equal, lower is better.

    Raises MetricUnavailable when the package, or the ImageNet weights of its backbone, are missing.
    """
    if net not in LPIPS_NETS:
        raise SpatiaError(f"lpips: '{net}' was given, expected one of {', '.join(LPIPS_NETS)}.")
    library = package("lpips", "LPIPS", "lpips")
    models = package("torchvision.models", "LPIPS", "torchvision")
    weights = {"alex": models.AlexNet_Weights, "vgg": models.VGG16_Weights, "squeeze": models.SqueezeNet1_1_Weights}[
        net
    ]
    require_hub_file(weights.IMAGENET1K_V1.url, "LPIPS")
    network = library.LPIPS(net=net, verbose=False)

    def distance(image: Tensor, reference: Tensor) -> float:
        check_images(image, reference)
        with torch.no_grad():
            # HWC -> 1CHW
            return float(network(*(a.float().permute(2, 0, 1)[None] for a in (image, reference)), normalize=True))

    return distance


def package(module: str, metric: str, install: str) -> ModuleType:
    """A library that a metric needs. Raises MetricUnavailable, with what to install, where it cannot be imported."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MetricUnavailable(
            f"{metric} needs the Python package {install}, which cannot be imported ({error}); install it with pip, or turn this metric off."
        ) from error


def require_hub_file(url: str, metric: str) -> None:
    """Raises MetricUnavailable where weights are not in torch's folder for them: a library would fetch them."""
    name = url.rsplit("/", 1)[-1]
    path = os.path.join(torch.hub.get_dir(), "checkpoints", name)
    if not os.path.isfile(path):
        raise MetricUnavailable(
            f"{metric} needs the weights {name}, which are not shipped here; put {url} into {os.path.dirname(path)}, or turn this metric off."
        )
