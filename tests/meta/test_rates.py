"""Inner learning rates: what has one, where they start, and what is reported of them."""

import pytest
import torch

from tests.worlds import ADAPTS, CASES, Adapt, Setup

torch.set_num_threads(1)  # on tensors this small a second thread only waits


@pytest.mark.parametrize("adapt", ADAPTS)
def test_every_weight_that_adapts_has_a_rate_and_all_start_alike(adapt: Adapt) -> None:
    learner = Setup("meta-sgd", adapt=adapt, rate=0.25).fresh()
    adapting = dict(learner.network.named_parameters())
    if adapt == "decision":
        adapting = {n: p for n, p in adapting.items() if "_values" not in n}
    rates = [p for n, p in learner.named_parameters() if n.startswith("weight_rates.")]
    assert sorted(r.shape for r in rates) == sorted(p.shape for p in adapting.values())
    assert all((r == 0.25).all() for r in rates)


def test_a_rate_is_reported_where_a_user_has_one() -> None:
    batch = Setup().world(*CASES["three blocks"]).batch()
    rates = {
        kind: Setup(kind, rate=0.1).learner().predict(batch).diagnostics.get("inner_lr")
        for kind in ("melu", "paml", "meta-sgd")
    }
    assert rates["meta-sgd"] is None
    assert rates["melu"] is not None
    assert rates["melu"].tolist() == [0.1] * len(batch)
    assert rates["paml"] is not None
    assert ((rates["paml"] > 0) & (rates["paml"] < 0.1)).all()
    profiles = torch.cat((batch.codes, batch.values), 1)
    assert len(rates["paml"].unique()) == len(profiles.unique(dim=0))
