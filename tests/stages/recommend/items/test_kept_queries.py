"""Queries by pictures and words that were embedded before: nothing is computed again, and the answers are the same."""

import io
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tests.conftest import COLOURS, draw
from tests.embedding.test_kept_pictures import Counting, settle
from tests.encoders.models import BERT_WORDS, save_timm, save_tiny_bert
from visrec_cli.encoders.factory import open_text_encoder
from visrec_cli.images import sources
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.stages.embed_text import embed_text
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.recommend.items import query_pictures, recommend

KEPT = "query vectors from the cache"


@pytest.fixture
def imgs(tmp_path: Path) -> Path:
    """Forty pictures, all different, an hour old: settled."""
    folder = tmp_path / "imgs"
    folder.mkdir()
    for number in range(40):
        colour = list(COLOURS.values())[number % 4]
        draw(("square", "disc")[number % 2], colour, size=60 + number, seed=number).save(folder / f"{number:03d}.png")
    settle(folder)
    return folder


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[Counting]:
    """The encoders that queries opened."""
    opened: list[Counting] = []

    def open_one(space: Any) -> Counting:
        opened.append(Counting())
        return opened[-1]

    monkeypatch.setattr(query_pictures, "picture_encoder", open_one)
    return opened


def embedded(imgs: Path, cache: Path) -> pa.Table:
    return embed_images(imgs, encoder=Counting(), cache=cache).read_all()


