"""Classification objective: a classifier for each label column."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from visrec_cli.encoders.finetuning.objectives import Batch, Embed, Objective, in_parts
from visrec_cli.tables.vectors import Rows

_SMOOTHING = 0.1  # label smoothing: some labels of a catalogue are wrong


class Classification(Objective):
    """Cross-entropy, summed over the columns. The first column is validated; its classifier is stored with the model.

    Parameters
    ----------
    names : Sequence[Sequence[str]]
        Names of the classes of each column.
    codes : Rows
        (pictures, columns) number of the class, -1 where there is none.
    train : Rows
        Rows to learn from.
    held : Rows
        Rows held back for validation.

    Attributes
    ----------
    metric : ClassVar[str], default="accuracy"
        See ``Objective``.
    """

    metric: ClassVar[str] = "accuracy"

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
        """Share of held-back pictures whose likeliest class of the first column is right."""
        predicted = heads["0"](embed(self._held)).argmax(dim=1).cpu().numpy()
        return float((predicted == self._codes[self._held, 0]).mean())
