# A log too big for a node: cleaned and encoded in shards of users, to the same bytes as by one job.


scattergather:
    shards=settings.run.shards,


ruleorder: gather_clean > clean
ruleorder: fit_vocabulary > encode
ruleorder: gather_episodes > encode


rule clean_items:
    """List the items, which belong to no shard: all shards need to know which there are."""
    input:
        raw_files,
    output:
        temp(f"{HERE}/clean/shards/items.parquet"),
    log:
        f"{HERE}/logs/clean/items.log",
    params:
        *code("clean_items"),
        *raw_checksums(),
        settings=log_settings,
    script:
        "../scripts/clean_items.py"


rule clean_shard:
    """Clean one shard of raw logs: what belongs to some of the users."""
    input:
        raw=raw_files,
        listed=rules.clean_items.output[0],
    output:
        temp(directory(f"{HERE}/clean/shards/{{scatteritem}}")),
    log:
        f"{HERE}/logs/clean/{{scatteritem}}.log",
    params:
        *code("clean_shard"),
        *raw_checksums(),
        settings=log_settings,
    script:
        "../scripts/clean_shard.py"


rule gather_clean:
    """Join the shards' clean tables; keep the rows rejected, with the reason."""
    input:
        raw=raw_files,
        shards=gather.shards(rules.clean_shard.output[0], allow_missing=True),
    output:
        **dict(rules.clean.output.items()),
    log:
        rules.clean.log[0],
    params:
        *code("gather_clean"),
        *raw_checksums(),
        settings=log_settings,
    script:
        "../scripts/gather_clean.py"


rule fit_vocabulary:
    """Fit values, scales and rates, which are those of all training users; encode the items."""
    input:
        **dict(rules.encode.input.items()),
    output:
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        train_users=rules.encode.output.train_users,
        validation_users=rules.encode.output.validation_users,
        names=rules.encode.output.names,
    log:
        f"{HERE}/logs/encode/vocabulary.log",
    params:
        *code("fit_vocabulary"),
        settings=log_settings,
    script:
        "../scripts/fit_vocabulary.py"


rule encode_shard:
    """Turn a shard of a split into tensors: one file a fold."""
    input:
        users=rules.clean.output.users,
        split_users=rules.partition.output.users,
        rows=rules.partition.output.interactions,
        vocabulary=rules.fit_vocabulary.output.vocabulary,
        names=rules.fit_vocabulary.output.names,
    output:
        train=temp(f"{HERE}/episodes/shards/{{scatteritem}}/train.safetensors"),
        validation=temp(
            f"{HERE}/episodes/shards/{{scatteritem}}/validation.safetensors"
        ),
        test=temp(f"{HERE}/episodes/shards/{{scatteritem}}/test.safetensors"),
    log:
        f"{HERE}/logs/encode/{{scatteritem}}.log",
    params:
        *code("encode_shard"),
        settings=log_settings,
    script:
        "../scripts/encode_shard.py"


rule gather_episodes:
    """Join the shards' episodes of each fold."""
    input:
        train=gather.shards(rules.encode_shard.output.train, allow_missing=True),
        validation=gather.shards(
            rules.encode_shard.output.validation, allow_missing=True
        ),
        test=gather.shards(rules.encode_shard.output.test, allow_missing=True),
    output:
        train=rules.encode.output.train,
        validation=rules.encode.output.validation,
        test=rules.encode.output.test,
    log:
        f"{HERE}/logs/encode/gather.log",
    params:
        *code("gather_episodes"),
    script:
        "../scripts/gather_episodes.py"
