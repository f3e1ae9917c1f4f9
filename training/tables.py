"""The paper's tables in kind, on the small bundle: held-out rooms, the real pipeline, fixed seeds.

    COMFYUI_PATH=... python training/tables.py WORK_FOLDER --workers 2

Scenes are made by workers of one thread each (workers.py), a table's at a time; one that fails three times is reported, and
left out. Each scene and setting is one line of JSON in WORK_FOLDER, so an interrupted run goes on where it stopped, and
tables share what they have in common. The CSVs, the page README.md and the contact sheet go to --results (default: bundle/results).
Means are over scenes, with 95 % percentile bootstrap intervals; differences are paired by scene.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

import make
import workers
from make_decoupled import FILES
from startup import BUNDLE, load_host

SHEET_FRAMES = (0, 8, 16, 24, 32, 40)
SHEET_SCENES = 2
MAX_SHEET_BYTES = 150_000


class Table(NamedTuple):
    """kind: of scene. measure: of scenes.Measures. rows: name -> what differs from the default Setting. columns: what the page
    shows. against: the row that the others are compared with, on column `goal`. scenes: of a default run."""

    title: str
    kind: str
    measure: str
    rows: dict[str, dict]
    columns: tuple[str, ...]
    against: str | None
    goal: str
    scenes: int
    note: str


_CLOSED = ("psnr_c", "ssim_c", "lpips_c", "match_c", "colour_c", "psnr", "ssim")
_ABLATION = {
    "neither": {"projection": False, "references": 0},
    "references only": {"projection": False},
    "projection only": {"references": 0},
    "both": {},
}
_EXACT = {"depth": "exact"}
_AGAIN = {"clip_count": 6}

TABLES = {
    "ablation": Table(
        "Projection and references (paper, Table 4)", "closed", "closed", _ABLATION, _CLOSED, "neither", "psnr_c", 50,
        "Closed paths (out and back, loops) in two clips; the last frame against the given image. psnr and ssim: all generated frames "
        "against the ray-cast truth. The memory's depth is the bundled network's. "
        "Without a projection the network is not told the camera's path.",
    ),
    "camera": Table(
        "Camera accuracy", "closed", "camera", _ABLATION | {"both, exact depth": _EXACT}, ("turn deg", "shift cm", "below 5 deg"), "neither", "turn deg", 16,
        "Pose of generated frames 12, 20 and 32 by dense photometric alignment with the true room, against the requested pose; "
        "the median of a video's three. On true renders the method errs by less than 0.2 degrees and 1 cm. A wrong scale of the depth shows as a shift. below 5 deg: share of rooms; a few alignments that go astray pull the means.",
    ),
    "references": Table(
        "Number of references (paper, Table 5)", "closed", "closed",
        {
            "K = 0": {"references": 0}, "K = 1": {"references": 1}, "K = 3": {"references": 3}, "K = 4": {},
            "K = 5": {"references": 5, "every": 3}, "K = 7": {"references": 7, "every": 3},
        },
        (*_CLOSED, "references used"), "K = 0", "psnr_c", 16,
        "The small bundle was trained with at most 4. With K = 5 and 7 every third frame asks for a reference, else every sixth; "
        "an earlier frame is taken once, so fewer may be used.",
    ),
    "clips": Table(
        "Walking the same path again (paper, Table 6)", "again", "again",
        {"with memory": _AGAIN, "backbone continued": _AGAIN | _ABLATION["neither"]},
        tuple(f"{name} clip {clip}" for name in ("psnr_c", "ssim_c", "lpips_c", "match_c") for clip in (2, 4, 6))
        + tuple(f"{name} clip {clip}" for name in ("psnr", "colour shift") for clip in range(1, 7)),
        "backbone continued", "psnr_c clip 6", 8,
        "A closed path walked three times, two clips each. psnr and colour shift (8-bit steps): a clip's new frames against the truth. "
        "The backbone is continued from its last 9 frames, without projection and references.",
    ),
    "retrieval": Table(
        "Retrieval and visibility", "closed", "closed",
        {
            "paper IoU, precise": _EXACT, "paper IoU, 1-pixel": _EXACT | {"visibility": "release"},
            "release matching, 1-pixel": _EXACT | {"retrieval": "release_hungarian"},
            "release matching, precise": _EXACT | {"retrieval": "release_hungarian", "visibility": "precise"},
        },
        (*_CLOSED, "references used", "retrieve s"), "paper IoU, precise", "psnr", 12,
        "Exact depth. The release matches one to one without a threshold and sees by a 1-pixel z-buffer.",
    ),
    "visibility": Table(
        "What the cameras of the second clip see of the cloud", "closed", "visibility", {"exact depth": _EXACT},
        tuple(f"{what}, {mode}" for what in ("hidden % of seen", "missed % of visible") for mode in ("precise", "release")),
        None, "", 12, "Against visibility by the exact depth.",
    ),
    "voxels": Table(
        "Voxel size (paper, Table 7)", "closed", "closed",
        {f"{size:g} m": {"voxel_size": size} for size in (0.01, 0.02, 0.03, 0.05, 0.07)}, _CLOSED, "0.01 m", "psnr", 12,
        "Trained with 0.02 m and drawn with the same point radius throughout.",
    ),
    "update": Table(
        "Update or rebuild", "again", "again", {"incremental": {"clip_count": 4}, "rebuilt each round": {"clip_count": 4, "rebuild": True}},
        ("psnr_c clip 4", "psnr clip 2", "psnr clip 3", "psnr clip 4", "points", *(f"update s clip {clip}" for clip in range(1, 5))),
        "rebuilt each round", "psnr clip 4", 6,
        "Two walks of a closed path, four clips. Rebuilt: the cloud is made from all frames so far after every clip. Seconds include the depth network.",
    ),
    "moving": Table(
        "A moving box", "moving", "moving",
        {
            "exact masks": _EXACT | {"moving": "exact"}, "masks found by the update": _EXACT, "found, depth by the network": {},
            "no masks, no check": _EXACT | {"moving": "none"},
        },
        ("psnr static", "psnr", "likeness moving", "likeness frozen", "moves", "left its place", "box points", "points"),
        "no masks, no check", "psnr static", 16,
        "likeness: cosine of what differs from the empty room, to the true video and to one whose box stays where it was; moves: share of scenes "
        "where the former is higher. left its place: share of pixels the box has left in truth that show the room. box points: the "
        "cloud's points on the box at any of its places; with the network's depth the box's points may lie elsewhere and escape this count.",
    ),
}  # fmt: skip


class Rows:
    """Figures by scene and setting, in JSON lines of a folder. One process at a time appends to them."""

    def __init__(self, folder: Path, made_with: dict):
        self.path, self.made_with, self.known = folder / "rows.jsonl", made_with, {}
        text = self.path.read_text(encoding="utf-8") if self.path.is_file() else ""
        self._whole = text.endswith("\n") or not text
        for line in text.splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue  # cut off while it was written: made again
            if row["with"] == made_with:
                self.known[self._key(row["measure"], row["kind"], row["seed"], row["setting"])] = row["figures"]

    def get(self, measure: str, kind: str, seed: int, setting: dict) -> dict[str, float] | None:
        return self.known.get(self._key(measure, kind, seed, setting))

    def add(self, measure: str, kind: str, seed: int, setting: dict, figures: dict[str, float]) -> None:
        self.known[self._key(measure, kind, seed, setting)] = figures
        row = {
            "with": self.made_with, "measure": measure, "kind": kind, "seed": seed, "setting": setting, "figures": figures,
        }  # fmt: skip
        with self.path.open("a", encoding="utf-8") as file:
            # What was cut off stays a line of its own.
            file.write(("" if self._whole else "\n") + json.dumps(row) + "\n")
        self._whole = True

    @staticmethod
    def _key(*parts) -> str:
        return json.dumps(parts, sort_keys=True)


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root.add_argument("work", type=Path, help="folder for unfinished figures")
    root.add_argument(
        "--results", type=Path, default=BUNDLE / "results", help="folder for CSVs, page and contact sheet"
    )
    root.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES), help="in this order")
    root.add_argument(
        "--scenes",
        type=int,
        help="of each table; default: " + ", ".join(f"{name} {table.scenes}" for name, table in TABLES.items()),
    )
    root.add_argument("--first-seed", type=int, default=make.HELD_OUT_SEED)
    root.add_argument("--steps", type=int, default=2)
    root.add_argument(
        "--float32", action="store_true", help="compute in float32 even where bfloat16 is fast; twice as long"
    )
    root.add_argument("--matcher", choices=("auto", "roma", "xfeat", "dense_sift"), default="auto")
    root.add_argument(
        "--lpips",
        choices=("alex", "vgg", "squeeze"),
        default="alex",
        help="backbone; left out with a note when it is not installed",
    )
    root.add_argument(
        "--minutes", type=float, help="start no further scene after this; the tables say how many were made"
    )
    workers.add_options(root, "the scenes, of one thread each")
    return root


def main() -> int:
    arguments = parser().parse_args()
    for folder in (arguments.work, arguments.results):
        folder.mkdir(parents=True, exist_ok=True)
    load_host()
    from spatia_pack.spatia_core.errors import SpatiaError
    from spatia_pack.spatia_core.files import locked

    from tools.console import RunError

    try:
        with locked(arguments.work / "tables.lock", 0) as ours:
            if not ours:
                raise RunError(f"Another run makes tables in {arguments.work}; wait for it, or give another folder.")
            study = Study(arguments)
            failed = study.make_missing()
            study.write()
    except (SpatiaError, RunError) as error:
        print(f"tables.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 1 if failed else 0


def measures_of(arguments: argparse.Namespace) -> tuple:
    """scenes.Measures of the options, and what the page says of them."""
    from scenes import Measures
    from spatia_pack.spatia_core.metrics import MetricUnavailable, load_lpips, load_matcher

    matcher = load_matcher(arguments.matcher)
    try:
        lpips, note = load_lpips(arguments.lpips), f"LPIPS with {arguments.lpips}."
    except MetricUnavailable as reason:
        lpips, note = None, f"No LPIPS: {_first_clause(reason)}."
    return Measures(matcher, lpips), [f"Match Accuracy by {matcher.name}.", note]


def precision_of(arguments: argparse.Namespace):
    """The torch dtype that the networks compute in."""
    import torch
    from spatia_pack.spatia_core.precision import cpu_dtype

    return torch.float32 if arguments.float32 else cpu_dtype()


class Video(NamedTuple):
    """A video that is missing. setting: of scenes.Setting, measures: of scenes.Measures. frames: where to keep its frames, or None."""

    setting: dict
    measures: list[str]
    frames: Path | None


def scene_maker(arguments: argparse.Namespace):
    """What makes a scene's videos and measures them, in a process of its own.

    It takes (kind, seed, when to begin nothing more in seconds of time.time(), the fields of each Video), and gives each
    video's figures by measure; None after that time.
    """
    import comfy.model_management
    import comfy.utils
    import torch
    from pipeline import Pipeline
    from scenes import Maker, Setting, make_scene

    comfy.utils.PROGRESS_BAR_ENABLED = False
    comfy.model_management.in_training = False  # measured with the kernels that run at inference
    torch.set_num_threads(1)
    measures, _ = measures_of(arguments)
    maker = Maker(Pipeline(arguments.steps, dtype=precision_of(arguments)))

    def make(work: tuple[str, int, float, list[tuple]]) -> list[dict[str, dict[str, float]]] | None:
        kind, seed, deadline, videos = work
        if time.time() > deadline:
            return None
        scene, found = make_scene(kind, seed), []
        with torch.inference_mode():
            for setting, names, frames in videos:
                run = maker.run(scene, Setting(**setting))
                figures = {name: getattr(measures, name)(scene, run) for name in names}
                found.append({
                    name: {key: round(value, 5) for key, value in row.items()} for name, row in figures.items()
                })  # fmt: skip
                if frames is not None:
                    keep_frames(frames, scene, run)
        return found

    return make


def keep_frames(path: Path, scene, run) -> None:
    """The frames of a video that the contact sheet shows, with the truth's."""
    import numpy as np
    from spatia_pack.spatia_core.files import replaced

    truth = scene.video.frames[list(SHEET_FRAMES)]
    made = (run.frames[list(SHEET_FRAMES)] * 255).round().byte().numpy()
    with replaced(path) as file:
        np.savez_compressed(file, truth=truth, made=made)


