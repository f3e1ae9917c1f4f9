"""Render Camera Path at the edges: pictures that no machine can hold, and a machine without a compiler."""

import pytest
import torch
from small_model import clip_inputs

from spatia_core.cameras.camera import make_cameras


@pytest.fixture
def render(pack_module):
    return pack_module("nodes.render").SpatiaRenderCameraPath


def test_what_cannot_be_held_is_refused_before_it_is_drawn(render):
    """The host would be killed in the middle of the work, and every other tab's work with it."""
    memory = clip_inputs(1, 0)["memory"]
    ten_thousand = make_cameras(torch.eye(4, dtype=torch.float64).repeat(10_000, 1, 1), [1.0, 1.0, 0.5, 0.5])
    width, height = 16384, 16384 * memory.height // memory.width
    with pytest.raises(
        ValueError,
        match=r"The projection of 10000 frames of 16384x\d+ would take \d+\.\d GiB .* connect the cameras of one clip",
    ):
        render.execute(memory, ten_thousand, width, height, 0.01, 5)


def test_a_machine_without_a_compiler_says_so(render, pack_module, monkeypatch, caplog):
    memory, view = clip_inputs(1, 0)["memory"], make_cameras(torch.eye(4)[None], [1.0, 1.0, 0.5, 0.5])
    render.execute(memory, view, 0, 0, 0.05, 5)
    assert "slower" not in caplog.text
    for module in ("nodes.host.notices", "spatia_core.kernels"):
        monkeypatch.setattr(pack_module(module), "why_no_kernels", lambda: "numba cannot compile here (a test)")
    render.execute(memory, view, 0, 0, 0.05, 5)
    assert (
        "Render Camera Path: This is many times slower than it need be, since the CPU kernels cannot run: numba cannot compile here (a test)."
        in caplog.text
    )


class TestCards:
    """A card is stood in for by "meta", whose tensors hold nothing: what is drawn on it is replaced."""

    @pytest.fixture
    def card(self, pack_module, monkeypatch):
        module = pack_module("nodes.render")
        monkeypatch.setattr(module.comfy.model_management, "get_torch_device", lambda: torch.device("cuda"))
        return module

    def test_where_triton_cannot_draw_the_cpu_does_and_says_so(self, render, card, monkeypatch, caplog):
        monkeypatch.setattr(card, "why_no_triton", lambda device: "the triton package is not installed")
        memory, view = clip_inputs(1, 0)["memory"], make_cameras(torch.eye(4)[None], [1.0, 1.0, 0.5, 0.5])
        assert card.render_device() == torch.device("cpu")
        drawn = render.execute(memory, view, 0, 0, 0.05, 5).result
        assert drawn[0].max() > 0
        assert "The scene is drawn on the CPU: the triton package is not installed." in caplog.text

    def test_a_card_where_triton_draws_is_taken(self, card, monkeypatch):
        monkeypatch.setattr(card, "why_no_triton", lambda device: None)
        assert card.render_device() == torch.device("cuda") and card.drawing_notices() == ()

    def test_a_full_card_leaves_the_rest_to_the_cpu(self, card, monkeypatch):
        memory = clip_inputs(1, 0)["memory"]
        views = make_cameras(torch.eye(4).repeat(20, 1, 1), [1.0, 1.0, 0.5, 0.5])
        whole = card.project(memory, views, radius=0.05, tell=pytest.fail)
        real, asked, told = card.render_soft, [], []

        def draw(positions, colors, cameras, *size, **options):
            asked.append((positions.device.type, cameras.count))
            if positions.device.type == "meta" and len(asked) == 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return real(memory.cloud.positions, memory.cloud.colors, cameras, *size, **options)

        monkeypatch.setattr(card, "render_device", lambda: torch.device("meta"))
        monkeypatch.setattr(card, "render_soft", draw)
        parts = card.project(memory, views, radius=0.05, tell=told.append)
        assert asked[:2] == [("meta", 8), ("meta", 8)] and all(device == "cpu" for device, _ in asked[2:])
        assert sum(count for _, count in asked) == 8 + 8 + 12
        assert all(torch.equal(a, b) for a, b in zip(parts, whole))
        assert len(told) == 1 and "does not fit on meta" in told[0]


class TestAsReleased:
    """Which geometry is drawn: by the widgets, and on auto by what the memory was made for."""

    @pytest.fixture
    def scene(self):
        """A memory after two clips, and a camera whose principal point is off the middle."""
        memory = clip_inputs(1, 0)["memory"]
        return memory._replace(clips=memory.clips * 3), make_cameras(torch.eye(4)[None], [1.0, 1.0, 0.45, 0.5])

    def drawn(self, render, scene, made_for="", **widgets):
        memory, view = scene
        memory = memory._replace(made_for=made_for)
        projection, _, _, report = render.execute(memory, view, 0, 0, 0.05, 5, **widgets).result
        return projection, report.splitlines()[-1]

    def test_auto_follows_the_memorys_model(self, render, scene, pack_module):
        profile = pack_module("spatia_core.profile")
        released, said = self.drawn(render, scene, profile.RELEASE.name)
        assert said.startswith("Points are placed as the released network saw it") and said.endswith(
            "per voxel of 0.02."
        )
        exact, said = self.drawn(render, scene, profile.RELEASE.name, geometry="exact", voxel_growth=0.0)
        assert said == "Points are placed exactly, one per voxel of 0.01."
        assert not torch.equal(released, exact)
        for name in ("", "some other network", profile.SMALL.name):
            same, said = self.drawn(render, scene, name)
            assert torch.equal(same, exact) and "exactly" in said
            asked, _ = self.drawn(render, scene, name, geometry="as released", voxel_growth=0.005)
            assert torch.equal(asked, released)

    def test_it_is_the_cores_release_geometry(self, render, scene, pack_module):
        memory, view = scene
        ours, _ = self.drawn(render, scene, geometry="as released", voxel_growth=0.0)
        core = pack_module("spatia_core.render.soft").render_soft
        cloud = memory.cloud
        theirs = core(
            cloud.positions, cloud.colors, view, memory.height, memory.width, radius=0.05, release_geometry=True
        )
        assert torch.equal((ours * 255).round().to(torch.uint8), theirs.image)

    def test_voxels_grow_to_a_limit_and_the_memory_keeps_its_points(self, card_free, scene):
        memory, _ = scene
        sizes = []
        for clips in (1, 2, 3, 100):
            held = memory._replace(clips=memory.clips[:1] * clips)
            sizes.append(card_free.drawing_of(held, "exact", 0.005).voxel_size)
        assert sizes == pytest.approx([0.01, 0.015, 0.02, 0.07])
        assert card_free.drawing_of(memory, "exact", 1e-9).voxel_size >= memory.voxel_size

    @pytest.fixture
    def card_free(self, pack_module):
        return pack_module("nodes.render")
