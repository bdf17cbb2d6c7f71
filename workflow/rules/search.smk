# Settings chosen on validation users: every candidate a job, so that a search resumes and spreads.


def values(w):
    """List what the candidates of a method change in its file."""
    return settings.run.search.values(w.method, settings.run.split_seed)


def choice_of(w):
    """Name the choice whose settings a method is trained with, where there is one."""
    leader = settings.leader(w.method)
    return (
        rules.choose.output[0].format(dataset=w.dataset, method=leader)
        if leader
        else []
    )


rule candidate:
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
        gpu=lambda w: min(needs_gpu(w.method), 1),
        jobs_per_gpu=settings.run.jobs_per_gpu,
    params:
        **ASKED,
        experiment=lambda w: f"{settings.run.name}/{w.dataset}",
        seed=settings.run.seeds[0],
        values=lambda w: values(w)[int(w.candidate)],
        processes=1,
        code=method_code("candidate"),
    script:
        "../scripts/candidate.py"


rule choose:
    input:
        lambda w: for_each(
            rules.candidate.output[0],
            dataset=w.dataset,
            method=w.method,
            candidate=range(len(values(w))),
        ),
    output:
        f"{HERE}/search/{{method}}/choice.json",
    params:
        candidates=values,
        code=code("choose"),
    script:
        "../scripts/choose.py"
