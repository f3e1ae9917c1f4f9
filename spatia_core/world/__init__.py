"""Worlds: a place and its video in a folder, clip by clip. The format is described in docs/world_format.md.

records: the JSON of it. frames: a clip's pixels. world: what is done with it. pictures: posters and videos.
"""

from .records import MAIN, Heading, Record
from .world import Committed, World

__all__ = ["MAIN", "Committed", "Heading", "Record", "World"]
