"""Metrics that need something this package does not bring: each says what is missing before it runs, and downloads nothing itself."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import SpatiaError
from .closed_loop import check_images

MATCHERS = ("dense_sift", "roma")
LPIPS_NETS = ("alex", "vgg", "squeeze")
# Paper: "high confidence", without a number. RoMa's certainty is a probability.
ROMA_CONFIDENCE = 0.5
# Distance of two L2-normalised root-SIFT descriptors, in 0..2: a Gaussian blur of 1 pixel stays below, another place does not.
SIFT_DISTANCE = 0.5
_SIFT_STRIDE, _SIFT_BIN = 4, 4  # pixels
_LUMA = (0.299, 0.587, 0.114)


class MetricUnavailable(SpatiaError):
    """A metric's library or its weights are not installed; the message says what to do."""


class Matcher(NamedTuple):
    """A way to find correspondences: matches(a, b) counts the confident ones of two images (H, W, 3) in [0, 1]."""

    name: str
    matches: Callable[[Tensor, Tensor], int]


def match_accuracy(image: Tensor, reference: Tensor, matcher: Matcher) -> float:
    """Confident matches of an image with the reference, over those of the reference with itself (paper, appendix, "Match Accuracy").

    image, reference: (H, W, 3) in [0, 1]. 0 where the reference does not even match itself. matcher: of `load_matcher`, or your own.
    """
    check_images(image, reference)
    own = matcher.matches(reference, reference)
    return matcher.matches(reference, image) / own if own else 0.0


def load_matcher(name: str = "auto", device: str = "cpu") -> Matcher:
    """A matcher by name; "auto" is RoMa where it is installed with its weights, else dense SIFT.

    Raises MetricUnavailable when its library or weights are missing.
    """
    if name == "auto":
        try:
            return _roma(device)
        except MetricUnavailable:
            return _dense_sift()
    if name not in MATCHERS:
        raise SpatiaError(f"matcher: '{name}' was given, expected 'auto' or one of {', '.join(MATCHERS)}.")
    return _roma(device) if name == "roma" else _dense_sift()


def load_lpips(net: str = "alex") -> Callable[[Tensor, Tensor], float]:
    """LPIPS of two images (H, W, 3) in [0, 1], through the `lpips` package; 0 is equal, lower is better.

    Raises MetricUnavailable when the package, or the ImageNet weights of its backbone, are missing.
    """
    if net not in LPIPS_NETS:
        raise SpatiaError(f"lpips: '{net}' was given, expected one of {', '.join(LPIPS_NETS)}.")
    package = _package("lpips", "LPIPS", "lpips")
    models = _package("torchvision.models", "LPIPS", "torchvision")
    weights = {"alex": models.AlexNet_Weights, "vgg": models.VGG16_Weights, "squeeze": models.SqueezeNet1_1_Weights}[
        net
    ]
    _hub_file(weights.IMAGENET1K_V1.url, "LPIPS")
    network = package.LPIPS(net=net, verbose=False)

    def distance(image: Tensor, reference: Tensor) -> float:
        check_images(image, reference)
        with torch.no_grad():
            # HWC -> 1CHW
            return float(network(*(a.float().permute(2, 0, 1)[None] for a in (image, reference)), normalize=True))

    return distance


def _dense_sift() -> Matcher:
    feature = _package("kornia.feature", "Match Accuracy by dense SIFT", "kornia")
    describe = feature.DenseSIFTDescriptor(spatial_bin_size=_SIFT_BIN, stride=_SIFT_STRIDE)

    def descriptors(image: Tensor) -> Tensor:
        if min(image.shape[:2]) < 4 * _SIFT_BIN:
            raise SpatiaError(
                f"Match Accuracy of a {image.shape[1]}x{image.shape[0]} image: expected at least {4 * _SIFT_BIN} pixels on each side; use larger frames."
            )
        grey = image.float() @ torch.tensor(_LUMA, device=image.device)
        with torch.no_grad():
            return F.normalize(describe.to(image.device)(grey[None, None])[0].flatten(1).T, dim=1)

    def matches(a: Tensor, b: Tensor) -> int:
        one, two = descriptors(a), descriptors(b)
        similarity = one @ two.T
        best, partner = similarity.max(1)
        mutual = similarity.argmax(0)[partner] == torch.arange(len(one), device=a.device)
        # |x - y|^2 = 2 - 2 x.y of unit vectors
        return int((mutual & (2 - 2 * best < SIFT_DISTANCE**2)).sum())

    return Matcher(f"dense SIFT (kornia), mutual nearest neighbours within {SIFT_DISTANCE:g}", matches)


def _roma(device: str) -> Matcher:
    romatch = _package("romatch", "Match Accuracy by RoMa", "romatch")
    from PIL import Image

    urls = importlib.import_module("romatch.models.model_zoo").weight_urls
    for url in (urls["romatch"]["outdoor"], urls["dinov2"]):
        _hub_file(url, "RoMa")
    # Half precision is for GPUs: the CPU lacks kernels for it.
    dtype = torch.float32 if torch.device(device).type == "cpu" else torch.float16
    model = romatch.roma_outdoor(device=torch.device(device), amp_dtype=dtype)

    def matches(a: Tensor, b: Tensor) -> int:
        pictures = [Image.fromarray((image.clamp(0, 1) * 255).round().byte().cpu().numpy()) for image in (a, b)]
        _, certainty = model.match(*pictures, device=torch.device(device))
        return int((certainty > ROMA_CONFIDENCE).sum())

    return Matcher(f"RoMa (outdoor), certainty above {ROMA_CONFIDENCE:g}", matches)


def _package(module: str, metric: str, install: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MetricUnavailable(
            f"{metric} needs the Python package {install}, which cannot be imported ({error}); install it with pip, or turn this metric off."
        ) from error


def _hub_file(url: str, metric: str) -> None:
    name = url.rsplit("/", 1)[-1]
    path = os.path.join(torch.hub.get_dir(), "checkpoints", name)
    if not os.path.isfile(path):
        raise MetricUnavailable(
            f"{metric} needs the weights {name}, which are not shipped here; put {url} into {os.path.dirname(path)}, or turn this metric off."
        )
