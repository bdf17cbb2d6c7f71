# Each trial's predictions and metrics, one job for all seeds of a method since starting a process
# takes longer than its work; and the methods against each other.


rule predict:
    """Score the test users' query rows by a method's trials, from all support rows and fewer."""
    input:
        weights=own_trials(TRAINED["weights"]),
        records=own_trials(TRAINED["record"]),
        test=rules.encode.output.test,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        split_users=rules.partition.output.users,
        names=rules.encode.output.names,
    output:
        **by_seed(PREDICTED, settings.run.seeds),
    log:
        f"{HERE}/logs/predict/{{method}}.log",
    wildcard_constraints:
        method=one_of(LEARNERS),
    params:
        *method_code("predict"),
        seed=split_seed,
    script:
        "../scripts/predict.py"


use rule predict as predict_references with:
    output:
        **by_seed(PREDICTED, settings.run.seeds[:1]),
    wildcard_constraints:
        method=one_of(REFERENCES),


rule evaluate:
    """Compute the metrics of a method's trials, for each test user and over them."""
    input:
        predictions=own_trials(PREDICTED["predictions"]),
        by_support=own_trials(PREDICTED["by_support"]),
        trainings=own_trials(TRAINED["record"]),
        rows=rules.partition.output.interactions,
        split=rules.partition.output.record,
    output:
        **by_seed(EVALUATED, settings.run.seeds),
    log:
        f"{HERE}/logs/evaluate/{{method}}.log",
    wildcard_constraints:
        method=one_of(LEARNERS),
    params:
        *code("evaluate"),
        metrics=lambda w: METRICS[dataset_name(w)],
    script:
        "../scripts/evaluate.py"


use rule evaluate as evaluate_references with:
    output:
        **by_seed(EVALUATED, settings.run.seeds[:1]),
    wildcard_constraints:
        method=one_of(REFERENCES),


rule compare:
    """Compare all methods of a dataset."""
    input:
        evaluations=all_trials(EVALUATED["evaluation"]),
        users=all_trials(EVALUATED["users"]),
    output:
        COMPARISON,
    log:
        f"{HERE}/logs/compare.log",
    params:
        *code("compare"),
        subject=subject,
        methods=named_methods(settings.methods),
        outer_rates=lambda w: OUTER_RATES[w.dataset] if "outer_rates" in TABLES else {},
    script:
        "../scripts/compare.py"


rule compare_splits:
    """Compare the methods over further splits of a dataset."""
    input:
        evaluations=lambda w: split_trials(EVALUATED["evaluation"], w.dataset),
        splits=split_files(SPLIT_RECORD),
    output:
        SPLIT_COMPARISON,
    log:
        f"{HERE}/logs/compare_splits.log",
    params:
        *code("compare_splits"),
        subject=subject,
        methods=named_methods(split_methods()),
        chosen_on=settings.run.split_seed,
    script:
        "../scripts/compare_splits.py"
