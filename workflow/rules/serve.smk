# Trained methods as MLflow models, to be served to new users.


# On request alone: snakemake results/<run>/<dataset>/methods/<method>/seed-<seed>/model
rule trial_model:
    input:
        weights=rules.train.output.weights,
        record=rules.train.output.record,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        names=rules.encode.output.names,
    output:
        directory(f"{TRIAL}/model"),
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=method_code("trial_model"),
    script:
        "../scripts/trial_model.py"


# The trial with the lowest loss on validation users, whatever its role.
rule best_model:
    input:
        weights=lambda w: trials(w.dataset, rules.train.output.weights),
        records=lambda w: trials(w.dataset, rules.train.output.record),
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        names=rules.encode.output.names,
    output:
        model=directory(f"{HERE}/model"),
        choice=f"{HERE}/model.json",
    params:
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        code=code(
            "best_model",
            [m for own in settings.methods.values() for m in kind_modules(own.kind)],
        ),
    script:
        "../scripts/best_model.py"


MODELS = for_each(rules.best_model.output.choice, dataset=settings.datasets)
