"""CUDA graphs: work of a GPU that is recorded once and then launched as a whole."""

from collections.abc import Callable

import torch
from torch import Tensor

Work = Callable[[], Tensor]


class Graphs:
    """Recordings of work on the current GPU, which are launched one after another.

    They share memory: what one leaves has to be read before the next is launched.
    """

    def __init__(self) -> None:
        self.pool = torch.cuda.graph_pool_handle()

    def rehearse(self, work: Work) -> Tensor:
        """Do work on a stream of its own, as it has to be before it is recorded."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            result = work()
        torch.cuda.current_stream().wait_stream(stream)
        return result

    def record(self, work: Work) -> tuple[Callable[[], None], Tensor]:
        """Record work without doing it; return what launches it, and where it leaves its result.

        Raises RuntimeError where some of the work cannot be recorded.
        """
        graph, current = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        try:
            with torch.cuda.graph(graph, pool=self.pool):
                result = work()
        finally:  # after a failure torch leaves the recording's stream the current one
            torch.cuda.set_stream(current)
        return graph.replay, result
