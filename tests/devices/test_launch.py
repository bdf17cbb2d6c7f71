"""A team on several nodes is started by Slurm, and by nothing else."""

import pytest

from pipeline_lib.devices.choose import DeviceError
from pipeline_lib.devices.launch import start_team


def test_several_nodes_without_slurm_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(DeviceError, match=r"nodes: 2, .*--workflow-profile workflow"):
        start_team("json", "", 1, 2, {})
