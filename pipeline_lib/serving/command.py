"""`python -m pipeline_lib recommend`: ask a model about the users of a CSV file."""

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline_lib.storage.tables import atomic_path

if TYPE_CHECKING:
    from pipeline_lib.serving.requests import UserRequest

DATA = "data"  # where MLflow puts what a model is loaded from


class InputError(Exception):
    """A CSV file cannot be used."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("recommend", help="score and rank items for new users")
    parser.add_argument("--model", type=Path, required=True, help="folder of a model")
    parser.add_argument("--users", type=Path, required=True, help="CSV: user, profile columns")
    parser.add_argument("--support", type=Path, help="CSV: user, item, target")
    parser.add_argument("--candidates", type=Path, help="CSV: item, or user and item")
    parser.add_argument("--top", type=int, help="how many items of each user to write")
    parser.add_argument("--output", type=Path, help="CSV to write; without it, standard output")
    parser.set_defaults(func=_recommend)


def _recommend(arguments: argparse.Namespace) -> int:
    from pipeline_lib.serving.bundle import BundleError
    from pipeline_lib.serving.recommender import load_recommender
    from pipeline_lib.serving.requests import RequestError

    try:
        recommender = load_recommender(_bundle(arguments.model))
        requests = _requests(arguments.users, arguments.support, arguments.candidates)
        answers = recommender.recommend(requests, arguments.top)
    except (BundleError, RequestError, InputError) as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.output is None:
        sys.stdout.write(answers.write_csv())
    else:
        with atomic_path(arguments.output) as temporary:
            answers.write_csv(temporary)
    return 0


def _bundle(model: Path) -> Path:
    inside = model / DATA / "bundle"
    return inside if inside.is_dir() else model


def _requests(users: Path, support: Path | None, candidates: Path | None) -> "list[UserRequest]":
    from pipeline_lib.serving.requests import UserRequest

    profiles = read_csv(users, ["user"])
    known, asked = defaultdict(list), None
    if support:
        rows = read_csv(support, ["user", "item", "target"])
        for line, row in enumerate(rows.to_dicts(), start=2):
            known[row["user"]].append((row["item"], _number(support, line, row["target"])))
        _check_users(support, rows, profiles)
    if candidates:
        asked = _candidates(candidates, profiles)
    return [
        UserRequest(
            row.pop("user") or "",
            row,
            known[name],
            asked[name] if asked is not None else None,
        )
        for row in profiles.to_dicts()
        for name in [row["user"]]
    ]


def _candidates(path: Path, profiles: pl.DataFrame) -> dict[str, list[str]]:
    rows = read_csv(path, ["item"])
    if "user" not in rows.columns:
        return dict.fromkeys(profiles["user"], rows["item"].to_list())
    _check_filled(path, rows, ["user"])
    _check_users(path, rows, profiles)
    found: dict[str, list[str]] = {user: [] for user in profiles["user"]}
    for user, item in rows.select("user", "item").rows():
        found[user].append(item)
    return found


def read_csv(path: Path, needed: list[str]) -> pl.DataFrame:
    """Read a CSV file as texts; raise InputError if a `needed` column is missing or has blanks."""
    try:
        rows = pl.read_csv(path, infer_schema=False, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if missing := [name for name in needed if name not in rows.columns]:
        raise InputError(
            f"{path} has no column {missing[0]!r}; its header is {', '.join(rows.columns)}"
        )
    _check_filled(path, rows, needed)
    return rows


def _check_filled(path: Path, rows: pl.DataFrame, columns: list[str]) -> None:
    for name in columns:
        if blank := rows[name].is_null().arg_true().to_list():
            raise InputError(f"{path}, line {blank[0] + 2}, column {name} is blank; fill it in")


def _check_users(path: Path, rows: pl.DataFrame, profiles: pl.DataFrame) -> None:
    strange = (~rows["user"].is_in(profiles["user"].implode())).arg_true().to_list()
    if strange:
        line, user = strange[0] + 2, rows["user"][strange[0]]
        raise InputError(f"{path}, line {line}: user {user!r} is not in the users' file")


def _number(path: Path, line: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{path}, line {line}, column target: {text!r} is no number") from None
