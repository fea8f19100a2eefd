"""Names of metrics."""

import pytest

from visrec_cli.errors import UsageError
from visrec_cli.stages.eval.metric_spec import MetricSpec, longest, needs, wanted


def test_names_with_and_without_k() -> None:
    asked = wanted(["ndcg@10", "recall", "auc", "ndcg"], [5, 10])
    assert [one.name for one in asked] == ["ndcg@10", "recall@5", "recall@10", "auc", "ndcg@5"]
    assert wanted(["mrr"]) == (MetricSpec("mrr"),)
    assert (longest(asked), longest(asked[:3])) == (None, 10)
    assert needs(asked) == set()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ndgc@10", "unknown metric 'ndgc'"),
        ("ndcg@0", "needs a list length"),
        ("ndcg@ten", "needs a list length"),
        ("auc@5", "whole list"),
    ],
)
def test_what_is_no_metric(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wanted([name])
