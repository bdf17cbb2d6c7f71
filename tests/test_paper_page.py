"""docs/paper.md names files and settings that exist, and shows the YAMLs' values."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import yaml

from pipeline_lib.reporting.drawing.plot import plots
from pipeline_lib.settings.json_schema import json_schemas

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/paper.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`\s]+)`", TEXT)
COLUMNS = ("at-paml", "reg-paml", "paml")  # of Table 7
TABLE_7 = [
    *("embedding_size", "hidden", "lr_hidden", "outer_lr", "epochs", "users_per_batch"),
    *("memory_size", "warmup_epochs", "warmup_lr", "neighbours", "neighbours_at_inference"),
    *("delta", "gamma"),
]
READINGS = ROOT / "docs/readings.csv"
ROW = re.compile(r"^\| `(\w+)` \|(.*)\|$", re.MULTILINE)


def read(path: str) -> Any:  # noqa: ANN401 - whatever it holds
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_every_file_that_is_named_exists() -> None:
    named = [name for name in QUOTED if "/" in name and "<" not in name]
    assert len(named) > 30
    assert [name for name in named if not (ROOT / name).is_file()] == []


def options(schema: Any) -> dict[str, set[str]]:  # noqa: ANN401 - a part of a JSON schema
    """By key, the words that settings files may have for it; none where it takes anything else."""
    found: dict[str, set[str]] = {}
    own = schema.get("properties", {}) if isinstance(schema, dict) else {}
    for key, described in own.items():
        for kind in described.get("anyOf", [described]):
            words = kind.get("enum", [kind["const"]] if "const" in kind else [])
            found.setdefault(key, set()).update(map(str, words))
    parts = schema.values() if isinstance(schema, dict) else schema
    for part in parts if isinstance(schema, dict | list) else ():
        for key, words in options(part).items():
            found.setdefault(key, set()).update(words)
    return found


def test_every_method_that_is_named_exists() -> None:
    named = [name for name in QUOTED if re.fullmatch(r"[a-z]+(-\w+)+", name)]
    assert len(named) >= 6
    assert [name for name in named if not (ROOT / f"config/methods/{name}.yaml").is_file()] == []


def test_every_setting_and_value_that_is_named_exists() -> None:
    known = options(json_schemas())
    words = set().union(*known.values())
    named = {name for name in QUOTED if re.fullmatch(r"\w+", name)}
    assert len(named) > 25
    assert named - known.keys() - words == set()
    pairs = re.findall(r"`(\w+): (\w+)`", TEXT)
    assert len(pairs) >= 6
    for key, word in pairs:
        assert word in known[key], (key, word)


def shown(value: object) -> str:
    """A setting as a table has it: numbers as JSON, lists and shares without their brackets."""
    listed = list(value.values()) if isinstance(value, dict) else value
    return json.dumps(listed).strip("[]").replace("e-0", "e-")


def numbers(cell: str) -> list[float]:
    """The numbers of a cell, less the d that a network ends in and what stands in brackets."""
    text = re.sub(r"\(.*\)|, then \S+", "", cell).replace("10,000", "10000")
    return [float(number) for number in text.split(", ")]


def section(title: str) -> list[tuple[str, list[str]]]:
    """The rows of a section's tables of settings: the key, then the cells."""
    text = TEXT.split(f"## {title}")[1].split("\n## ")[0]
    return [(key, [cell.strip() for cell in rest.split("|")]) for key, rest in ROW.findall(text)]


def test_table_7_shows_the_settings_as_they_are() -> None:
    """Ours are the paper's, but for the rate of the warm-up, of which it prints two."""
    paper, methods = read("config/paper.yaml"), []
    for name in COLUMNS:
        changed = {k: v for k, v in paper["override"].get(name, {}).items() if k != "index"}
        methods.append(paper["network"] | read(f"config/methods/{name}.yaml") | changed)
    rows = section("Table 7")
    assert [key for key, _ in rows] == TABLE_7
    for key, (printed, *ours) in rows:
        assert [shown(own[key]) if key in own else "" for own in methods] == ours, key
        each = printed.split(" / ") if " / " in printed else [printed] * len(methods)
        for value, own in zip(each, ours, strict=True):
            assert not own or (numbers(value) == numbers(own)) is (key != "warmup_lr"), key


def test_settings_of_the_text_are_those_of_their_files() -> None:
    rows = section("What Table 7 lacks")
    assert len(rows) >= 15
    for key, (printed, ours, where) in rows:
        own = read(where.strip("`"))
        assert shown((own.get("partition", {}) | own)[key]) == ours, key
        assert numbers(printed) == numbers(ours), key


def test_every_table_and_figure_of_the_paper_is_there() -> None:
    for number in range(1, 8):
        assert re.search(rf"Tables? [\d to]*{number}\b", TEXT), number
    for name, plot in plots().items():
        assert not plot.paper or f"reporting/figures/{name}.py" in TEXT, name
    drawn = {number for plot in plots().values() for number in re.findall(r"\d+", plot.paper or "")}
    assert drawn == {str(number) for number in range(3, 12)}
    assert drawn <= set(re.findall(r"\d+", " ".join(re.findall(r"\| Figures? .*", TEXT))))


def test_the_readings_are_those_of_their_file() -> None:
    with READINGS.open(encoding="utf-8") as file:
        measured = {
            (row["dataset"], row["method"]): [
                f"{float(row[name]):.3f}" for name in ("mse", "ndcg_3")
            ]
            for row in csv.DictReader(file)
        }
    text = TEXT.split("## One seed of the readings")[1].split("\n## ")[0]
    shown = [
        [cell.strip(" `") for cell in line[1:-1].split("|")]
        for line in re.findall("^[|].*", text, re.M)
    ][2:]
    assert {name for _, name in measured} == {row[1] for row in shown}
    for _, name, *numbers in shown:
        both = (measured[d, name] for d in ("movielens", "bookcrossing"))
        assert numbers == [number for own in both for number in own], name


def test_every_error_that_is_named_was_printed_or_measured() -> None:
    """Those of the paper are in its results, ours on the page that a rule writes or in readings."""
    sources = ("workflow/resources/paper_results.yaml", "docs/results.md")
    known = "".join((ROOT / path).read_text(encoding="utf-8") for path in sources)
    known += re.sub(r"(\d\.\d{6})", lambda m: f"{float(m[1]):.3f}", READINGS.read_text("utf-8"))
    named = set(re.findall(r"\b\d\.\d{3}\b", TEXT))
    assert len(named) >= 7
    assert {number for number in named if number not in known} == set()


def test_every_table_is_whole() -> None:
    """A blank line within would make text of what follows."""
    tables = re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE)
    assert len(tables) >= 7
    for table in tables:
        header, line, *rows = table.splitlines()
        assert line.startswith("| :"), header
        assert {row.count("|") for row in rows} == {header.count("|")}, header
