from typing import Any, ClassVar

from tests.recommenders.sequential.sequence_suite import SequenceSuite


class TestGru(SequenceSuite):
    name = "gru"
    settings: ClassVar[dict[str, Any]] = {
        **{"embedding_size": 16, "components": 8, "epochs": 15, "batch_size": 16, "learning_rate": 0.01},
        **{"hidden_size": 24},
    }
    walker: ClassVar[dict[str, Any]] = {"epochs": 30, "batch_size": 32}
