"""Where each kind of method lives; free of torch, so that the workflow can ask."""


def method_module(kind: str) -> str:
    """Name the module of a kind: `two-bias` lives in `pipeline_lib.methods.two_bias`."""
    return f"pipeline_lib.methods.{kind.replace('-', '_')}"
