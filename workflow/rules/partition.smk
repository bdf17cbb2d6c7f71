# Who is cold, in which fold and group; which rows adapt, which judge; then tensors.


rule partition:
    """Choose cold users; split them into folds, groups, support and query."""
    input:
        users=cleaned("users"),
        interactions=cleaned("interactions"),
    output:
        users=f"{HERE}/split/users.parquet",
        interactions=f"{HERE}/split/interactions.parquet",
        dropped=f"{HERE}/split/dropped.parquet",
        record=SPLIT_RECORD,
    log:
        f"{HERE}/logs/partition.log",
    params:
        *code("partition"),
        settings=log_settings,
        group_features=lambda w: dataset_of(w).grouping(),
        partition=partition_settings,
        seed=split_seed,
    script:
        "../scripts/partition.py"


rule encode:
    """Turn a split into tensors: one file a fold, so that training sees no test user."""
    input:
        users=cleaned("users"),
        item_table=cleaned("item_table"),
        events=cleaned("events"),
        report=cleaned("report"),
        split_users=rules.partition.output.users,
        rows=rules.partition.output.interactions,
    output:
        train=f"{HERE}/episodes/train.safetensors",
        validation=f"{HERE}/episodes/validation.safetensors",
        test=f"{HERE}/episodes/test.safetensors",
        catalogue=f"{HERE}/episodes/items.safetensors",
        vocabulary=f"{HERE}/episodes/vocabulary.json",
        train_users=f"{HERE}/episodes/train_users.parquet",
        validation_users=f"{HERE}/episodes/validation_users.parquet",
        names=f"{HERE}/episodes/items.parquet",
    log:
        f"{HERE}/logs/encode.log",
    params:
        *code("encode"),
        settings=log_settings,
    script:
        "../scripts/encode.py"
