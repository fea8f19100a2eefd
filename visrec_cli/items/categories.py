"""The categories of items, by a column of their table."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from visrec_cli.errors import UsageError
from visrec_cli.items.attributes import words_of
from visrec_cli.items.features import ItemFeatures

CATEGORIES = ("category", "categories", "genre", "genres", "class", "label")


def categories_of(
    features: ItemFeatures, ids: Sequence[str], column: str | None = None
) -> tuple[sp.csr_matrix, list[str]]:
    """(items + 1, categories) csr, and the categories: an item of several, ``A|B``, belongs to each by an equal share.

    column: by default the first with a usual name. Raises UsageError where there is none.
    """
    names = features.about.column_names
    column = column or next((name for name in CATEGORIES if name in names), None)
    if column is None or column not in names:
        raise UsageError(
            f"the items have no column {f'{column!r}' if column else 'of categories that visrec knows'}",
            fix=f"name one of their columns: {', '.join(names)}",
        )
    words = words_of(features.about_of(ids)[column])
    numbers = {word: number for number, word in enumerate(sorted({word for some in words for word in some}))}
    rows = np.repeat(np.arange(len(ids)), [len(some) for some in words])
    columns = [numbers[word] for some in words for word in some]
    shares = [1 / len(some) for some in words for _ in some]
    shape = (len(ids) + 1, max(len(numbers), 1))
    return sp.csr_matrix((shares, (rows, columns)), shape=shape, dtype=np.float32), list(numbers)
