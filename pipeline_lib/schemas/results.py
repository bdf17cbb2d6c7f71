"""What a trained method predicts, and how good that is."""

from pipeline_lib.schemas.columns import GROUPS, finite, name, one_of, table

PREDICTIONS = table(
    {
        "user": name(),
        "item": name(),
        "group": one_of(GROUPS),
        "target": finite(),
        "score": finite(),
        "inner_lr": finite(nullable=True),
    },
    unique=["user", "item"],
)
USER_METRICS = table(
    {
        "user": name(unique=True),
        "group": one_of(GROUPS),
        "mse": finite(),
        "ndcg_3": finite(nullable=True),
        "ndcg_5": finite(nullable=True),
    }
)
