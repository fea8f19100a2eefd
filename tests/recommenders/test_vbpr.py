from typing import Any, ClassVar

from tests.contracts.recommender_suite import RecommenderSuite


class TestVbpr(RecommenderSuite):
    name = "vbpr"
    settings: ClassVar[dict[str, Any]] = {"embedding_size": 8, "visual_size": 4, "components": 4, "epochs": 30}
    scores_cold_items = True
