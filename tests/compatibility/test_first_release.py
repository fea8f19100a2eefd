"""What the first release wrote: its models, vectors, cache and checkpoint, read by this one with the same answers.

``first_release.zip`` was made by it, from eight pictures and 43 clicks: ``embed-images -e lbp``, ``fuse --reduce pca
--dim 4``, ``train-cf`` of each model with an embedding_size of 4 (sasrec: 8), and ``recommend -k 3`` of all users, or
of all items, as CSV. ``als.npz`` is a checkpoint after 3 epochs, ``als-6.csv`` what a training of 6 answers.
"""

import zipfile
from pathlib import Path

import PIL
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import visrec_cli as visrec
from visrec_cli.runtime.report import Report

MODELS = ("als", "ease", "item-knn", "hybrid", "vbpr", "sasrec", "two-tower")
PILLOW = "13.0.0"  # kept vectors are of the release that decoded the pictures


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    with zipfile.ZipFile(Path(__file__).with_name("first_release.zip")) as archive:
        archive.extractall(folder)
    return folder


def alike(found: pa.RecordBatchReader, expected: Path) -> None:
    """The same items in the same order, and scores that differ by rounding at most."""
    table = pl.DataFrame(pl.from_arrow(found.read_all()))
    wanted = pl.read_csv(expected, infer_schema_length=0).with_columns(pl.col("score").cast(pl.Float32))
    names = [name for name in ("user_id", "query_id", "item_id", "score") if name in table.columns]
    assert len(wanted) > 20
    assert_frame_equal(table.select(names), wanted.select(names), abs_tol=1e-5, check_dtypes=False)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_answers_as_it_did(first: Path, name: str) -> None:
    alike(
        visrec.recommend_users(first / f"{name}.arrow", all_users=True, rules=visrec.Rules(k=3)), first / f"{name}.csv"
    )


@pytest.mark.parametrize("name", ["items.arrow", "items.parquet", "items.npy"])
def test_vectors_answer_as_they_did(first: Path, name: str) -> None:
    table = visrec.open_table(first / name).read_all()
    alike(visrec.recommend(table, all_items=True, k=3), first / "alike.csv")


def test_a_training_goes_on_from_its_checkpoint(first: Path) -> None:
    settings = {"embedding_size": 4, "epochs": 6}
    model = visrec.train_cf(first / "clicks.csv", model="als", settings=settings, resume=str(first / "als.npz"))
    alike(visrec.recommend_users(model.read_all(), all_users=True, rules=visrec.Rules(k=3)), first / "als-6.csv")


def test_its_cache_is_used(first: Path, tmp_path: Path) -> None:
    (tmp_path / "embeddings-1.sqlite").write_bytes((first / "embeddings-1.sqlite").read_bytes())
    report = Report()
    visrec.embed_images(first / "imgs", encoder="lbp", cache=tmp_path, report=report).read_all()
    assert not report.warnings
    assert [file.name for file in tmp_path.glob("*.sqlite*")] == ["embeddings-1.sqlite"]  # not set aside
    if PIL.__version__ == PILLOW:
        assert report.counts["vectors from the cache"] == 8
