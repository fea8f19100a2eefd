"""Colour profiles from a picture to its recommendations, and tables that were embedded before they were followed."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests import profiles
from tests.conftest import Run, draw
from visrec_cli.embedding.framed_pictures import Pictures
from visrec_cli.encoders.frame import Framing
from visrec_cli.images.decoder import load_picture
from visrec_cli.items.pictures import PictureSource
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.stages.recommend.items import recommend
from visrec_cli.tables.readers import read_all
from visrec_cli.tables.spaces import space_of
from visrec_cli.tables.vectors import matrix_of

ADOBE_RGB = profiles.rgb(profiles.ADOBE, profiles.gamma(563 / 256))
IGNORED = "--ignore-profiles"


def in_adobe_rgb(picture: Image.Image) -> bytes:
    """The same picture, seen through the profile of Adobe RGB: other numbers for the same colours."""
    there, file = ImageCms.ImageCmsProfile(io.BytesIO(ADOBE_RGB)), io.BytesIO()
    moved = ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), there)
    assert moved is not None
    moved.save(file, "PNG", icc_profile=ADOBE_RGB)
    return file.getvalue()


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with one picture as it is, the same in Adobe RGB, and a third with a profile that is none."""
    folder = tmp_path / "two"
    folder.mkdir()
    picture = draw("disc", (30, 140, 60))
    picture.save(folder / "plain.png")
    (folder / "adobe.png").write_bytes(in_adobe_rgb(picture))
    picture.save(folder / "broken.png", icc_profile=b"nothing of the kind" * 9)
    return folder


def vectors(path: Path) -> dict[str, np.ndarray]:
    table = read_all(path)
    return dict(zip(table["item_id"].to_pylist(), matrix_of(table["image_embedding"])[0], strict=True))


@pytest.mark.parametrize("encoder", ["lite0", "colour"])
def test_one_picture_in_two_spaces_is_one_vector(two: Path, visrec: Run, encoder: str) -> None:
    for name, options in (("new.arrow", []), ("old.arrow", [IGNORED])):
        done = visrec("embed-images", two, "-e", encoder, "--device", "cpu", "-o", name, *options)
        assert done.returncode == 0, done.stderr
        converted = b"1 picture converted to sRGB" in done.stderr
        assert (converted, b"1 picture with an unusable colour profile" in done.stderr) == (not options, not options)
    new, old = (vectors(two.parent / name) for name in ("new.arrow", "old.arrow"))
    assert new["plain"] @ new["adobe"] > 0.999
    assert old["plain"] @ old["adobe"] < 0.998
    for name in ("plain", "broken"):
        np.testing.assert_array_equal(new[name], old[name])


def test_what_is_kept_says_the_same_the_next_time(two: Path, visrec: Run) -> None:
    lines = [visrec("embed-images", two, "-e", "colour", "-o", "x.arrow").stderr.decode() for _ in range(2)]
    assert "3 vectors from the cache" in lines[1]
    for line in lines:
        assert "1 picture converted to sRGB · 1 picture with an unusable colour profile" in line


def test_vectors_that_the_first_release_kept_are_used_where_they_are_still_right(two: Path, visrec: Run) -> None:
    said = []
    for name, options in (("old", [IGNORED]), ("new", []), ("again", []), ("apart", ["--no-cache"])):
        done = visrec("embed-images", two, "-e", "colour", "-o", f"{name}.arrow", *options)
        assert done.returncode == 0, done.stderr
        said.append(done.stderr.decode())
    assert "from the cache" not in said[0]
    assert "1 vector from the cache" in said[1]  # the plain one; what has an odd profile is looked at
    assert "3 vectors from the cache" in said[2]
    new, again, apart = ((two.parent / f"{name}.arrow").read_bytes() for name in ("new", "again", "apart"))
    assert new == again == apart


def test_the_space_of_the_first_release_is_what_it_was(shop: Path) -> None:
    old, new = (
        space_of(embed_images(shop / "imgs", encoder="colour", ignore_profiles=ignored).schema.field("image_embedding"))
        for ignored in (True, False)
    )
    assert old is not None
    assert new is not None
    assert old.fingerprint == "cc40d0f236c8b0c4"  # that docs/errors.md of that release prints
    assert new.preprocessing == {**old.preprocessing, "colour": "sRGB"}


def test_a_table_of_the_first_release_answers_as_it_did(two: Path, visrec: Run) -> None:
    """A query for it is read as its items were: a picture finds itself, whatever its profile."""
    for name, options in (("new.arrow", []), ("old.arrow", [IGNORED])):
        assert visrec("embed-images", two, "-e", "colour", "-o", name, *options).returncode == 0
    for name, wanted in (("old.arrow", ["adobe"]), ("new.arrow", ["adobe", "plain", "broken"])):
        done = visrec(
            "recommend", name, "--image", two / "adobe.png", "-k", 3, "--keep-duplicates", "--format", "ndjson"
        )
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert {row["item_id"] for row in rows if row["score"] > 0.999} == set(wanted)
        assert (b"converted" in done.stderr) == (name == "new.arrow")
    assert visrec("recommend", "old.arrow", "--item", "plain", "-k", 1).returncode == 0