class Study:
    """One run of the command: what it asks for, what of that is there, and the page."""

    def __init__(self, arguments: argparse.Namespace):
        from scenes import KINDS, Setting, held_out_seeds

        self.arguments = arguments
        arguments.work = arguments.work.resolve()  # paths in it are told to other processes
        self.precision = str(precision_of(arguments)).removeprefix("torch.")
        measures, self.notes = measures_of(arguments)
        self.settings = {
            name: {row: Setting(**changes) for row, changes in TABLES[name].rows.items()} for name in arguments.tables
        }
        self.count = {name: arguments.scenes or TABLES[name].scenes for name in self.settings}
        most = {
            kind: max((self.count[name] for name in self.settings if TABLES[name].kind == kind), default=0)
            for kind in KINDS
        }
        self.seeds = {kind: held_out_seeds(kind, count, arguments.first_seed) for kind, count in most.items()}
        self.rows = Rows(arguments.work, self._made_with(measures.matcher.name))

    def make_missing(self) -> list:
        """Make what is not there yet, table by table, scene by scene; the jobs that failed."""
        minutes = self.arguments.minutes
        deadline = float("inf") if minutes is None else time.time() + 60 * minutes
        jobs = [
            workers.Job(f"{name}, room {seed}", (TABLES[name].kind, seed, deadline, [tuple(video) for video in videos]))
            for name, seed, videos in self._missing()
        ]
        late = []

        def ended(outcome: workers.Outcome) -> None:
            if outcome.error:
                return
            kind, seed, _, videos = outcome.job.work
            if outcome.result is None:
                late.append(outcome.job)
                return
            for (setting, *_), figures in zip(videos, outcome.result, strict=True):
                for measure, row in figures.items():
                    self.rows.add(measure, kind, seed, setting, row)

        failed = workers.run(self.arguments, "tables.scene_maker", jobs, threads=1, ended=ended)
        if late:
            print(f"Out of time: {len(late)} scenes of tables were not begun.", flush=True)
        return failed

    def _missing(self) -> list[tuple[str, int, list[Video]]]:
        """(table, seed, its videos), in the order of the tables. A video that several tables want is the first one's, for all of them."""
        found, taken = [], set()
        for name, settings in self.settings.items():
            kind = TABLES[name].kind
            for seed in self.seeds[kind][: self.count[name]]:
                videos = []
                for setting in settings.values():
                    measures = self._unmeasured(kind, seed, setting)
                    if TABLES[name].measure in measures and (kind, seed, setting) not in taken:
                        taken.add((kind, seed, setting))
                        shown = setting in self.settings.get("ablation", {}).values() and kind == "closed"
                        first = seed in self.seeds[kind][:SHEET_SCENES]
                        frames = self._frames_path(seed, setting) if shown and first else None
                        videos.append(Video(setting._asdict(), measures, frames))
                if videos:
                    found.append((name, seed, videos))
        return found

    def _unmeasured(self, kind: str, seed: int, setting) -> list[str]:
        """Measures of a video that the chosen tables want and that are not there yet."""
        wanted = [
            TABLES[name].measure
            for name, settings in self.settings.items()
            if TABLES[name].kind == kind
            and setting in settings.values()
            and seed in self.seeds[kind][: self.count[name]]
        ]
        return [
            measure
            for measure in dict.fromkeys(wanted)
            if self.rows.get(measure, kind, seed, setting._asdict()) is None
        ]

    def figures(self, name: str) -> dict[str, list[dict[str, float]]]:
        """Each row's figures of the scenes that are complete."""
        from spatia_pack.spatia_core.metrics.figure_tables import complete

        table, seeds = TABLES[name], self.seeds[TABLES[name].kind][: self.count[name]]
        found = {}
        for row, setting in self.settings[name].items():
            made = {seed: self.rows.get(table.measure, table.kind, seed, setting._asdict()) for seed in seeds}
            found[row] = {seed: figures for seed, figures in made.items() if figures is not None}
        return complete(found)

    def write(self) -> None:
        """CSVs, the page and the contact sheet of all complete scenes."""
        from spatia_pack.spatia_core.files import write_text
        from spatia_pack.spatia_core.metrics.figure_tables import table_csv

        page = [*self._head()]
        for name in self.settings:
            figures = self.figures(name)
            if len(figures) < min(2, len(TABLES[name].rows)):  # nothing to compare yet
                page += [f"## {TABLES[name].title}", "", "Not measured in this run.", ""]
                continue
            write_text(self.arguments.results / f"{name}.csv", table_csv(figures, TABLES[name].against))
            page += section(name, TABLES[name], figures)
            if name == "ablation":
                page += self._sheet()
        write_text(self.arguments.results / "README.md", "\n".join(page).rstrip() + "\n")

    def _head(self) -> list[str]:
        return [
            "# Tables", "",
            f"Made by `training/tables.py` with the weights of `bundle/` ({self.rows.made_with['weights']}), {self.arguments.steps} steps, {self.precision}, "
            f"192x128 pixels, rooms from seed {self.arguments.first_seed} on, which no training saw. Means over rooms with 95 % bootstrap intervals; "
            "differences are paired by room. " + " ".join(self.notes),
            "",
        ]  # fmt: skip

    def _made_with(self, matcher: str) -> dict:
        digest = hashlib.sha256()
        for path in sorted(BUNDLE.glob("spatia_small_*.safetensors")):
            if path.name not in FILES.values():  # the decoupled branches take no part
                digest.update(path.read_bytes())
        return {
            "weights": digest.hexdigest()[:12],
            "steps": self.arguments.steps,
            "float32": self.precision == "float32",
            "matcher": matcher,
        }

    def _frames_path(self, seed: int, setting) -> Path:
        key = json.dumps([self.rows.made_with, setting._asdict()], sort_keys=True)
        return self.arguments.work / f"frames-{seed}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.npz"

    def _sheet(self) -> list[str]:
        """The page's lines about the contact sheet, written to the results; none where its frames are not there."""
        import numpy as np
        from PIL import Image
        from scenes import write_picture

        shown = {row: setting for row, setting in self.settings["ablation"].items() if row in _ABLATION}
        lines, seeds = [], []
        for seed in self.seeds["closed"][:SHEET_SCENES]:
            paths = [self._frames_path(seed, setting) for setting in reversed(shown.values())]
            if not all(path.exists() for path in paths):
                continue
            seeds.append(seed)
            videos = [np.load(paths[0])["truth"], *(np.load(path)["made"] for path in paths)]
            lines += [np.concatenate(list(video), axis=1) for video in videos]
        if not lines:
            return []
        picture, path = Image.fromarray(np.concatenate(lines)), self.arguments.results / "closed_loop.jpg"
        for quality in range(90, 20, -5):
            write_picture(picture, path, quality=quality, optimize=True)
            if path.stat().st_size <= MAX_SHEET_BYTES:
                break
        return [
            "![A closed loop with and without memory](closed_loop.jpg)", "",
            f"Rooms {', '.join(map(str, seeds))}; of each, from above: the truth, {', '.join(reversed(shown))}; frames {', '.join(map(str, SHEET_FRAMES))}.", "",
        ]  # fmt: skip


def section(name: str, table: Table, figures: dict[str, list[dict[str, float]]]) -> list[str]:
    """The page's lines of one table."""
    from spatia_pack.spatia_core.metrics.figure_tables import Comparison, table_lines

    scenes = len(next(iter(figures.values())))
    return [
        f"## {table.title}", "", f"{scenes} rooms. {table.note} All figures: [{name}.csv]({name}.csv).", "",
        *table_lines(Comparison(tuple(table.rows), table.columns, table.against, table.goal), figures),
    ]  # fmt: skip


def _first_clause(reason: Exception) -> str:
    """What is missing, without where to put it on this machine."""
    return str(reason).split(";")[0].split(" (")[0]


if __name__ == "__main__":
    sys.exit(main())
