from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from visrec_cli.encoders.base import ImageEncoder, Label, Prepared, Vectors
from visrec_cli.errors import DeviceMemoryError, InputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import matrix_of


class MeanColour(ImageEncoder):
    """The mean colour of a picture, not normalised: vectors that a test can know. ``holds``: pictures at a time."""

    spec, space = "mean-colour", Space("mean-colour", 3, False)
    classes = ("dark", "light")

    def __init__(self, holds: int = 10**9) -> None:
        self.holds, self.calls = holds, list[int]()

    def prepare(self, picture: Image.Image) -> Prepared:
        return np.asarray(picture, np.float32).mean(axis=(0, 1))

    def encode(self, batch: Sequence[Prepared]) -> Vectors:
        self.calls.append(len(batch))
        if len(batch) > self.holds:
            raise DeviceMemoryError("full")
        return self.finish(np.stack(batch))

    def recognise(self, batch: Sequence[Prepared], k: int) -> tuple[Vectors, list[list[Label]]]:
        vectors = self.encode(batch)
        return vectors, [[Label(self.classes[int(v.mean() > 127)], 0.75)][:k] for v in vectors]


def grey(path: Path, level: int) -> str:
    Image.new("RGB", (9, 7), (level, level, level)).save(path)
    return str(path)


def table_of(paths: Sequence[str | None], **columns: list[object]) -> pa.Table:
    ids = [f"i{n}" for n in range(len(paths))]
    return pa.table({"item_id": ids, "image_path": pa.array(paths, pa.string()), **columns})


def test_every_row_gets_its_own_picture_whatever_the_batches(tmp_path: Path) -> None:
    levels = list(range(0, 230, 10))
    paths: list[str | None] = [grey(tmp_path / f"{level}.png", level) for level in levels]
    paths[4] = None
    (tmp_path / "90.png").write_bytes(b"no picture")
    table = table_of(paths, price=[*levels])
    for rows in (1, 3, 100):
        for batch_size in (1, 4, 7, 32):
            source = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=rows))
            result = embed_images(source, encoder=MeanColour(), batch_size=batch_size, report=Report()).read_all()
            vectors, valid = matrix_of(result["image_embedding"])
            expected = [level if level not in (40, 90) else 0 for level in levels]
            np.testing.assert_array_equal(vectors[:, 0], expected)
            assert np.flatnonzero(~valid).tolist() == [4, 9]
            assert result["price"].to_pylist() == levels


def test_what_cannot_be_used_is_counted_and_said(tmp_path: Path) -> None:
    cut = Path(grey(tmp_path / "cut.jpg", 5))
    cut.write_bytes(cut.read_bytes()[:300])
    paths = [
        grey(tmp_path / "a.png", 1),
        None,
        str(cut),
        str(tmp_path / "absent.png"),
        "https://shop.example/a.jpg",
        "  ",
    ]
    report = Report()
    result = embed_images(table_of(paths), encoder=MeanColour(), report=report).read_all()
    assert result["image_embedding"].is_valid().to_pylist() == [True] + [False] * 5
    assert report.counts["pictures"] == 1
    assert [(one.item_id, one.stage) for one in report.rejects] == [(f"i{n}", "embed-images") for n in (2, 3, 4)]
    assert report.counts["items without a picture"] == 2
    reasons = [one.reason for one in report.rejects]
    assert "truncated" in reasons[0]
    assert "no such file" in reasons[1]
    assert "web address" in reasons[2]


def test_when_every_picture_fails_the_input_is_wrong() -> None:
    with pytest.raises(InputError, match=r"no picture could be used.*a\.png.*no such file") as caught:
        embed_images(table_of(["a.png", "b.png"]), encoder=MeanColour()).read_all()
    assert "folder that the paths count from" in str(caught.value.fix)


def test_an_empty_table_stays_empty() -> None:
    result = embed_images(table_of([]), encoder=MeanColour()).read_all()
    assert (result.num_rows, result.column_names) == (0, ["item_id", "image_path", "image_embedding"])


def test_a_folder_will_do(shop: Path) -> None:
    result = embed_images(shop / "imgs", encoder=MeanColour()).read_all()
    assert result.column_names == ["item_id", "image_path", "image_embedding"]
    assert result.num_rows == 16
    by_id = dict(zip(result["item_id"].to_pylist(), matrix_of(result["image_embedding"])[0], strict=True))
    assert by_id["disc-red-0"].argmax() == 0
    assert by_id["square-blue-0"].argmax() == 2


