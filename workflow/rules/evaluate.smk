# Each trial's predictions and metrics, one job for all seeds of a method since starting a process
# takes longer than its work; and the methods against each other.


TRIALS = [(m, seed) for m in settings.methods for seed in settings.seeds(m)]
LEARNERS = [method for method in settings.methods if learns(method)]
REFERENCES = [method for method in settings.methods if not learns(method)]

PREDICTED = {
    "predictions": f"{TRIAL}/predictions.parquet",
    "by_support": f"{TRIAL}/by_support.parquet",
}
EVALUATED = {
    "users": f"{TRIAL}/users.parquet",
    "support": f"{TRIAL}/support.parquet",
    "evaluation": f"{TRIAL}/evaluation.json",
}


def trials(dataset, path, chosen=TRIALS):
    """Name a file of every trial of a dataset, or of some."""
    path = path_of(path)
    return [path.format(dataset=dataset, method=m, seed=seed) for m, seed in chosen]


def one_of(names):
    """Match one of some names; of none, nothing, where an empty pattern would match all."""
    return "|".join(names) or "(?!)"


def own_trials(path):
    """Name a file of every trial of a job's method."""
    return lambda w: for_each(
        path, dataset=w.dataset, method=w.method, seed=settings.seeds(w.method)
    )


def by_seed(paths, seeds):
    """Name files of several trials of a method."""
    return {
        name: expand(path, seed=seeds, allow_missing=True)
        for name, path in paths.items()
    }


rule predict:
    input:
        weights=own_trials(rules.train.output.weights),
        records=own_trials(rules.train.output.record),
        test=rules.encode.output.test,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        split_users=rules.partition.output.users,
        names=rules.encode.output.names,
    output:
        **by_seed(PREDICTED, settings.run.seeds),
    wildcard_constraints:
        method=one_of(LEARNERS),
    params:
        seed=settings.run.split_seed,
        code=method_code("predict"),
    script:
        "../scripts/predict.py"


use rule predict as predict_references with:
    output:
        **by_seed(PREDICTED, settings.run.seeds[:1]),
    wildcard_constraints:
        method=one_of(REFERENCES),


rule evaluate:
    input:
        predictions=own_trials(PREDICTED["predictions"]),
        by_support=own_trials(PREDICTED["by_support"]),
        trainings=own_trials(rules.train.output.record),
        rows=rules.partition.output.interactions,
        split=rules.partition.output.record,
    output:
        **by_seed(EVALUATED, settings.run.seeds),
    wildcard_constraints:
        method=one_of(LEARNERS),
    params:
        code=code("evaluate"),
    script:
        "../scripts/evaluate.py"


use rule evaluate as evaluate_references with:
    output:
        **by_seed(EVALUATED, settings.run.seeds[:1]),
    wildcard_constraints:
        method=one_of(REFERENCES),


rule compare:
    input:
        evaluations=lambda w: trials(w.dataset, EVALUATED["evaluation"]),
        users=lambda w: trials(w.dataset, EVALUATED["users"]),
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
