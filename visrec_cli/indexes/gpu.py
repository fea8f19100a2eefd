"""Candidates of exact search on a GPU; the CPU re-scores and orders them."""

from collections.abc import Callable

import numpy as np

from visrec_cli.runtime.device import pick_device
from visrec_cli.tables.vectors import Matrix, Rows

_BLOCK_ROWS = 1 << 18


def short_list_on_gpu(vectors: Matrix, *, device: str = "auto") -> Callable[[Matrix, int], tuple[Matrix, Rows]] | None:
    """Prepare approximate search on a GPU.

    Parameters
    ----------
    vectors : Matrix
        (n, d) float32, rows of length 1.
    device : str, default="auto"
        Device name; "auto" takes a GPU if there is one.

    Returns
    -------
    Callable[[Matrix, int], tuple[Matrix, Rows]] | None
        A function of (q, d) queries and a list size that returns rough scores and row numbers, each (q, size),
        unordered. None if torch is not installed, finds no GPU, or the vectors do not fit into its memory.
    """
    try:
        import torch
    except ImportError:
        return None
    torch_device = pick_device(device)
    if device == "auto" and torch_device.type == "cpu":
        return None
    try:
        catalogue = torch.from_numpy(vectors).to(torch_device)
    except RuntimeError:  # out of memory, or a driver that does not answer
        return None

    def short_list(queries: Matrix, size: int) -> tuple[Matrix, Rows]:
        on_device = torch.from_numpy(queries).to(torch_device)
        best = torch.empty((len(queries), 0), device=torch_device)
        rows = torch.empty((len(queries), 0), dtype=torch.int64, device=torch_device)
        for start in range(0, len(catalogue), _BLOCK_ROWS):
            scores = on_device @ catalogue[start : start + _BLOCK_ROWS].T  # float32: torch leaves TF32 off by default
            scores, found = scores.topk(min(size, scores.shape[1]), dim=1)
            scores, found = torch.cat([best, scores], 1), torch.cat([rows, found + start], 1)
            best, kept = scores.topk(min(size, scores.shape[1]), dim=1)
            rows = found.gather(1, kept)
        return np.asarray(best.cpu()), np.asarray(rows.cpu())

    return short_list
