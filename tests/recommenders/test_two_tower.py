from typing import Any, ClassVar

from tests.contracts.recommender_suite import RecommenderSuite


class TestTwoTower(RecommenderSuite):
    name = "two-tower"
    settings: ClassVar[dict[str, Any]] = {"embedding_size": 8, "components": 4, "epochs": 40, "batch_size": 16, "learning_rate": 0.01}
    scores_cold_items = True
