"""Methods whose training was stopped are compared with nothing, and named."""

import pytest

from pipeline_lib.evaluation.compare import EvaluatedTrial
from pipeline_lib.evaluation.stopped import NoMethodLeftError
from tests.evaluation.trials import METHODS, MSE, comparison, every_trial, trial


def stop(found: EvaluatedTrial, why: str) -> EvaluatedTrial:
    """Let a trial have been stopped in training."""
    stopped = {"users": 0, "metrics": {}, "counted": {}, "one_score": {}, "stopped": why}
    evaluation = found.evaluation.model_copy(update=stopped)
    return EvaluatedTrial(evaluation, found.users.clear())


def some_stopped(*names: str) -> list[EvaluatedTrial]:
    """Let the second seed of some methods, or their only one, have been stopped."""
    trials = [
        trial(method, seed, {"mse": mse})
        for method, values in MSE.items()
        for seed, mse in enumerate(values)
    ]
    last = {name: min(len(MSE[name]) - 1, 1) for name in names}
    return [
        stop(t, "epoch 3: too large") if last.get(t.evaluation.method) == t.evaluation.seed else t
        for t in trials
    ]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_with_a_stopped_seed_is_left_out_of_everything_and_named(name: str) -> None:
    """The rest is what a run without that method has."""
    found = comparison(some_stopped(name))
    (left_out,) = found.stopped
    assert (left_out.name, left_out.label) == (name, METHODS[name].label)
    assert left_out.seeds == [*range(len(MSE[name]))]
    which = min(len(MSE[name]) - 1, 1)
    assert left_out.note == (
        f"{METHODS[name].label} is left out. Seed {which} was stopped in epoch 3: too large."
    )
    others = comparison([t for t in some_stopped() if t.evaluation.method != name])
    assert found.model_copy(update={"stopped": []}) == others
    assert [m.name for m in found.all_methods] == [*(m for m in METHODS if m != name), name]


def test_without_a_stop_the_file_has_no_word_of_it() -> None:
    assert "stopped" not in comparison(every_trial()).model_dump_json()


def test_where_all_methods_were_stopped_the_error_names_each() -> None:
    with pytest.raises(NoMethodLeftError, match="movielens: there is no method") as caught:
        comparison(some_stopped(*METHODS))
    assert all(f"{own.label} is left out. Seed " in str(caught.value) for own in METHODS.values())
