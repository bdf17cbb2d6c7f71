# A log too big for a node: cleaned and encoded in shards of users, to the same bytes as by one job.


scattergather:
    shards=settings.run.shards,


ruleorder: gather_clean > clean
ruleorder: fit_vocabulary > encode
ruleorder: gather_episodes > encode


# Items are of no shard: all shards need to know which there are.
rule clean_items:
    input:
        unpack(lambda w: raw_files(w.dataset)),
    output:
        temp(f"{HERE}/clean/shards/items.parquet"),
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("clean_items"),
    script:
        "../scripts/clean_items.py"


rule clean_shard:
    input:
        unpack(lambda w: raw_files(w.dataset)),
        listed=rules.clean_items.output[0],
    output:
        temp(directory(f"{HERE}/clean/shards/{{scatteritem}}")),
    log:
        f"{HERE}/logs/clean/{{scatteritem}}.log",
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("clean_shard"),
    script:
        "../scripts/clean_shard.py"


rule gather_clean:
    input:
        unpack(lambda w: raw_files(w.dataset)),
        shards=gather.shards(rules.clean_shard.output[0], allow_missing=True),
    output:
        **dict(rules.clean.output.items()),
    log:
        rules.clean.log[0],
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("gather_clean"),
    script:
        "../scripts/gather_clean.py"


# Values, scales and rates are those of all training users, and items are of no shard.
rule fit_vocabulary:
    input:
        **dict(rules.encode.input.items()),
    output:
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        train_users=rules.encode.output.train_users,
        validation_users=rules.encode.output.validation_users,
        names=rules.encode.output.names,
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("fit_vocabulary"),
    script:
        "../scripts/fit_vocabulary.py"


rule encode_shard:
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
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code("encode_shard"),
    script:
        "../scripts/encode_shard.py"


rule gather_episodes:
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
    params:
        code=code("gather_episodes"),
    script:
        "../scripts/gather_episodes.py"
