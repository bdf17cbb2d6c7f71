# Who is cold, in which fold and group; which rows adapt, which judge; then tensors.


rule partition:
    input:
        users=rules.clean.output.users,
        interactions=rules.clean.output.interactions,
    output:
        users=f"{HERE}/split/users.parquet",
        interactions=f"{HERE}/split/interactions.parquet",
        dropped=f"{HERE}/split/dropped.parquet",
        record=f"{HERE}/split/split.json",
    log:
        f"{HERE}/logs/partition.log",
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        group_features=lambda w: settings.datasets[w.dataset].grouping(),
        partition=lambda w: settings.datasets[w.dataset].partition.model_dump(
            mode="json"
        ),
        seed=settings.run.split_seed,
        code=code("partition"),
    script:
        "../scripts/partition.py"


rule encode:
    input:
        users=rules.clean.output.users,
        item_table=rules.clean.output.item_table,
        events=rules.clean.output.events,
        report=rules.clean.output.report,
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
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("encode"),
    script:
        "../scripts/encode.py"


if settings.run.shards > 1:

    include: "shards.smk"
