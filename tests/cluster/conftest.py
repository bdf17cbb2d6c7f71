"""A project to submit, and the run that tests share."""

from tests.workflow.conftest import finished, project

__all__ = ["finished", "project"]
