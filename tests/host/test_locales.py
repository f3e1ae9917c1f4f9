"""The translations cover every node, input and output, and name none that is not there."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LANGUAGES = sorted(folder.name for folder in (ROOT / "locales").iterdir())
# English node texts are those of the schema itself; the page falls back to them.
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def texts(section: dict) -> dict[str, str]:
    """{input name: tooltip} of a V1 section of a node's inputs, the inner ones of dynamic combos included."""
    found = {}
    for name, spec in section.items():
        options = spec[1] if len(spec) > 1 else {}
        if "tooltip" in options:
            found[name] = options["tooltip"]
        for option in options.get("options") or [] if spec[0] == "COMFY_DYNAMICCOMBO_V3" else []:
            for inner in option["inputs"].values():
                found |= {f"{name}.{key}": text for key, text in texts(inner).items()}
    return found


def expected(node) -> tuple[set[str], set[str]]:
    """Keys of a node's inputs and outputs that have a tooltip, as the page looks them up."""
    info = node.GET_NODE_INFO_V1()
    inputs = {}
    for section in ("required", "optional"):
        inputs |= texts(info["input"].get(section, {}))
    outputs = {str(place) for place, text in enumerate(info["output_tooltips"] or []) if text}
    return {name.replace(".", "_") for name in inputs}, outputs


def test_english_and_chinese_are_there():
    assert {"en", "zh"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(pack, language):
    translated = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
    nodes = {node.define_schema().node_id: node for node in pack.NODES}
    assert translated.keys() == nodes.keys()
    for kind, node in nodes.items():
        entry = translated[kind]
        assert entry["display_name"] and entry["description"]
        # The page's message format gives these a meaning of their own.
        assert not set("{}@|$") & set(entry["display_name"] + entry["description"]), kind
        inputs, outputs = expected(node)
        assert entry.get("inputs", {}).keys() == inputs, kind
        assert entry.get("outputs", {}).keys() == outputs, kind
        assert all(
            text["tooltip"] for text in [*entry.get("inputs", {}).values(), *entry.get("outputs", {}).values()]
        ), kind


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_help_page_is_translated(pack, language):
    for node in pack.NODES:
        kind = node.define_schema().node_id
        page = ROOT / "js" / "docs" / kind / f"{language}.md"
        english = (ROOT / "js" / "docs" / f"{kind}.md").read_text(encoding="utf-8")
        text = page.read_text(encoding="utf-8")
        assert text.startswith("# ")
        # As many sections, and the same pictures in the same order.
        assert text.count("\n## ") == english.count("\n## "), kind
        assert pictures(text) == pictures(english), kind


def pictures(page: str) -> list[str]:
    return re.findall(r"!\[[^]]*\]\(([^)]*)\)", page)


def test_every_help_page_shows_its_node(pack):
    for node in pack.NODES:
        kind = node.define_schema().node_id
        page = (ROOT / "js" / "docs" / f"{kind}.md").read_text(encoding="utf-8")
        assert pictures(page)[:1] == [f"images/{kind}.jpg"], kind


def test_every_picture_is_there_and_small():
    docs = ROOT / "js" / "docs"
    named = {name for page in docs.rglob("*.md") for name in pictures(page.read_text(encoding="utf-8"))}
    assert named == {path.relative_to(docs).as_posix() for path in (docs / "images").iterdir()}
    for name in named:
        # A window full of points takes more than a node.
        assert (docs / name).stat().st_size <= (120_000 if name.endswith("_editor.jpg") else 25_000), name