def test_stored_pictures_come_before_paths(tmp_path: Path) -> None:
    stored = Path(grey(tmp_path / "stored.png", 200)).read_bytes()
    other = grey(tmp_path / "file.png", 10)
    table = table_of(["gone.png", other]).append_column("image", pa.array([stored, None], pa.binary()))
    vectors, _ = matrix_of(embed_images(table, encoder=MeanColour()).read_all()["image_embedding"])
    assert vectors[:, 0].tolist() == [200, 10]


def test_paths_beside_a_table_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, elsewhere = tmp_path / "shop", tmp_path / "elsewhere"
    (shop / "imgs").mkdir(parents=True)
    elsewhere.mkdir()
    grey(shop / "imgs" / "a.png", 60)
    (shop / "items.csv").write_text("id,image\n1,imgs/a.png\n")
    monkeypatch.chdir(elsewhere)
    vectors, _ = matrix_of(embed_images("../shop/items.csv", encoder=MeanColour()).read_all()["image_embedding"])
    assert vectors[:, 0].tolist() == [60]


def test_the_column_can_be_named(tmp_path: Path) -> None:
    table = pa.table({"id": ["1"], "image_path": ["gone.png"], "back_view": [grey(tmp_path / "b.png", 33)]})
    result = embed_images(table, encoder=MeanColour(), image_column="back_view", into="back").read_all()
    assert matrix_of(result["back"])[0][:, 0].tolist() == [33]
    with pytest.raises(UsageError, match="no column 'front'"):
        embed_images(table, encoder=MeanColour(), image_column="front")
    with pytest.raises(InputError, match="no pictures and no paths"):
        embed_images(table.select(["id"]), encoder=MeanColour())


def test_the_space_travels_and_an_older_column_gives_way(tmp_path: Path) -> None:
    table = table_of([grey(tmp_path / "a.png", 7)])
    once = embed_images(table, encoder=MeanColour(), half=True).read_all()
    assert once.schema.field("image_embedding").type == pa.list_(pa.float16(), 3)
    again = embed_images(once, encoder=MeanColour()).read_all()
    assert again.column_names == once.column_names
    assert again.schema.field("image_embedding").type == pa.list_(pa.float32(), 3)
    assert space_of(again.schema.field("image_embedding")) == MeanColour.space


def test_labels_stay_with_their_rows(tmp_path: Path) -> None:
    paths = [grey(tmp_path / "a.png", 250), None, grey(tmp_path / "b.png", 3)]
    labels = embed_images(table_of(paths), encoder=MeanColour(), labels=1).read_all()["labels"].to_pylist()
    assert labels == [[{"label": "light", "score": 0.75}], None, [{"label": "dark", "score": 0.75}]]


def test_labels_of_an_encoder_without_classes(shop: Path) -> None:
    with pytest.raises(UsageError, match="no classifier"):
        embed_images(shop / "imgs", encoder="colour", labels=5)


def test_a_device_short_of_memory_gets_smaller_batches(shop: Path) -> None:
    small, report = MeanColour(holds=3), Report()
    roomy = embed_images(shop / "imgs", encoder=MeanColour(), batch_size=8).read_all()
    assert embed_images(shop / "imgs", encoder=small, batch_size=8, report=report).read_all().equals(roomy)
    assert small.calls == [8, 4, 2, 2, 2, 2, 2, 2, 2, 2], "found once, remembered afterwards"
    assert "batches of 2" in report.warnings[-1]


def test_a_device_that_cannot_hold_one_picture(shop: Path) -> None:
    with pytest.raises(DeviceMemoryError):
        embed_images(shop / "imgs", encoder=MeanColour(holds=0), batch_size=4).read_all()


def test_reads_only_a_little_ahead(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.png", 9)
    seen: list[int] = []
    schema = table_of([path]).schema

    def endless() -> Iterator[pa.RecordBatch]:
        for n in range(100_000):
            seen.append(n)
            yield pa.RecordBatch.from_pydict({"item_id": [f"i{n}"], "image_path": [path]}, schema=schema)

    reader = embed_images(pa.RecordBatchReader.from_batches(schema, endless()), encoder=MeanColour(), batch_size=4)
    assert reader.read_next_batch().num_rows == 4
    assert len(seen) <= 4 * 4
    reader.close()


def test_progress_counts_every_row(shop: Path) -> None:
    class Bar:
        total, done = 0, 0

        def expect(self, total: int | None, unit: str) -> None:
            self.total = total or 0

        def advance(self, n: int) -> None:
            self.done += n

    bar = Bar()
    embed_images(shop / "imgs", encoder=MeanColour(), batch_size=5, report=Report(bar=bar)).read_all()
    assert (bar.done, bar.total) == (16, 16)


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"labels": -1}])
def test_numbers_that_cannot_be(shop: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        embed_images(shop / "imgs", encoder=MeanColour(), **wrong)  # type: ignore[arg-type]
