# Settings chosen on validation users: every candidate a job, so that a search resumes and spreads.


rule candidate:
    """Train a method with one candidate's settings; only its loss on validation users is kept."""
    input:
        train=rules.encode.output.train,
        train_users=rules.encode.output.train_users,
        validation=rules.encode.output.validation,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        validation_users=rules.encode.output.validation_users,
        split=rules.partition.output.record,
    output:
        f"{HERE}/search/{{method}}/{{candidate}}/training.json",
    log:
        f"{HERE}/logs/search/{{method}}-{{candidate}}.log",
    resources:
        gpu=lambda w: min(gpus(w), 1),
        jobs_per_gpu=settings.run.jobs_per_gpu,
    params:
        *method_code("candidate"),
        settings=training_settings,
        task=task_settings,
        network=network,
        device=device,
        experiment=experiment,
        seed=settings.run.seeds[0],
        values=lambda w: candidates_of(w.method)[int(w.candidate)],
        processes=1,
    script:
        "../scripts/candidate.py"


rule choose:
    """Choose a method's settings on validation users."""
    input:
        lambda w: expand(
            rules.candidate.output[0],
            candidate=range(len(candidates_of(w.method))),
            allow_missing=True,
        ),
    output:
        f"{HERE}/search/{{method}}/choice.json",
    log:
        f"{HERE}/logs/search/{{method}}.log",
    params:
        *code("choose"),
        candidates=lambda w: candidates_of(w.method),
    script:
        "../scripts/choose.py"
