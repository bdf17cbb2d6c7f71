# Trained methods as MLflow models, to be served to new users.


rule trial_model:
    """Make a trained method a model; on request alone: snakemake <folder of the trial>/model."""
    input:
        weights=TRAINED["weights"],
        record=TRAINED["record"],
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        names=rules.encode.output.names,
    output:
        directory(f"{TRIAL}/model"),
    log:
        f"{HERE}/logs/trial_model/{{method}}-{{seed}}.log",
    params:
        *method_code("trial_model"),
        settings=log_settings,
    script:
        "../scripts/trial_model.py"


rule best_model:
    """Make the trial with the lowest loss on validation users a model, whatever its role."""
    input:
        weights=all_trials(TRAINED["weights"]),
        records=all_trials(TRAINED["record"]),
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        names=rules.encode.output.names,
    output:
        model=directory(f"{HERE}/model"),
        choice=f"{HERE}/model.json",
    log:
        f"{HERE}/logs/best_model.log",
    params:
        *code("best_model", modules_of(settings.methods)),
        settings=log_settings,
    script:
        "../scripts/best_model.py"
