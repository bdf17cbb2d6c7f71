"""Wrong settings stop the workflow before any job."""

import pytest
import yaml

from tests.workflow.small_project import SmallProject


@pytest.mark.slow
def test_a_wrong_value_of_the_command_line_stops_with_the_nearest_name(
    project: SmallProject,
) -> None:
    result = project.snakemake("all", "--config", "override={paml: {lr_mx: 1}}")
    assert result.returncode != 0
    assert "unknown key 'lr_mx'; did you mean 'lr_max'?" in result.stdout + result.stderr
    assert not (project.folder / "results").exists()


@pytest.mark.slow
def test_a_configfile_changes_the_default_run(project: SmallProject) -> None:
    """As users of snakemake expect. A million is written 1e+06, whose plus means more elsewhere."""
    path = project.folder / "mine.yaml"
    sweep = "sweep: {melu: {outer_lr: [0.001, 1000000.0]}}\n"
    path.write_text(f"name: sample-mine\nseeds: [2]\n{sweep}", encoding="utf-8")
    planned = project.planned("--configfile", "mine.yaml", "--resources", "gpu=1")
    assert "report" in planned  # `all` may be left out
    assert {job for job in planned if job.startswith("train ")} == {
        *("train two-bias 2", "train melu 2", "train paml 2"),
        *("train melu-outer_lr-0.001 2", "train melu-outer_lr-1e+06 2"),
    }


EXTENDED = "is extended by additional config"  # what snakemake says of the default


@pytest.mark.slow
def test_a_whole_configfile_stands_alone(project: SmallProject) -> None:
    """Else the default's rates for sample logs would train the paper's run."""
    run = yaml.safe_load((project.folder / "config/config.yaml").read_text("utf-8"))
    assert run.pop("override")
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(run), encoding="utf-8")
    result = project.snakemake("--dry-run", "--configfile", "mine.yaml", "--config", "seeds=[7]")
    assert result.returncode == 0, result.stderr
    assert EXTENDED not in result.stdout + result.stderr
    assert "seed=7" in result.stdout


@pytest.mark.slow
def test_a_wrong_setting_stops_the_run_before_any_job(project: SmallProject) -> None:
    (project.folder / "mine.yaml").write_text("seeds: [2]\nepochz: 1\n", encoding="utf-8")
    result = project.snakemake("all", "--configfile", "mine.yaml")
    assert result.returncode == 1
    said = result.stdout + result.stderr
    assert EXTENDED in said
    assert "The settings are wrong; nothing was run." in said
    assert "unknown key 'epochz'" in said
    assert not (project.folder / "results").exists()


@pytest.mark.slow
def test_cuda_without_a_gpu_names_the_remedy(encoded: SmallProject) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    target = "results/sample/movielens/methods/paml/seed-0/weights.safetensors"
    result = encoded.snakemake(target, "--config", "device=cuda")
    assert result.returncode != 0
    assert "set device: auto or cpu" in result.stdout + result.stderr


@pytest.mark.slow
def test_the_form_that_snakemake_cannot_parse_still_fails(project: SmallProject) -> None:
    result = project.snakemake("--dry-run", "--resources", "gpu=1", "all")
    assert result.returncode != 0
