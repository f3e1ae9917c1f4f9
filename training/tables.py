"""The paper's tables in kind, on the small bundle: held-out rooms, the real pipeline, fixed seeds.

    COMFYUI_PATH=... python training/tables.py WORK_FOLDER --processes 2

Each scene and setting is one line of JSON in WORK_FOLDER, so an interrupted run goes on where it stopped, and tables share
what they have in common. The CSVs, the page README.md and the contact sheet go to --results (default: bundle/results).
Means are over scenes, with 95 % percentile bootstrap intervals; differences are paired by scene.
"""

import argparse
import csv
import hashlib
import io
import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import make
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
    """Figures by scene and setting, in JSON lines of one folder; every process appends to a file of its own."""

    def __init__(self, folder: Path, own: str, made_with: dict):
        self.folder, self.own, self.made_with = folder, folder / f"rows-{own}.jsonl", made_with
        self.known = {}
        for path in sorted(folder.glob("rows-*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
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
        line = json.dumps(
            {
                "with": self.made_with,
                "measure": measure,
                "kind": kind,
                "seed": seed,
                "setting": setting,
                "figures": figures,
            }
        )
        with self.own.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    @staticmethod
    def _key(*parts) -> str:
        return json.dumps(parts, sort_keys=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder for unfinished figures")
    parser.add_argument(
        "--results", type=Path, default=BUNDLE / "results", help="folder for CSVs, page and contact sheet"
    )
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES), help="in this order")
    parser.add_argument(
        "--scenes",
        type=int,
        help="of each table; default: " + ", ".join(f"{name} {table.scenes}" for name, table in TABLES.items()),
    )
    parser.add_argument("--first-seed", type=int, default=make.HELD_OUT_SEED)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument(
        "--float32", action="store_true", help="compute in float32 even where bfloat16 is fast; twice as long"
    )
    parser.add_argument("--matcher", choices=("auto", "roma", "xfeat", "dense_sift"), default="auto")
    parser.add_argument(
        "--lpips",
        choices=("alex", "vgg", "squeeze"),
        default="alex",
        help="backbone; left out with a note when it is not installed",
    )
    parser.add_argument(
        "--minutes", type=float, help="start no further scene after this; the tables say how many were made"
    )
    parser.add_argument("--processes", type=int, default=1, help="make scenes in so many processes of one thread each")
    parser.add_argument(
        "--part", type=int, nargs=2, metavar=("PART", "OF"), help="make this share of the scenes only, and no tables"
    )
    arguments = parser.parse_args()
    for folder in (arguments.work, arguments.results):
        folder.mkdir(parents=True, exist_ok=True)
    if arguments.part is None and arguments.processes > 1:
        parts = [
            subprocess.Popen([sys.executable, str(Path(__file__).resolve()), *sys.argv[1:], "--part", str(part), str(arguments.processes)])
            for part in range(arguments.processes)
        ]  # fmt: skip
        if any([part.wait() for part in parts]):
            sys.exit("A part failed, see above; what was made is kept, run the same command again to go on.")
    load_host()
    study = Study(arguments)
    if arguments.part is not None or arguments.processes == 1:
        study.make_all()
    if arguments.part is None:
        study.write()


class Study:
    """One run of the command."""

    def __init__(self, arguments):
        import comfy.model_management
        import comfy.utils
        import torch
        from scenes import KINDS, Measures, Setting, held_out_seeds
        from spatia_pack.spatia_core.metrics import MetricUnavailable, load_lpips, load_matcher
        from spatia_pack.spatia_core.precision import cpu_dtype

        comfy.utils.PROGRESS_BAR_ENABLED = False
        comfy.model_management.in_training = False  # measured with the kernels that run at inference
        torch.set_num_threads(1)
        self.arguments, self.notes = arguments, []
        self.dtype = torch.float32 if arguments.float32 else cpu_dtype()
        self.precision = str(self.dtype).removeprefix("torch.")
        self.deadline = math.inf if arguments.minutes is None else time.monotonic() + 60 * arguments.minutes
        matcher = load_matcher(arguments.matcher)
        self.notes.append(f"Match Accuracy by {matcher.name}.")
        try:
            lpips = load_lpips(arguments.lpips)
            self.notes.append(f"LPIPS with {arguments.lpips}.")
        except MetricUnavailable as reason:
            lpips = None
            self.notes.append(f"No LPIPS: {_first_clause(reason)}.")
        self.measures = Measures(matcher, lpips)
        self.settings = {
            name: {row: Setting(**changes) for row, changes in TABLES[name].rows.items()} for name in arguments.tables
        }
        self.count = {name: arguments.scenes or TABLES[name].scenes for name in self.settings}
        most = {
            kind: max((self.count[name] for name in self.settings if TABLES[name].kind == kind), default=0)
            for kind in KINDS
        }
        self.seeds = {kind: held_out_seeds(kind, count, arguments.first_seed) for kind, count in most.items()}
        part = "all" if arguments.part is None else "{}-of-{}".format(*arguments.part)
        self.rows = Rows(arguments.work, part, self._made_with(matcher.name))
        self._maker = None

    def make_all(self) -> None:
        """Make what is not there yet, table by table, scene by scene."""
        import torch

        part, parts = self.arguments.part or (0, 1)
        with torch.inference_mode():
            for name, settings in self.settings.items():
                for seed in self.seeds[TABLES[name].kind][: self.count[name]][part::parts]:
                    if time.monotonic() > self.deadline:
                        print("out of time", flush=True)
                        return
                    self._make_scene(name, settings, seed)

    def _make_scene(self, name: str, settings: dict, seed: int) -> None:
        from scenes import make_scene

        kind = TABLES[name].kind
        missing = [setting for setting in settings.values() if self._unmeasured(kind, seed, setting, only=name)]
        if not missing:
            return
        began, scene = time.perf_counter(), make_scene(kind, seed)
        for setting in missing:
            run = self.maker.run(scene, setting)
            # For every table that wants this video: it is made once.
            for measure in self._unmeasured(kind, seed, setting):
                figures = {key: round(value, 5) for key, value in getattr(self.measures, measure)(scene, run).items()}
                self.rows.add(measure, kind, seed, setting._asdict(), figures)
            if name == "ablation" and seed in self.seeds["closed"][:SHEET_SCENES]:
                self._keep_frames(scene, setting, run)
        print(f"{name}: room {seed}, {len(missing)} settings, {time.perf_counter() - began:.0f} s", flush=True)

    def _unmeasured(self, kind: str, seed: int, setting, only: str | None = None) -> list[str]:
        """Measures of a video that the chosen tables (or only one of them) want and that are not there yet."""
        wanted = []
        for name, settings in self.settings.items():
            table = TABLES[name]
            if (
                only in (None, name)
                and table.kind == kind
                and setting in settings.values()
                and seed in self.seeds[kind][: self.count[name]]
            ):
                wanted.append(table.measure)
        return [
            measure
            for measure in dict.fromkeys(wanted)
            if self.rows.get(measure, kind, seed, setting._asdict()) is None
        ]

    @property
    def maker(self):
        """The loaded bundle, once it is needed."""
        if self._maker is None:
            from pipeline import Pipeline
            from scenes import Maker

            self._maker = Maker(Pipeline(self.arguments.steps, dtype=self.dtype))
        return self._maker

    def figures(self, name: str) -> dict[str, list[dict[str, float]]]:
        """Each row's figures of the scenes that are complete."""
        table, seeds = TABLES[name], self.seeds[TABLES[name].kind][: self.count[name]]
        found = {}
        for row, setting in self.settings[name].items():
            made = {seed: self.rows.get(table.measure, table.kind, seed, setting._asdict()) for seed in seeds}
            found[row] = {seed: figures for seed, figures in made.items() if figures is not None}
        return complete(found)

    def write(self) -> None:
        """CSVs, the page and the contact sheet of all complete scenes."""
        from spatia_pack.spatia_core.files import write_text

        page = [*self._head()]
        for name in self.settings:
            figures = self.figures(name)
            if len(figures) < min(2, len(TABLES[name].rows)):  # nothing to compare yet
                page += [f"## {TABLES[name].title}", "", "Not measured in this run.", ""]
                continue
            write_csv(self.arguments.results / f"{name}.csv", TABLES[name], figures)
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

    def _keep_frames(self, scene, setting, run) -> None:
        import numpy as np
        from spatia_pack.spatia_core.files import replaced

        truth = scene.video.frames[list(SHEET_FRAMES)]
        made = (run.frames[list(SHEET_FRAMES)] * 255).round().byte().numpy()
        with replaced(self._frames_path(scene.seed, setting)) as file:
            np.savez_compressed(file, truth=truth, made=made)

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


def complete(found: dict[str, dict[int, dict[str, float]]]) -> dict[str, list[dict[str, float]]]:
    """Each row's figures of the scenes that all rows have, from figures by row and seed; rows that were not begun are left out."""
    begun = {row: by_seed for row, by_seed in found.items() if by_seed}
    seeds = sorted(set.intersection(*map(set, begun.values()))) if begun else []
    return {row: [by_seed[seed] for seed in seeds] for row, by_seed in begun.items()} if seeds else {}


def interval(figures: list[dict[str, float]], column: str, against: list[dict[str, float]] | None = None):
    """Interval of a column, or of its paired difference, and the number of scenes that have it; None where none has."""
    from spatia_pack.spatia_core.metrics import bootstrap

    pairs = [(row, base) for row, base in zip(figures, against or figures) if column in row and column in base]
    if not pairs:
        return None
    return bootstrap([row[column] - (base[column] if against else 0.0) for row, base in pairs]), len(pairs)


def write_csv(path: Path, table: Table, figures: dict[str, list[dict[str, float]]]) -> None:
    """One line per row and column, with its interval and, where rows are compared, the paired difference's."""
    from spatia_pack.spatia_core.files import write_text

    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(
        (
            "setting",
            "figure",
            "scenes",
            "mean",
            "low",
            "high",
            "compared with",
            "difference",
            "difference low",
            "difference high",
        )
    )
    for row, values in figures.items():
        for column in sorted({column for value in values for column in value}):
            mean, scenes = interval(values, column)
            difference = ("", "", "", "")
            if (
                table.against in figures
                and row != table.against
                and (found := interval(values, column, figures[table.against]))
            ):
                difference = (table.against, *(f"{value:.5g}" for value in found[0]))
            writer.writerow((row, column, scenes, *(f"{value:.5g}" for value in mean), *difference))
    write_text(path, file.getvalue())


def section(name: str, table: Table, figures: dict[str, list[dict[str, float]]]) -> list[str]:
    """The page's lines of one table."""
    columns = [
        column for column in table.columns if any(column in row for values in figures.values() for row in values)
    ]
    scenes = len(next(iter(figures.values())))
    lines = [f"## {table.title}", "", f"{scenes} rooms. {table.note} All figures: [{name}.csv]({name}.csv).", ""]
    if len(figures) == 1 or len(columns) > 10:  # too wide for a page: one line per figure
        lines += ["| | " + " | ".join(figures) + " |", "|---" * (len(figures) + 1) + "|"]
        lines += [
            f"| {column} | " + " | ".join(_cell(values, column) for values in figures.values()) + " |"
            for column in columns
        ]
    else:
        lines += ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        lines += [
            f"| {row} | " + " | ".join(_cell(values, column) for column in columns) + " |"
            for row, values in figures.items()
        ]
    lines.append("")
    if len(figures) < len(table.rows):
        lines += ["Not measured in this run: " + ", ".join(row for row in table.rows if row not in figures) + ".", ""]
    pairs = [] if table.against not in figures else [(row, table.against) for row in figures if row != table.against]
    shown = [row for row in table.rows if row in figures and row != table.against]
    pairs += zip(shown[1:], shown)
    for row, other in pairs:
        if found := interval(figures[row], table.goal, figures[other]):
            apart = not interval(figures[row], table.goal)[0].overlaps(interval(figures[other], table.goal)[0])
            lines.append(
                f"- {table.goal}, {row} minus {other}: {_text(found[0])}; the two means' intervals {'are apart' if apart else 'overlap'}"
            )
    if pairs:
        lines.append("")
    return lines


def _cell(values: list[dict[str, float]], column: str) -> str:
    found = interval(values, column)
    return "" if found is None else _text(found[0])


def _text(value) -> str:
    size = max(abs(value.mean), abs(value.low), abs(value.high))
    digits = 3 if size < 1.5 else 2 if size < 100 else 0
    return f"{value.mean:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def _first_clause(reason: Exception) -> str:
    """What is missing, without where to put it on this machine."""
    return str(reason).split(";")[0].split(" (")[0]


if __name__ == "__main__":
    main()
