"""The run that tests share."""

from tests.workflow.conftest import finished

__all__ = ["finished"]
