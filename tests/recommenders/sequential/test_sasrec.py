from typing import Any, ClassVar

import pytest

from tests.contracts.recommender_suite import planted
from tests.recommenders.sequential.sequence_suite import SequenceSuite
from visrec_cli.errors import UsageError
from visrec_cli.recommenders.sequential.sasrec import SasRec


class TestSasRec(SequenceSuite):
    name = "sasrec"
    settings: ClassVar[dict[str, Any]] = {
        **{"embedding_size": 16, "components": 8, "epochs": 15, "batch_size": 16, "learning_rate": 0.01},
        **{"layers": 1, "heads": 2},
    }
    walker: ClassVar[dict[str, Any]] = {"epochs": 30, "batch_size": 32}


def test_heads_share_the_vector() -> None:
    with pytest.raises(UsageError, match="is not divisible by heads=4"):
        SasRec(embedding_size=10, heads=4).fit(planted()[0])
