"""Classification objective: a classifier for each label column."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective, in_parts
from visrec_cli.tables.vectors import Rows

_SMOOTHING = 0.1  # of the labels: a catalogue's are not all right


class Classification(Objective):
    """Cross-entropy, summed over the columns. The first is judged, and its classifier travels with the model.

    names: the classes of each column. codes: (pictures, columns) their numbers, −1 where there is none. train, held:
    rows. With ``metric`` learning another objective is for labels, too: see similarity.py.
    """

    metric = "accuracy"

    def __init__(self, names: Sequence[Sequence[str]], codes: Rows, train: Rows, held: Rows) -> None:
        self.names, self._codes = names, codes
        self._train, self._held = train[(codes[train] >= 0).any(axis=1)], held[codes[held, 0] >= 0]
        self.judges = len(self._held) > 0

    def heads(self, width: int) -> Any:
        """A linear classifier for each column."""
        import torch

        return torch.nn.ModuleDict({str(i): torch.nn.Linear(width, len(one)) for i, one in enumerate(self.names)})

    def batches(self, rng: np.random.Generator, size: int) -> Iterator[Batch]:
        """See Objective."""
        return (Batch(rows) for rows in in_parts(rng.permutation(self._train), size))

    def loss(self, vectors: Any, batch: Batch, heads: Any) -> Any:
        """See Objective."""
        import torch

        total = vectors.sum() * 0
        for place, head in heads.items():
            codes = torch.from_numpy(self._codes[batch.rows, int(place)]).to(vectors.device)
            if (codes >= 0).any():
                total = total + torch.nn.functional.cross_entropy(
                    head(vectors).float(), codes, ignore_index=-1, label_smoothing=_SMOOTHING
                )
        return total

    def score(self, embed: Embed, heads: Any) -> float:
        """The share of held-back pictures whose likeliest class is theirs, of the first column."""
        found = heads["0"](embed(self._held)).argmax(dim=1).cpu().numpy()
        return float((found == self._codes[self._held, 0]).mean())
