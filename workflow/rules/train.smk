# One job for each dataset, method and seed. No rule reads MLflow.
from glob import glob

from pipeline_lib.methods.kinds import method_module


def needs_gpu(method):
    """Ask for a GPU where a method would use one, so that `--resources gpu=N` queues for it."""
    device = settings.run.device
    here = bool(glob("/dev/nvidia[0-9]*"))
    wanted = device == "cuda" or (device == "auto" and here)
    return int(wanted and isinstance(settings.methods[method], LearnerSettings))


def method_code(rule):
    """Digest the code behind a rule and the one method it runs."""
    return lambda w: code(rule, [method_module(settings.methods[w.method].kind)])


rule track:
    output:
        f"{HERE}/experiment.json",
    params:
        store="results/mlflow/mlflow.db",
        experiment=lambda w: f"{settings.run.name}/{w.dataset}",
    script:
        "../scripts/track.py"


rule train:
    input:
        train=rules.encode.output.train,
        validation=rules.encode.output.validation,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        split=rules.partition.output.record,
        experiment=ancient(rules.track.output[0]),
    output:
        weights=f"{TRIAL}/weights.safetensors",
        history=f"{TRIAL}/history.parquet",
        record=f"{TRIAL}/training.json",
    log:
        f"{HERE}/logs/train/{{method}}-{{seed}}.log",
    threads: 1
    resources:
        gpu=lambda w: needs_gpu(w.method),
    params:
        settings=lambda w: settings.methods[w.method].model_dump(mode="json"),
        network=settings.run.network.model_dump(mode="json"),
        device=settings.run.device,
        code=method_code("train"),
    script:
        "../scripts/train.py"


rule predict:
    input:
        weights=rules.train.output.weights,
        record=rules.train.output.record,
        test=rules.encode.output.test,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        split_users=rules.partition.output.users,
        item_table=rules.clean.output.item_table,
    output:
        f"{TRIAL}/predictions.parquet",
    params:
        code=method_code("predict"),
    script:
        "../scripts/predict.py"