def test_a_folder_that_is_embedded_costs_no_model_call_and_no_reading(
    imgs: Path, tmp_path: Path, models: list[Counting], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = embedded(imgs, tmp_path / "kept")
    plain = recommend(table, images=[imgs], k=3, cache=False).read_all()
    assert models[-1].seen == 40

    def unread(*_: object, **__: object) -> None:
        raise AssertionError("a picture was read")

    monkeypatch.setattr(sources, "picture_bytes", unread)
    report = Report()
    found = recommend(table, images=[imgs], k=3, cache=tmp_path / "kept", report=report).read_all()
    assert models[-1].seen == 0
    assert report.counts[KEPT] == 40
    assert found.equals(plain)


def test_a_copy_bytes_and_a_member_of_an_archive_are_known_by_content(
    imgs: Path, tmp_path: Path, models: list[Counting]
) -> None:
    table = embedded(imgs, tmp_path / "kept")
    shutil.copy(imgs / "003.png", tmp_path / "query.png")
    shutil.make_archive(str(tmp_path / "more"), "zip", imgs)
    asked = [tmp_path / "query.png", (imgs / "004.png").read_bytes(), tmp_path / "more.zip"]
    report = Report()
    recommend(table, images=asked, k=1, cache=tmp_path / "kept", report=report).read_all()
    assert models[-1].seen == 0
    assert report.counts[KEPT] == 42


def test_what_a_query_computed_is_kept_for_the_next_and_for_embed_images(
    imgs: Path, tmp_path: Path, models: list[Counting]
) -> None:
    table = embed_images(imgs, encoder=Counting(), cache=False).read_all()
    for calls in (40, 0):
        recommend(table, images=[imgs], k=1, cache=tmp_path / "kept").read_all()
        assert models[-1].seen == calls
    model = Counting()
    assert embed_images(imgs, encoder=model, cache=tmp_path / "kept").read_all().equals(table)
    assert model.seen == 0


def test_a_picture_that_is_open_already_is_never_kept(imgs: Path, tmp_path: Path, models: list[Counting]) -> None:
    table = embedded(imgs, tmp_path / "kept")
    asked = [Image.open(imgs / "001.png"), imgs / "002.png", Image.open(imgs / "003.png").convert("L")]
    for _ in range(2):
        found = recommend(table, images=asked, k=1, cache=tmp_path / "kept", keep_duplicates=True).read_all()
        assert models[-1].seen == 2
        assert found["item_id"].to_pylist()[:2] == ["001", "002"]


def test_of_a_fused_space_each_side_is_known(imgs: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first = embed_images(imgs, encoder="colour", into="colours", cache=kept).read_all()
    both = fuse(embed_images(first, encoder="hog", into="shapes", cache=kept)).read_all()
    report = Report()
    found = recommend(both, images=[imgs], k=2, cache=kept, report=report).read_all()
    assert report.counts[KEPT] == 80
    assert found.equals(recommend(both, images=[imgs], k=2, cache=False).read_all())


def test_a_broken_picture_is_rejected_once_whatever_is_kept(imgs: Path, tmp_path: Path, models: list[Counting]) -> None:
    table = embedded(imgs, tmp_path / "kept")
    (imgs / "005.png").write_bytes(b"no picture")
    report = Report()
    options = {"k": 1, "cache": tmp_path / "kept", "keep_duplicates": True}
    found = recommend(table, images=[imgs], report=report, **options).read_all()
    assert [(one.stage, Path(str(one.path)).name) for one in report.rejects] == [("recommend", "005.png")]
    assert found.num_rows == report.counts[KEPT] == 39


def catalogue(texts: Sequence[str]) -> pa.Table:
    return pa.table({"item_id": [f"i{n}" for n in range(len(texts))], "title": list(texts)})


def words(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(BERT_WORDS, 5)) for _ in range(count)]


def test_words_that_embed_text_has_read_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One model has no prompts: a query is as a document. Another asks for queries with a prompt of their own."""
    for name, prompts, kept_of_documents in (("plain", None, 8), ("asks", {"query": "query : "}, 0)):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.setenv("VISREC_CACHE_DIR", str(folder / "cache"))
        spec = f"st:{save_tiny_bert(folder, prompts)}"
        table = embed_text(catalogue(words(8)), columns="title", encoder=spec, cache=folder / "kept").read_all()
        plain = recommend(table, texts=words(8), k=2, cache=False).read_all()
        for known in (kept_of_documents, 8):
            report = Report()
            found = recommend(table, texts=words(8), k=2, cache=folder / "kept", report=report).read_all()
            assert report.counts[KEPT] == known
            assert found.equals(plain)
        again = Report()
        embed_text(catalogue(words(8)), columns="title", encoder=spec, cache=folder / "kept", report=again).read_all()
        assert again.counts["vectors from the cache"] == 8


def test_whether_queries_differ_is_known_in_both_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "cache"))
    for name, prompts in (("plain", None), ("asks", {"query": "query : "})):
        (tmp_path / name).mkdir()
        spec = f"st:{save_tiny_bert(tmp_path / name, prompts)}"
        for engine in ("onnx", "torch"):
            encoder = open_text_encoder(spec, device="cpu", engine=engine)
            same = np.array_equal(encoder.encode_query(words(1)), encoder.encode(words(1)))
            assert encoder.queries_differ == bool(prompts) == (not same)


def test_a_text_that_is_cut_is_counted() -> None:
    table = embed_text(catalogue(["red dress", "blue coat"]), columns="title", cache=False).read_all()
    report = Report()
    recommend(table, texts=["red " * 300], k=1, cache=False, report=report).read_all()
    assert report.counts["texts cut at 256 tokens"] == 1


Run = Callable[..., CompletedProcess[bytes]]


def spoiled(folder: Path) -> None:
    """All models in a folder unusable, though their files have the size and the times of before."""
    for path in [*folder.rglob("model.onnx"), *folder.rglob("*.safetensors")]:
        was = path.stat()
        path.write_bytes(b"\0" * was.st_size)
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def test_a_process_whose_picture_model_is_unusable(imgs: Path, tmp_path: Path, visrec: Run) -> None:
    kept = tmp_path / "kept"
    spec = f"file:{save_timm('test_resnet', tmp_path / 'weights.safetensors', num_classes=5)}?arch=test_resnet"
    assert visrec("embed-images", imgs, "-e", spec, "--cache", kept, "-o", "e.arrow").returncode == 0
    before = visrec("recommend", "e.arrow", "--image", imgs, "--no-cache", "-o", "before.arrow", "-q")
    assert before.returncode == 0, before.stderr.decode()
    spoiled(tmp_path)
    asked = ("recommend", "e.arrow", "--image", imgs)
    done = visrec(*asked, "--cache", kept, "-o", "after.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert b"40 query vectors from the cache" in done.stderr
    assert (tmp_path / "after.arrow").read_bytes() == (tmp_path / "before.arrow").read_bytes()
    assert visrec(*asked, "--no-cache", env={"VISREC_CACHE_DIR": str(kept)}).returncode != 0  # it is unusable


def test_a_process_whose_text_model_is_unusable(tmp_path: Path, visrec: Run) -> None:
    kept, spec = tmp_path / "kept", f"st:{save_tiny_bert(tmp_path)}"
    lines = io.StringIO()
    lines.write("item_id,title\n" + "".join(f"i{n},{text}\n" for n, text in enumerate(words(6))))
    (tmp_path / "items.csv").write_text(lines.getvalue())
    (tmp_path / "asked.txt").write_text("\n".join(words(6)))
    made = visrec("embed-text", "items.csv", "--columns", "title", "-e", spec, "--cache", kept, "-o", "t.arrow")
    assert made.returncode == 0, made.stderr.decode()
    spoiled(tmp_path)
    asked = ("recommend", "t.arrow", "--texts", "asked.txt", "-k", 1)
    done = visrec(*asked, "--cache", kept, "-o", "after.arrow")
    assert done.returncode == 0, done.stderr.decode()
    assert b"6 query vectors from the cache" in done.stderr
    assert visrec(*asked, "--no-cache", env={"VISREC_CACHE_DIR": str(kept)}).returncode != 0
