# Each trial's metrics, and the methods against each other.


TRIALS = [(m, seed) for m in settings.methods for seed in settings.seeds(m)]


def trials(dataset, path, chosen=TRIALS):
    """Name a file of every trial of a dataset, or of some."""
    return [path.format(dataset=dataset, method=m, seed=seed) for m, seed in chosen]


rule evaluate:
    input:
        predictions=rules.predict.output.predictions,
        by_support=rules.predict.output.by_support,
        training=rules.train.output.record,
        rows=rules.partition.output.interactions,
        split=rules.partition.output.record,
    output:
        users=f"{TRIAL}/users.parquet",
        support=f"{TRIAL}/support.parquet",
        evaluation=f"{TRIAL}/evaluation.json",
    params:
        code=code("evaluate"),
    script:
        "../scripts/evaluate.py"


rule compare:
    input:
        evaluations=lambda w: trials(w.dataset, rules.evaluate.output.evaluation),
        users=lambda w: trials(w.dataset, rules.evaluate.output.users),
    output:
        f"{HERE}/comparison.json",
    params:
        title=lambda w: settings.datasets[w.dataset].title,
        sample=settings.run.logs == "sample",
        methods={
            name: method.model_dump(mode="json", include={"kind", "label", "role"})
            for name, method in settings.methods.items()
        },
        code=code("compare"),
    script:
        "../scripts/compare.py"
