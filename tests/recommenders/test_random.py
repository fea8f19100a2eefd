import numpy as np

from tests.contracts.recommender_suite import RecommenderSuite, planted
from visrec_cli.recommenders.random import Random


class TestRandom(RecommenderSuite):
    name = "random"
    personal = False
    scores_cold_items = True

    def test_no_item_is_favoured_and_no_two_users_agree(self) -> None:
        log, _, _ = planted()
        scores = Random().fit(log).scores()
        ranks = scores.argsort(axis=1).argsort(axis=1)
        items = len(log.items)
        # mean rank of an item over 60 users: the standard deviation is items/sqrt(12·60) = 1.8
        assert abs(ranks.mean(axis=0) - (items - 1) / 2).max() < 4 * items / np.sqrt(12 * len(log.users))
        assert abs(np.corrcoef(scores)[np.triu_indices(60, 1)]).mean() < 0.3

    def test_the_seed_draws_again_and_the_order_of_the_file_does_not(self) -> None:
        log, content, _ = planted()
        model = Random(seed=1).fit(log)
        assert not np.allclose(model.scores(), Random(seed=2).fit(log).scores())
        again = Random.new_items(model, log.items[::-1], content)
        np.testing.assert_array_equal(again.factors[::-1], model.items.factors)

    def test_directions_have_length_one(self) -> None:
        log, _, _ = planted()
        np.testing.assert_allclose(np.linalg.norm(Random().fit(log).items.factors, axis=1), 1, atol=1e-6)
