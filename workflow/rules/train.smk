# Trainings: one job for each dataset, method and seed. No rule reads MLflow or writes to it: one
# process mirrors the results into it (see the Snakefile).


rule train:
    """Train a method with one seed; no test user is in the input."""
    input:
        train=rules.encode.output.train,
        train_users=rules.encode.output.train_users,
        validation=rules.encode.output.validation,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        validation_users=rules.encode.output.validation_users,
        split=rules.partition.output.record,
        choice=choice_of,
    output:
        **TRAINED,
    log:
        f"{HERE}/logs/train/{{method}}-{{seed}}.log",
    threads: cores
    resources:
        **several_nodes(),
        gpu=gpus,
        jobs_per_gpu=settings.run.jobs_per_gpu,
    params:
        *method_code("train"),
        settings=training_settings,
        task=task_settings,
        network=network,
        device=device,
        experiment=experiment,
        taken=lambda w: settings.taken(dataset_name(w), w.method),
        processes=processes,
    script:
        "../scripts/train.py"
