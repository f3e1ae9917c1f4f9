"""The shots that tables are made of: each is made once, however many tables want it."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from spatia_core.cameras import Cameras
from spatia_core.errors import SpatiaError
from spatia_core.files import replacing

from ..desk import Shot, Workflow
from ..places import ROOT
from ..scene_list import Scene, read_scenes
from ..scene_workflow import Windows
from ..workflows import widget_of
from . import worldscore
from .figures import Instance, Measures, Meters
from .filmed import Filmed, Rescale, filmed_videos
from .loops import LOOP, OUT_AND_BACK, loop_path
from .setting import Change, Pace, Setting
from .tables import BENCHMARK, CLOSED, FILMED, LISTED, TABLES, Row

SHOTS = "shots"  # below the output folder: videos and worlds
SCENES = 100  # of the closed loops and the filmed videos, as in the paper
_SEED = 0  # of the noise
_SLUG = 30  # characters of a scene's id in the name of its files


class Weights(NamedTuple):
    """What a set of weights is run with. listed: the template of the second paper. references, voxel_size: of its template.

    windows: lengths of clips that the paper has; None: the template's. ending: of every text, as the weights were trained.
    """

    template: str
    listed: str
    windows: Windows | None
    references: int
    voxel_size: float
    ending: str

    def file(self, data: str) -> Path:
        """The template for a kind of data."""
        return ROOT / "workflows" / (self.listed if data == LISTED else self.template)


WEIGHTS = {
    "small": Weights(
        "Long walk, runs now, one clip per run.json", "Memorize When Needed, runs now, one clip per run.json", None, 4, 0.02, ""
    ),
    "5b": Weights(
        "Long walk, needs 5B weights, one clip per run.json",
        "Memorize When Needed, needs Wan2.1 I2V 14B weights, one clip per run.json",
        Windows(81, 81, 9), 7, 0.01, " 4K, realistic, high quality, HDR.",
    ),
}  # fmt: skip


class Sources(NamedTuple):
    """Where the data lie; limit: the most scenes of each table, None: all that it has."""

    worldscore: Path | None
    re10k: Path | None
    split: Path | None
    memorize: Path | None
    limit: int | None


class Template(NamedTuple):
    """A workflow and what of it is read before any server is asked: pixels, lengths of clips and frames a second."""

    workflow: Workflow
    width: int
    height: int
    windows: Windows
    fps: float


def template_of(workflow: Workflow, windows: Windows | None) -> Template:
    """What a workflow file says. Raises RunError where it has none of the nodes."""
    lengths = [
        widget_of(workflow.nodes, "SpatiaClipWindow", name)
        for name in ("first_frames", "later_frames", "history_frames")
    ]
    width, height = (int(widget_of(workflow.nodes, "SpatiaFitImage", name)) for name in ("width", "height"))
    fps = float(widget_of(workflow.nodes, "SpatiaWorldVideo", "fps"))
    return Template(workflow, width, height, windows or Windows(*lengths), fps)


class Study:
    """Shots of the chosen tables, and which of them each row of each table is a mean of.

    uses: table -> row -> scene -> name of its shot. notes: what was left out of the data.
    """

    def __init__(
        self,
        tables: list[str],
        weights: Weights,
        pace: Pace,
        templates: dict[str, Template],
        meters: Meters,
        output: Path,
    ):
        self.weights, self.pace, self.templates, self.meters, self.output = weights, pace, templates, meters, output
        self.shots: dict[str, Shot] = {}
        self.measured: dict[str, Measures] = {}  # of shots that tables may share
        self.uses: dict[str, dict[str, dict[str, str]]] = {name: defaultdict(dict) for name in tables}
        self.scenes: dict[str, list[str]] = {}  # kind of data -> ids of its scenes
        self.notes: list[str] = []

    def take(self, sources: Sources) -> None:
        """Read the data and plan all shots. Raises SpatiaError on data that are missing or not as they should be."""
        wanted = {TABLES[name].data for name in self.uses}
        most = SCENES if sources.limit is None else min(SCENES, sources.limit)
        if wanted & {CLOSED, BENCHMARK}:
            if sources.worldscore is None:
                raise SpatiaError("Tables 1 and 3 to 6 are of WorldScore's scenes; give its folder as --worldscore.")
            if CLOSED in wanted:
                entries = worldscore.read_worldscore(sources.worldscore, worldscore.MOVEMENTS[:1])
                self._take_closed(worldscore.sample(entries, most))
            if BENCHMARK in wanted:
                entries = worldscore.read_worldscore(sources.worldscore)
                self._take_benchmark(entries if sources.limit is None else worldscore.sample(entries, sources.limit))
        if FILMED in wanted:
            if sources.re10k is None:
                raise SpatiaError("Tables 2 and 7 are of RealEstate10K's videos; give its folder as --re10k.")
            frames = self.templates[FILMED].windows.first
            videos, left_out = filmed_videos(sources.re10k, sources.split, most, frames)
            self.notes += [f"Left out: {why}." for why in left_out]
            self._take_filmed(videos, frames)
        if LISTED in wanted:
            if sources.memorize is None:
                raise SpatiaError("The table of revisits is of a list of scenes; give its prompt.json as --memorize.")
            self._take_listed(read_scenes(sources.memorize)[: sources.limit])

    def shown(self) -> dict[str, str]:
        """Shots for a sheet, by title: of each row of each table that of its first scene."""
        found: dict[str, str] = {}
        for table, rows in self.uses.items():
            for row, shots in rows.items():
                scene, shot = next(iter(shots.items()))
                if shot not in found.values():
                    found[f"{table}, {row}: {scene}"] = shot
        return found

    def clips(self) -> int:
        """Clips of all shots."""
        count = 0
        for shot in self.shots.values():
            windows = next(one.windows for one in self.templates.values() if one.workflow is shot.workflow)
            scene = shot.scene
            frames = scene.path["frames"] if scene.path is not None else scene.cameras.count if scene.cameras else 0
            count += windows.covering(frames)
        return count

    def _rows(self, data: str) -> list[tuple[str, str, Row]]:
        return [
            (name, row, TABLES[name].rows[row])
            for name in self.uses
            if TABLES[name].data == data
            for row in TABLES[name].rows
        ]

    def _setting(self, setting: Setting) -> Setting:
        """The same with what the template has anyway left to it: so that tables share shots."""
        if setting.references == self.weights.references:
            setting = setting._replace(references=None)
        return setting._replace(voxel_size=None) if setting.voxel_size == self.weights.voxel_size else setting

    def _add(
        self, used: tuple[str, str, str], scene: Scene, template: Template, setting: Setting, measures: Measures,
        tune: Rescale | None = None,
    ) -> None:  # fmt: skip
        """One shot of a table's row and scene (id); of a shot that is there already, more may be measured."""
        table, row, id = used
        self.measured[scene.name] = measures = _joined(self.measured.get(scene.name), measures)
        change = Change(setting, self.pace._replace(windows=self.weights.windows and template.windows))
        self.shots[scene.name] = Shot(scene, template.workflow, change, tune, measures)
        self.uses[table][row][id] = scene.name

    def _take_closed(self, entries: list[worldscore.Entry]) -> None:
        template = self.templates[CLOSED]
        self.scenes[CLOSED] = [entry.id for entry in entries]
        for number, entry in enumerate(entries):
            kind = (OUT_AND_BACK, LOOP)[number % 2]
            for table, row, (setting, clips) in self._rows(CLOSED):
                setting = self._setting(setting)
                scene = Scene(
                    _name(entry.id, CLOSED, kind, clips, setting), entry.image, (entry.text + self.weights.ending,), None,
                    loop_path(kind, template.windows, clips), _SEED, None, None,
                )  # fmt: skip
                kinds = ("closing", "camera") if "turn error deg" in TABLES[table].columns else ("closing",)
                self._add((table, row, entry.id), scene, template, setting, Measures(self.meters, kinds))

    def _take_benchmark(self, entries: list[worldscore.Entry]) -> None:
        template = self.templates[BENCHMARK]
        windows, frames = template.windows, template.windows.first
        self.scenes[BENCHMARK] = [entry.id for entry in entries]
        for entry in entries:
            path = worldscore.path_of(entry, frames, template.width, template.height)
            clips = windows.covering(path.count)
            texts = [entry.prompts[_middle(windows, clip, frames, len(entry.motions))] for clip in range(1, clips + 1)]
            image = self._image(entry.id, worldscore.cropped(entry.image, template.width, template.height))
            name = _name(entry.id, BENCHMARK)
            prompts = tuple(dict.fromkeys(texts)) if len(set(texts)) == 1 else tuple(texts)
            scene = Scene(
                name,
                image,
                tuple(text + self.weights.ending for text in prompts),
                _whole(path, windows),
                None,
                _SEED,
                None,
                None,
            )
            for table, row, (setting, _) in self._rows(BENCHMARK):
                instance = Instance(self.output, entry, frames, template.fps)
                self._add(
                    (table, row, entry.id), scene, template, setting, Measures(self.meters, (), instance=instance)
                )

    def _take_filmed(self, videos: list[Filmed], frames: int) -> None:
        template = self.templates[FILMED]
        self.scenes[FILMED] = [video.name for video in videos]
        for video in videos:
            pictures, cameras = video.clip(template.width, template.height, frames)
            image = self._image(video.name, Image.fromarray(pictures[0].numpy()))
            text = f"A view of a home or its surroundings, the camera moves slowly.{self.weights.ending}"
            for table, row, (setting, _) in self._rows(FILMED):
                setting = self._setting(setting)
                scene = Scene(_name(video.name, FILMED, setting), image, (text,), cameras, None, _SEED, None, None)
                shots = self.output / SHOTS
                tune = Rescale(video, template.width, template.height, frames, shots / "scales", shots)
                kinds = ("camera",) if "turn error deg" in TABLES[table].columns else ()
                measures = Measures(self.meters, kinds, video)
                self._add((table, row, video.name), scene, template, setting, measures, tune)

    def _take_listed(self, scenes: list[Scene]) -> None:
        template = self.templates[LISTED]
        self.scenes[LISTED] = [scene.name for scene in scenes]
        for scene in scenes:
            named = scene._replace(name=_name(scene.name, LISTED))
            for table, row, _ in self._rows(LISTED):
                measure = Measures(self.meters, ("revisit",))
                self.uses[table][row][scene.name] = named.name
                self.shots[named.name] = Shot(named, template.workflow, measure=measure)

    def _image(self, id: str, picture: Image.Image) -> Path:
        path = self.output / "images" / f"{_slug(id)}-{_digest(id)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            picture.save(part, "PNG")
        return path


def _joined(known: Measures | None, more: Measures) -> Measures:
    """What two tables want of one shot."""
    return more if known is None else more._replace(kinds=tuple(dict.fromkeys((*known.kinds, *more.kinds))))


def _middle(windows: Windows, clip: int, frames: int, motions: int) -> int:
    """The motion, by number, that the middle of a clip's new frames belongs to."""
    middle = (max(0, windows.frames(clip - 1) - 1) + windows.frames(clip) - 1) / 2
    return min(motions - 1, int(middle // (frames - 1)))


def _whole(path: Cameras, windows: Windows) -> Cameras:
    """A path that fills its last clip: the camera rests at the end, and what it sees there is cut off again."""
    missing = windows.frames(windows.covering(path.count)) - path.count
    return path.select([*range(path.count), *[path.count - 1] * missing])


def _name(id: str, *parts: object) -> str:
    """The name of a shot: something to read, and a digest of all that it is."""
    return f"{_slug(id)}-{_digest(id, *parts)}"


def _slug(id: str) -> str:
    """The last of an id's folders, and its own name."""
    last = "_".join(re.split(r"/|__", id)[-2:])
    return re.sub(r"[^\w-]+", "_", last)[-_SLUG:].strip("_")


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=4).hexdigest()
