# Each trial's metrics, and the methods against each other.


def trials(wildcards, path):
    """Name a file of every trial of a dataset."""
    return [
        path.format(dataset=wildcards.dataset, method=method, seed=seed)
        for method in settings.methods
        for seed in settings.seeds(method)
    ]


rule evaluate:
    input:
        predictions=rules.predict.output[0],
        training=rules.train.output.record,
        split=rules.partition.output.record,
    output:
        users=f"{TRIAL}/users.parquet",
        evaluation=f"{TRIAL}/evaluation.json",
    params:
        code=code("evaluate"),
    script:
        "../scripts/evaluate.py"


rule compare:
    input:
        evaluations=lambda w: trials(w, rules.evaluate.output.evaluation),
        users=lambda w: trials(w, rules.evaluate.output.users),
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
