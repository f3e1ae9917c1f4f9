"""Worlds: a place and its video in a folder, clip by clip. The format is described in docs/world_format.md.

records: the JSON of it. frames: a clip's pixels. world: what is done with it. transfer: a world as one file.
pictures: posters and videos.
"""

from .records import MAIN, Heading, Record
from .transfer import export_world, import_world
from .world import ClipUse, Committed, World

__all__ = ["MAIN", "ClipUse", "Committed", "Heading", "Record", "World", "export_world", "import_world"]
