"""Makes the pictures of the help pages anew, from the real page: pytest tests/browser/take_pictures.py

Its name keeps it out of the test suite. Look at what it wrote to js/docs/images before you commit it.
"""

import io
from pathlib import Path

import pytest
from PIL import Image

IMAGES = Path(__file__).resolve().parent.parent.parent / "js" / "docs" / "images"
TEMPLATE = "Image to video in one node, runs now, 73 frames"
LIMITS = {"node": 25_000, "editor": 120_000}  # bytes


@pytest.mark.long(3600, "draws every node, and both editors at work")
@pytest.mark.parametrize("kind", LIMITS)
def test_pictures(kind, run_page_script):
    taken = run_page_script(
        f"{kind}_pictures.mjs", patience=3600, settings={"Comfy.VueNodes.Enabled": True}, width=1500, height=1000
    )
    for name, file in taken.items():
        save(Image.open(file).convert("RGB"), IMAGES / f"{name}.jpg", LIMITS[kind])


@pytest.mark.long(3600, "drives the editor through several clips")
def test_picture_of_directing(run_page_script):
    result = run_page_script(
        "directing.mjs",
        patience=3600,
        template=TEMPLATE,
        world="picture of directing",
        view={"width": 1500, "height": 900},
    )
    save(
        Image.open(Path(result["folder"]) / "second.png").convert("RGB"),
        IMAGES / "directing_editor.jpg",
        LIMITS["editor"],
    )


def save(picture: Image.Image, path: Path, limit: int):
    """The best JPEG of at most `limit` bytes."""
    for quality in range(90, 30, -4):
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=quality, optimize=True)
        if data.tell() <= limit:
            break
    path.write_bytes(data.getvalue())
