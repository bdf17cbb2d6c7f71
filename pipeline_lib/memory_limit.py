"""How running out of memory shows."""

import torch

SAID = ("can't allocate memory", "not enough memory")  # by torch, without a GPU


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, on a GPU or not."""
    by_type = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return by_type or any(text in str(error) for text in SAID)
