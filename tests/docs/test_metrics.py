"""docs/metrics.md says what the classes say."""

import pytest

from tests.docs.metrics import MARK, PAGE, page
from visrec_cli.registry import names


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.docs.metrics"


@pytest.mark.parametrize("family", ["metric", "click-through"])
def test_every_metric_is_in_the_table_that_helps_to_choose(family: str) -> None:
    chosen = PAGE.read_text().split(MARK)[0]
    assert [name for name in names(family) if f"`{name}`" not in chosen] == []
