from collections.abc import Sequence

import pyarrow as pa
import pytest

from tests.stages.test_embed_text import Recorder
from visrec_cli.encoders.base import Vectors
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_text import embed_text


class Kept(Recorder):
    engine = "arithmetic 1"

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Vectors:
        return super().encode(texts, batch_size=batch_size)


def table(*titles: str | None) -> pa.Table:
    return pa.table({"id": [f"i{n}" for n in range(len(titles))], "title": pa.array(titles, pa.string())})


def run(source: pa.Table, encoder: Recorder, **options: object) -> tuple[pa.Table, Report]:
    report = Report()
    result = embed_text(source, columns="title", encoder=encoder, report=report, **options)  # type: ignore[arg-type]
    return result.read_all(), report


def test_a_text_is_computed_once_whatever_row_it_is_in() -> None:
    first = Kept()
    run(table("red dress", "blue coat", None, "red dress"), first)
    assert sorted(first.texts) == ["blue coat", "red dress"]
    second = Kept()
    result, report = run(table("a new one", "blue coat", "red dress"), second)
    assert second.texts == ["a new one"]
    assert report.counts["vectors from the cache"] == 2
    assert result.equals(run(table("a new one", "blue coat", "red dress"), Kept(), cache=False)[0])


def test_a_prefix_makes_another_text() -> None:
    run(table("red dress"), Kept())
    other = Kept()
    run(table("red dress"), other, prefix="passage: ")
    assert other.texts == ["passage: red dress"]


def test_cut_texts_are_counted_also_when_they_come_from_the_cache() -> None:
    for _ in range(2):
        _, report = run(table("word " * 11, "word " * 10, "word " * 11), Kept())
        assert report.counts["texts cut at 10 tokens"] == 2


@pytest.mark.parametrize("encoder", [Recorder(), Kept()])
def test_without_a_cache_everything_is_computed_again(encoder: Recorder) -> None:
    for _ in range(2):
        run(table("red dress"), encoder, cache=False)
    assert len(encoder.texts) == 2
