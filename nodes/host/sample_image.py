"""The image that our templates begin with, put where ComfyUI's Load Image finds it."""

from __future__ import annotations

import logging
import os

import folder_paths

from ...spatia_core.errors import SpatiaError
from ...spatia_core.files import write_bytes
from .bundle import FOLDER

# A name that is not the host's: every ComfyUI has an example.png of its own in the input folder.
SAMPLE_IMAGE = "spatia_room.png"


def offer_sample_image() -> None:
    """Copy the sample image into the input folder, unless something of its name is there."""
    target = os.path.join(folder_paths.get_input_directory(), SAMPLE_IMAGE)
    if os.path.lexists(target):
        return
    try:
        with open(os.path.join(FOLDER, SAMPLE_IMAGE), "rb") as file:
            data = file.read()
        os.makedirs(os.path.dirname(target), exist_ok=True)
        write_bytes(target, data)
    except (OSError, SpatiaError) as error:  # a folder that is not ours to write to; all nodes work without
        logging.warning(
            "Spatia: the templates' image %s could not be put into the input folder: %s", SAMPLE_IMAGE, error
        )
