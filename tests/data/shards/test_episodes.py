"""A fold's episodes are the same bytes, whether one job or many shards have encoded its users."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline_lib.data.shards import episodes as shards
from pipeline_lib.data.shards.episodes import gather_episodes
from pipeline_lib.episodes.format import Episodes, Rows, ragged
from pipeline_lib.episodes.subsets import take_users

USERS, FEATURES = 7, 2


def rows_of(users: list[int], part: int) -> Rows:
    """Make rows that differ from user to user; user 3 has no support row."""
    lengths = [(user + 2 * part) % 4 if user != 3 else part for user in users]
    number = [
        100 * user + row for user, count in zip(users, lengths, strict=True) for row in range(count)
    ]
    item = torch.tensor(number, dtype=torch.int64)
    return Rows(ragged(np.array(lengths, dtype=np.int64)), item, item.float() / 8)


def episodes_of(users: list[int]) -> Episodes:
    index = torch.tensor(users, dtype=torch.int64)
    codes = index[:, None] * FEATURES + torch.arange(FEATURES)
    return Episodes(index, codes, codes.float() / 4, rows_of(users, 0), rows_of(users, 1))


@pytest.mark.parametrize("at_once", [1, 3, 100])
@pytest.mark.parametrize(
    "shares", [[range(USERS)], [[0, 4, 6], [], [1, 2, 3, 5]], [[6], range(6)], [[], []]]
)
def test_gathered_episodes_are_the_bytes_of_one_job(
    shares: list[list[int]], at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "USERS_AT_ONCE", at_once)
    files = [tmp_path / f"shard-{number}" for number in range(len(shares))]
    for share, file in zip(shares, files, strict=True):
        episodes_of([*share]).save(file)
    gather_episodes(files, tmp_path / "gathered")
    episodes_of(sorted(user for share in shares for user in share)).save(tmp_path / "one job")
    assert (tmp_path / "gathered").read_bytes() == (tmp_path / "one job").read_bytes()


def test_shards_whose_users_have_fewer_values_of_a_feature_are_padded(tmp_path: Path) -> None:
    """Of users 0 to 3 only user 2 has a second slot, with codes that no other has."""
    whole = episodes_of([0, 1, 2, 3])
    more = torch.zeros_like(whole.codes)
    more[2] = 99
    both = replace(
        whole,
        codes=torch.cat([whole.codes, more], 1),
        values=torch.cat([whole.values, more.float()], 1),
    )
    both.save(tmp_path / "one job")
    files = [tmp_path / "a", tmp_path / "b"]
    episodes_of([0, 3]).save(files[0])
    own = take_users(both, torch.tensor([1, 2]))
    own.save(files[1])
    gather_episodes(files, tmp_path / "gathered")
    assert (tmp_path / "gathered").read_bytes() == (tmp_path / "one job").read_bytes()
