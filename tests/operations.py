"""Counts the tensor operations of some work, its backward pass included, and their types."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# Operations that compute nothing: other views of the same memory, and new memory.
NO_KERNEL = frozenset(
    {"_reshape_alias", "_unsafe_view", "alias", "as_strided", "chunk", "detach", "expand"}
    | {"narrow", "select", "slice", "split", "split_with_sizes", "squeeze", "t", "transpose"}
    | {"unbind", "unsqueeze", "view"}
    | {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}
)
# Those whose result's shape or value a device must first tell the CPU.
WAITS = ("_local_scalar_dense", "nonzero", "unique", "masked_select", "bincount")
# Copies between a device and the CPU, which are no operations where both are one.
COPIES = (Tensor.tolist, Tensor.cpu, Tensor.numpy, torch.tensor)


class Operations(TorchDispatchMode):
    """What was carried out: all, kernels of a device, and names of what the CPU waits for.

    floats: the types of the results that are real numbers.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0
        self.kernels = 0
        self.waits: list[str] = []
        self.floats: set[torch.dtype] = set()

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        self.total += 1
        self.kernels += func.overloadpacket.__name__ not in NO_KERNEL
        if _waits(str(func), args, kwargs or {}):
            self.waits.append(str(func))
        result = func(*args, **(kwargs or {}))
        self.floats |= {x.dtype for x in tree_leaves(result) if _is_real(x)}
        return result


class Copies(TorchFunctionMode):
    """Adds to the waits what copies between a device and the CPU."""

    def __init__(self, waits: list[str]) -> None:
        super().__init__()
        self.waits = waits

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        if func in COPIES:
            self.waits.append(func.__name__)
        return func(*args, **(kwargs or {}))


def operations(work: Callable[[], object]) -> Operations:
    """Count the operations of some work."""
    found = Operations()
    with found, Copies(found.waits):
        work()
    return found


def _is_real(result: object) -> bool:
    return isinstance(result, Tensor) and result.is_floating_point()


def _waits(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> bool:
    lists = [item for arg in args if isinstance(arg, list | tuple) for item in arg]
    masked = any(isinstance(item, Tensor) and item.dtype == torch.bool for item in lists)
    unsized = "repeat_interleave.Tensor" in name and kwargs.get("output_size") is None
    return masked or unsized or any(word in name for word in WAITS)
