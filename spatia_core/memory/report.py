"""What happened to a clip's pixels and scales, told to people."""

from __future__ import annotations

import statistics

from torch import Tensor

from ..estimate.scene import SceneEstimate


class Tally:
    """Counted while a clip is fused; `lines` is its report."""

    def __init__(self) -> None:
        self.valid = self.new = self.in_front = self.same = self.points = 0
        self.scales: list[float] = []
        self.residuals: list[float] = []
        self.guessed: list[int] = []  # frames of the clip that took the scale of those before
        self.moving = (0, 0.0)  # keyframes with found moving pixels, and their share of all pixels
        self.contradicted = (0, 0)  # points dropped, of earlier clips and of this one

    def count(self, valid: Tensor, covered: Tensor, in_front: Tensor, same: Tensor, points: int) -> None:
        """Add one keyframe: masks (H, W) bool of its pixels, and the points it added."""
        self.valid += int(valid.sum())
        self.new += int((valid & ~covered).sum())
        self.in_front += int((valid & in_front).sum())
        self.same += int((valid & same).sum())
        self.points += points

    def found_moving(self, found: Tensor) -> None:
        """Masks (K, H, W) bool of what was taken for moving objects."""
        self.moving = (int(found.flatten(1).any(1).sum()), float(found.float().mean()))

    @property
    def warnings(self) -> list[str]:
        """What a user should look into."""
        if not self.guessed:
            return []
        frames = ", ".join(map(str, self.guessed))
        return [
            f"Frames {frames} of the clip overlap too little with the cloud; they took the scale of the frames before."
        ]

    def lines(self, frames: int, keyframes: int, estimate: SceneEstimate, size: int) -> list[str]:
        """The report of a clip of so many new frames whose cloud has `size` points now."""
        contradicting = self.valid - self.new - self.in_front - self.same
        new, front, same, rest = (
            f"{100 * count / max(1, self.valid):.1f} %" for count in (self.new, self.in_front, self.same, contradicting)
        )
        lines = [
            f"{frames} new frames, {keyframes} of them unprojected; depth from {estimate.scale_source}, "
            f"{100 * estimate.coverage:.1f} % of pixels usable.",
            f"Of the usable pixels {new} show new parts of the scene, {front} a surface in front of the known one, "
            f"{same} agree with the cloud and {rest} disagree and were left out.",
            f"{self.points} points added, {size} in the cloud.",
        ]
        if any(self.contradicted):
            lines.append(
                f"{self.contradicted[0]} earlier points and {self.contradicted[1]} of this clip were seen through by "
                "several keyframes and dropped."
            )
        if self.moving[0]:
            lines.append(
                f"No moving mask was given; {100 * self.moving[1]:.1f} % of the keyframes' pixels ({self.moving[0]} "
                "keyframes) look like moving objects and were left out."
            )
        if self.residuals:
            lines.append(
                f"Scale against the cloud: median {statistics.median(self.scales):.4g} ({min(self.scales):.4g} to "
                f"{max(self.scales):.4g}), median depth difference afterwards "
                f"{100 * statistics.median(self.residuals):.2f} %."
            )
        return lines