def test_an_open_picture_is_read_as_its_file_is(two: Path) -> None:
    for ignored in (True, False):
        table = embed_images(two, encoder="colour", ignore_profiles=ignored).read_all()
        answers = [
            recommend(table, images=[source], k=3).read_all().to_pydict()
            for source in (str(two / "adobe.png"), Image.open(two / "adobe.png"))
        ]
        assert answers[0]["score"] == pytest.approx(answers[1]["score"], abs=1e-6)


def refused(done) -> str:
    said = done.stderr.decode()
    assert done.returncode == 65, said
    assert "colour profiles passed over" in said
    assert "visrec embed-images" in said
    return said


def test_tables_of_the_two_versions_are_not_mixed(shop: Path, visrec: Run) -> None:
    assert visrec("embed-images", "imgs", "-e", "colour", "-o", "old.arrow", IGNORED).returncode == 0
    assert visrec("embed-images", "imgs", "-e", "colour", "-o", "new.arrow").returncode == 0
    both = visrec("embed-images", "new.arrow", "-e", "colour", IGNORED, "--into", "old", "-o", "both.arrow")
    assert both.returncode == 0
    for tables, older in ((("old.arrow", "new.arrow"), "the first table"), (("new.arrow", "old.arrow"), "old.arrow")):
        said = refused(visrec("fuse", *tables, "-o", "mixed.arrow"))
        assert f"'image_embedding' of {older} was embedded with" in said
    refused(visrec("fuse", "both.arrow", "--columns", "image_embedding,old", "--method", "mean", "-o", "mixed.arrow"))
    assert not (shop / "mixed.arrow").exists()
    assert visrec("fuse", "old.arrow", "old.arrow", "-o", "fine.arrow").returncode == 0


def test_a_model_of_the_first_release_takes_new_items_of_its_own_kind_alone(shop: Path, visrec: Run) -> None:
    known = [path.stem for path in sorted((shop / "imgs").iterdir())]
    log = "".join(f"u{n % 4},{item}\n" for n, item in enumerate(known * 2) if n % 3)
    (shop / "log.csv").write_text("user_id,item_id\n" + log)
    (shop / "more").mkdir()
    Image.new("RGB", (96, 96), (200, 30, 40)).save(shop / "more" / "newest.png")
    for name, folder, options in (
        ("old.arrow", "imgs", [IGNORED]), ("old-more.arrow", "more", [IGNORED]), ("new-more.arrow", "more", []),
    ):  # fmt: skip
        assert visrec("embed-images", folder, "-e", "colour", "-o", name, *options).returncode == 0
    done = visrec("train-cf", "log.csv", "--model", "content-knn", "--items", "old.arrow", "-o", "model.arrow")
    assert done.returncode == 0, done.stderr
    ask = ("recommend", "model.arrow", "--user", "u1", "-k", 3, "--new-items")
    assert visrec(*ask, "old-more.arrow").returncode == 0
    assert "the model was embedded with" in refused(visrec(*ask, "new-more.arrow"))


def test_stored_pictures_are_in_srgb_and_say_no_profile(two: Path, visrec: Run) -> None:
    for kind in ("png", "jpeg"):
        done = visrec("preprocess", "two", "--store", kind, "-o", "stored.arrow")
        assert done.returncode == 0, done.stderr
        assert b"1 picture converted to sRGB" in done.stderr
        table = read_all(two.parent / "stored.arrow")
        stored = dict(zip(table["item_id"].to_pylist(), table["image"].to_pylist(), strict=True))
        for data in stored.values():
            assert "icc_profile" not in Image.open(io.BytesIO(data)).info
        seen = [np.asarray(load_picture(stored[name]), int) for name in ("adobe", "plain")]
        assert np.abs(seen[0] - seen[1]).max() <= (2 if kind == "png" else 12)


def test_a_picture_and_its_twin_in_another_space_are_duplicates(two: Path, visrec: Run) -> None:
    done = visrec("preprocess", two, "--format", "ndjson")
    found = {row["item_id"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert found["broken"]["duplicate_of"] == "adobe"
    assert found["plain"]["brightness"] == pytest.approx(found["adobe"]["brightness"], abs=0.005)


def test_it_is_learned_from_as_it_is_seen(two: Path) -> None:
    report, names = Report(), ("plain", "adobe", "broken")
    sources = [PictureSource(name, None, str(two / f"{name}.png")) for name in names]
    pictures = Pictures(sources, Framing("squash", 32, 32, 32), threads=1)
    assert pictures.check(np.arange(3), report).all()
    plain, adobe, broken = pictures(np.arange(3)).astype(int)
    assert np.abs(plain - adobe).max() <= 2
    np.testing.assert_array_equal(plain, broken)
    assert report.counts["pictures converted to sRGB"] == report.counts["pictures with an unusable colour profile"] == 1
