"""Profiles of users of whom nothing is known: all have the constant of training."""

import torch

from pipeline_lib.serving.bundle import Profile
from pipeline_lib.serving.profiles import ProfileReader


def test_users_without_features_have_the_constant() -> None:
    profile = Profile.model_validate({"features": {}, "blank": (), "items": (), "target": {}})
    reader = ProfileReader(profile, {"constant": ["constant"]})
    assert reader.columns == []
    codes, values, notes = reader.read([{}, {}, {}])
    assert torch.equal(codes, torch.ones(3, 1, dtype=torch.int64))
    assert torch.equal(values, torch.ones(3, 1, dtype=torch.float64))
    assert notes == [[], [], []]
