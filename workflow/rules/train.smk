# One job for each dataset, method and seed. No rule reads MLflow, or writes to it: one process
# mirrors the results into it (see the Snakefile).
from glob import glob

from pipeline_lib.settings.methods.base import kind_modules


def learns(method):
    """Tell whether a method is trained by gradient descent."""
    return isinstance(settings.methods[method], LearnerSettings)


def needs_gpu(method):
    """Ask for GPUs where a method would use them, so that `--resources gpu=N` queues for it."""
    device = settings.run.device
    here = bool(glob("/dev/nvidia[0-9]*"))
    wanted = learns(method) and (device == "cuda" or (device == "auto" and here))
    return settings.run.processes if wanted else 0


def method_code(rule):
    """Digest the code behind a rule and the one method it runs."""
    return lambda w: code(rule, kind_modules(settings.methods[w.method].kind))


# What any training of a method is asked, whatever its seed.
ASKED = {
    "settings": lambda w: settings.method(w.dataset, w.method).for_training(),
    "task": lambda w: settings.datasets[w.dataset].task.model_dump(mode="json"),
    "network": lambda w: (
        settings.run.network.model_dump(mode="json") if learns(w.method) else None
    ),
    "device": lambda w: settings.run.device if learns(w.method) else "cpu",
}


include: "search.smk"


rule train:
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
        weights=f"{TRIAL}/weights.safetensors",
        history=f"{TRIAL}/history.parquet",
        record=f"{TRIAL}/training.json",
    log:
        f"{HERE}/logs/train/{{method}}-{{seed}}.log",
    threads: lambda w: settings.run.processes if learns(w.method) else 1
    resources:
        gpu=lambda w: needs_gpu(w.method),
        jobs_per_gpu=settings.run.jobs_per_gpu,
    params:
        **ASKED,
        experiment=lambda w: f"{settings.run.name}/{w.dataset}",
        taken=lambda w: settings.taken(w.dataset, w.method),
        processes=lambda w: settings.run.processes if learns(w.method) else 1,
        code=method_code("train"),
    script:
        "../scripts/train.py"
