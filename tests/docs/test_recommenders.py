"""docs/recommenders.md says what the classes say."""

from tests.docs.recommenders import PAGE, page
from visrec_cli.registry import names


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.docs.recommenders"


def test_every_recommender_is_in_the_table_that_helps_to_choose() -> None:
    chosen = PAGE.read_text().split("## random")[0]
    assert [name for name in names("recommender") if f"`{name}`" not in chosen] == []
