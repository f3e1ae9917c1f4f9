"""Graphs as the server takes them."""


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


def with_defaults(prompt: dict, object_info: dict) -> dict:
    """A graph whose unset widgets take their defaults, as the page sets them."""
    for entry in prompt.values():
        for section in ("required", "optional"):
            for name, spec in object_info[entry["class_type"]]["input"].get(section, {}).items():
                if len(spec) > 1 and "default" in spec[1]:
                    entry["inputs"].setdefault(name, spec[1]["default"])
    return prompt
