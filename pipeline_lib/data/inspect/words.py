"""The words of a dataset's YAML."""

import yaml

UNSURE = " # unsure: "


def flow(value: object) -> str:
    """Return a value as YAML has it within a line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def doubt(words: str | None) -> str:
    """Return the comment of a line that is not sure, "" of one that is."""
    return UNSURE + words if words else ""
