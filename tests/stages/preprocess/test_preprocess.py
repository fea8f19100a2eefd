import io
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.images import decoder
from visrec_cli.runtime.report import Report
from visrec_cli.stages.preprocess import preprocess

PICTURE_COLUMNS = [
    "item_id", "image_path", "width", "height", "sharpness", "brightness", "contrast", "clutter",
    "duplicate_of", "duplicate_kind",
]  # fmt: skip


def photo(seed, size=(48, 36)):
    """Blocks of random colours: no two alike, and every one with something to hash."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST)


def put(folder, *names):
    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        photo(seed).save(path)


def table(source=(), **options):
    report = Report()
    result = preprocess(source, report=report, **options).read_all()
    return result, report


def told(report):
    return [(one.stage, one.item_id, one.reason) for one in report.rejects]


def test_a_folder_becomes_a_table_sorted_by_id(tmp_path):
    put(tmp_path, "b.jpg", "a/z.png", "c.webp")
    result, report = table(tmp_path)
    assert result.column_names == PICTURE_COLUMNS
    assert result["item_id"].to_pylist() == ["a/z", "b", "c"]
    assert result["image_path"].to_pylist() == [str(tmp_path / name) for name in ("a/z.png", "b.jpg", "c.webp")]
    assert result["width"].to_pylist() == [48] * 3
    assert report.counts["pictures"] == 3
    assert report.rejects == []


def test_the_size_is_that_of_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(0).save(tmp_path / "a.jpg", exif=exif)
    result, _ = table(tmp_path)
    assert (result["width"][0].as_py(), result["height"][0].as_py()) == (36, 48)


class TestItems:
    @pytest.fixture
    def shop(self, tmp_path):
        put(tmp_path, "imgs/1.jpg", "imgs/2.jpg", "imgs/3.jpg", "imgs/extra.jpg")
        (tmp_path / "items.csv").write_text(
            "sku,title,price,image\n3,hat,5,imgs/3.jpg\n9,ghost,7,\n1,shoe,6,imgs/1.jpg\n2,bag,8,nope.jpg\n"
        )
        return tmp_path

    def test_join_keeps_the_order_of_the_items_and_their_columns(self, shop):
        result, report = table(shop / "imgs", items=shop / "items.csv")
        assert result.column_names == [*PICTURE_COLUMNS, "title", "price", "image"]
        assert result["item_id"].to_pylist() == ["3", "9", "1", "2"]
        assert result["title"].to_pylist() == ["hat", "ghost", "shoe", "bag"]
        assert [path and Path(path).name for path in result["image_path"].to_pylist()] == [
            "3.jpg",
            None,
            "1.jpg",
            "2.jpg",
        ]
        assert result["sharpness"].null_count == 1
        assert report.counts["pictures"] == 3
        assert report.counts["items without picture"] == 1
        assert told(report) == [("join", "extra", "no item has this id")]

    def test_unlisted_pictures_are_kept_at_the_end_if_asked(self, shop):
        result, report = table(shop / "imgs", items=shop / "items.csv", keep_unlisted=True)
        assert result["item_id"].to_pylist() == ["3", "9", "1", "2", "extra"]
        assert result["title"].to_pylist()[-1] is None
        assert report.rejects == []

    def test_items_without_picture_are_rejected_if_asked(self, shop):
        result, report = table(shop / "imgs", items=shop / "items.csv", require_picture=True)
        assert result["item_id"].to_pylist() == ["3", "1", "2"]
        assert ("join", "9", "the item has no picture") in told(report)
        assert report.counts["items without picture"] == 1

    @pytest.mark.parametrize("as_items", [True, False])
    def test_the_table_of_items_is_a_source_by_its_own_paths(self, shop, as_items, monkeypatch):
        monkeypatch.chdir(shop.parent)
        name = f"{shop.name}/items.csv"
        result, report = table([], items=name) if as_items else table([name])
        assert result["item_id"].to_pylist() == ["3", "9", "1", "2"]
        assert result["image_path"].to_pylist() == [f"{shop.name}/imgs/3.jpg", None, f"{shop.name}/imgs/1.jpg", None]
        assert told(report) == [("decode", "2", "no such file or directory")]
        assert report.counts["items without picture"] == 2

    def test_tables_at_hand_and_other_formats(self, shop, monkeypatch):
        monkeypatch.chdir(shop)
        items = pa.table({"id": ["b", "a"], "photo": ["imgs/1.jpg", "imgs/2.jpg"], "n": [1, 2]})
        result, _ = table([], items=items)
        assert result["item_id"].to_pylist() == ["b", "a"]
        import pyarrow.parquet as pq

        pq.write_table(items, shop / "items.parquet")
        assert table("items.parquet")[0].equals(result)
        (shop / "items.ndjson").write_text(
            '{"id":"b","photo":"imgs/1.jpg","n":1}\n{"id":"a","photo":"imgs/2.jpg","n":2}\n'
        )
        assert table("items.ndjson")[0].equals(result)

    def test_another_image_column(self, shop):
        (shop / "items.csv").write_text("id,image,back\n1,nope.jpg,imgs/2.jpg\n")
        result, _ = table(shop / "items.csv", image_column="back")
        assert result["image_path"][0].as_py().endswith("imgs/2.jpg")
        with pytest.raises(UsageError, match="no column 'front'"):
            table(shop / "items.csv", image_column="front")

    def test_a_table_without_paths_says_what_to_do(self, shop):
        (shop / "items.csv").write_text("id,title\n1,shoe\n")
        with pytest.raises(InputError, match="no column of pictures or of their paths") as refusal:
            table(shop / "items.csv")
        assert "--items" in refusal.value.fix

    def test_what_visrec_made_can_be_preprocessed_again(self, shop, monkeypatch):
        from visrec_cli.tables.output import write_table

        monkeypatch.chdir(shop)
        (shop / "out").mkdir()
        first, _ = table("imgs", items="items.csv")
        write_table(first, "out/items.arrow")
        second, report = table("out/items.arrow")
        assert second.equals(first)
        assert report.warnings == []

    def test_a_column_that_gives_way_is_told(self, shop):
        (shop / "items.csv").write_text("id,width\n1,90\n2,80\n3,70\n")
        result, report = table(shop / "imgs", items=shop / "items.csv")
        assert result["width"].to_pylist() == [48, 48, 48]
        assert any("width" in warning for warning in report.warnings)

    def test_no_item_gets_the_picture_of_another(self, tmp_path):
        ids = [str(n) for n in range(600)]
        for n in ids[::2]:
            Image.new("RGB", (8 + int(n) % 50, 9), "white").save(tmp_path / f"{n}.png")
        items = pa.table({"item_id": ids[::-1], "number": list(range(600))[::-1]})
        result, _ = table(tmp_path, items=items)
        for row in result.select(["item_id", "image_path", "width", "number"]).to_pylist():
            n = int(row["item_id"])
            assert row["number"] == n
            assert row["width"] == (8 + n % 50 if n % 2 == 0 else None)
            assert (row["image_path"] is None) == (n % 2 == 1)


class TestHowJoinsFail:
    def test_ids_with_endings(self, tmp_path):
        put(tmp_path, "imgs/a.jpg", "imgs/b.jpg")
        items = pa.table({"item_id": ["a.jpg", "b.jpg"]})
        with pytest.raises(
            InputError, match=r"only 0 of 2 pictures .* called 'a', 'b', items 'a.jpg', 'b.jpg'"
        ) as refusal:
            table(tmp_path / "imgs", items=items)
        assert refusal.value.fix == "with --id-from path, 2 pictures would find their item"
        assert table(tmp_path / "imgs", items=items, id_from="path")[0].num_rows == 2

    def test_pictures_in_sub_folders(self, tmp_path):
        put(tmp_path, "x/a.jpg", "y/b.jpg")
        items = pa.table({"item_id": ["a", "b"]})
        with pytest.raises(InputError) as refusal:
            table(tmp_path, items=items)
        assert "--id-from name" in refusal.value.fix
        assert table(tmp_path, items=items, id_from="name")[0]["image_path"].null_count == 0

    def test_names_that_are_in_another_column(self, tmp_path):
        put(tmp_path, "x1.jpg", "x2.jpg")
        items = pa.table({"item_id": ["a", "b"], "file": ["x1.jpg", "x2.jpg"]})
        with pytest.raises(InputError) as refusal:
            table(tmp_path, items=items)
        assert "the column 'file' names the pictures" in refusal.value.fix

    def test_few_matches_are_a_warning(self, tmp_path):
        put(tmp_path, *(f"p{n}.jpg" for n in range(30)))
        items = pa.table({"item_id": ["p0", *(f"q{n}" for n in range(40))]})
        result, report = table(tmp_path, items=items)
        assert result["image_path"].null_count == 40
        assert "only 1 of 30 pictures" in report.warnings[0]

    def test_two_tables_of_items(self, tmp_path):
        put(tmp_path, "a.jpg")
        items = pa.table({"item_id": ["a"], "path": [str(tmp_path / "a.jpg")]})
        with pytest.raises(UsageError, match="second table"):
            table([items], items=items)


class TestSources:
    def test_several_sources_and_their_collisions(self, tmp_path):
        put(tmp_path, "x/a.jpg", "y/b.jpg", "z/a.jpg")
        result, _ = table([tmp_path / "x", str(tmp_path / "y"), tmp_path / "y" / "b.jpg"])
        assert result["item_id"].to_pylist() == ["a", "b"], "the same picture twice is one picture"
        with pytest.raises(InputError, match="would both be item 'a'"):
            table([tmp_path / "x", tmp_path / "z"])
        assert table([tmp_path / "x", tmp_path / "z"], id_from="full")[0].num_rows == 2

    def test_archives(self, tmp_path):
        put(tmp_path, "imgs/a.png", "imgs/b/c.png")
        with zipfile.ZipFile(tmp_path / "shop.zip", "w") as file:
            for name in ("a.png", "b/c.png"):
                file.write(tmp_path / "imgs" / name, name)
        packed, _ = table(tmp_path / "shop.zip")
        plain, _ = table(tmp_path / "imgs")
        assert packed["image_path"].to_pylist() == [f"{tmp_path}/shop.zip::a.png", f"{tmp_path}/shop.zip::b/c.png"]
        assert packed.drop_columns("image_path").equals(plain.drop_columns("image_path"))

    def test_what_archives_hold_beside_pictures_is_told(self, tmp_path):
        put(tmp_path, "a.png")
        with tarfile.open(tmp_path / "shop.tar", "w") as file:
            for name in ("a.png", "b.png", "b.xml", "b.npy", "c.jxl", "a.png"):
                file.add(tmp_path / "a.png", name)
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "a.png"
            file.addfile(link)
        result, report = table(tmp_path / "shop.tar")
        assert result["item_id"].to_pylist() == ["a", "b"]
        assert [(one.path.split("::")[1], one.reason.split(",")[0].split(":")[0]) for one in report.rejects] == [
            ("a.png", "the archive holds this name more than once"),
            ("c.jxl", "JPEG XL picture"),
            ("link.png", "a link"),
        ]
        assert report.counts["other files"] == 2
        assert report.warnings == ["left out: 1 .npy beside pictures, 1 .xml beside pictures"]

    def test_a_picture_that_two_sources_name_is_counted(self, tmp_path):
        put(tmp_path, "imgs/a.png", "imgs/b.png")
        _, report = table([tmp_path / "imgs", tmp_path / "imgs"])
        assert report.counts["pictures named more than once"] == 2

    def test_links_to_folders_elsewhere(self, tmp_path):
        put(tmp_path, "imgs/a.png", "elsewhere/b.png")
        (tmp_path / "imgs" / "more").symlink_to(tmp_path / "elsewhere")
        result, report = table(tmp_path / "imgs")
        assert result["item_id"].to_pylist() == ["a"]
        assert "1 link to folders elsewhere" in report.warnings[0]
        assert "--follow-links" in report.warnings[0]
        assert table(tmp_path / "imgs", follow_links=True)[0]["item_id"].to_pylist() == ["a", "more/b"]

    @pytest.mark.parametrize("name", ["a.jxl", "a.svg", "a.xyz", "README"])
    def test_nothing_that_can_be_read_is_refused(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(InputError, match="no picture in"):
            table(tmp_path)

    def test_members_of_archives_in_a_table_count_from_its_folder(self, tmp_path):
        put(tmp_path, "a.png")
        with zipfile.ZipFile(tmp_path / "shop.zip", "w") as file:
            file.write(tmp_path / "a.png", "deep/a.png")
        (tmp_path / "items.csv").write_text("id,image\n1,shop.zip::deep/a.png\n")
        result, report = table(tmp_path / "items.csv")
        assert report.rejects == []
        assert result["width"].to_pylist() == [48]

    def test_nothing_at_all(self, tmp_path):
        with pytest.raises(UsageError, match="no pictures"):
            preprocess()
        with pytest.raises(MissingInputError, match="nowhere"):
            preprocess(tmp_path / "nowhere")
        (tmp_path / "notes.txt").write_text("x")
        with pytest.raises(InputError, match=r"no picture in .*: found 1 \.txt"):
            preprocess(tmp_path)
        with pytest.raises(InputError, match="no picture in the table"):
            preprocess([], items=pa.table({"item_id": ["a"], "image": pa.array([None], pa.string())}))

    def test_web_addresses_are_told_apart(self, tmp_path):
        put(tmp_path, "a.jpg")
        items = pa.table({"item_id": ["1", "2"], "image": ["https://x.example/a.jpg", str(tmp_path / "a.jpg")]})
        _, report = table(items)
        assert told(report) == [("decode", "1", "a web address: only files are read")]


class TestBroken:
    def test_each_broken_picture_is_told_and_the_rest_goes_on(self, tmp_path):
        put(tmp_path, "good.jpg")
        (tmp_path / "empty.jpg").write_bytes(b"")
        (tmp_path / "page.jpg").write_bytes(b"<!DOCTYPE html><html></html>")
        file = io.BytesIO()
        photo(1).save(file, "JPEG")
        (tmp_path / "cut.jpg").write_bytes(file.getvalue()[:-200])
        result, report = table(tmp_path)
        assert result["item_id"].to_pylist() == ["good"]
        assert told(report) == [
            ("decode", "cut", "truncated JPEG"),
            ("decode", "empty", "empty file"),
            ("decode", "page", "not a picture: a web page"),
        ]
        assert {one.path for one in report.rejects} == {str(tmp_path / f"{n}.jpg") for n in ("cut", "empty", "page")}

    def test_an_item_with_a_broken_picture_stays_without(self, tmp_path):
        put(tmp_path, "a.jpg", "b.jpg")
        (tmp_path / "a.jpg").write_bytes(b"")
        result, report = table(tmp_path, items=pa.table({"item_id": ["a", "b"], "title": ["x", "y"]}))
        assert result.select(["item_id", "image_path", "title"]).to_pylist()[0] == {
            "item_id": "a", "image_path": None, "title": "x",
        }  # fmt: skip
        assert report.counts["items without picture"] == 1

    def test_nothing_but_broken_pictures_is_an_error_that_names_the_first(self, tmp_path):
        for name in "ab":
            (tmp_path / f"{name}.jpg").write_bytes(b"")
        with pytest.raises(InputError, match=r"no picture could be used, the first \(.*a\.jpg\): empty file"):
            table(tmp_path)

    @pytest.mark.parametrize("name", ["a[/b].jpg", "[id].png", "👗 é.jpg", "line\nbreak.png", "quo\"te's.png"])
    def test_odd_names(self, tmp_path, name):
        put(tmp_path, name)
        result, report = table(tmp_path)
        assert result["item_id"].to_pylist() == [name[: name.rindex(".")]]
        assert result["image_path"].to_pylist() == [str(tmp_path / name)]
        assert report.rejects == []


@pytest.mark.skipif(find_spec("pillow_heif") is not None, reason="this machine can read HEIC")
def test_heic_pictures_are_counted_and_the_package_is_named(tmp_path):
    put(tmp_path, "a.jpg")
    for name in ("b.HEIC", "c.heif"):
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 99)
    _, report = table(tmp_path)
    assert [reason for _, _, reason in told(report)] == ["HEIC picture: it needs the package pillow-heif"] * 2
    assert report.warnings == ["2 pictures in HEIC left out: pip install pillow-heif reads them"]


@pytest.mark.skipif(find_spec("pillow_heif") is None, reason="the extra heic is not installed")
def test_heic_pictures_of_phones_are_read(tmp_path):
    import pillow_heif

    pillow_heif.from_pillow(Image.new("RGB", (64, 48), (200, 30, 40))).save(tmp_path / "phone.HEIC", quality=95)
    result, report = table(tmp_path, store="png")
    assert report.rejects == []
    assert (result["width"].to_pylist(), result["height"].to_pylist()) == ([64], [48])
    pixel = Image.open(io.BytesIO(result["image"][0].as_py())).getpixel((30, 20))
    assert np.abs(np.array(pixel) - (200, 30, 40)).max() < 12


class TestQuality:
    @pytest.fixture
    def folder(self, tmp_path):
        photo(0, (400, 300)).save(tmp_path / "big.png")
        photo(1, (40, 30)).save(tmp_path / "small.png")
        Image.new("RGB", (400, 300), "grey").save(tmp_path / "plain.png")
        return tmp_path

    def test_below_a_limit_is_rejected_with_the_reason(self, folder):
        result, report = table(folder, min_resolution="256", min_contrast=0.1)
        assert result["item_id"].to_pylist() == ["big"]
        assert told(report) == [
            ("quality", "plain", "contrast 0 is below 0.1"),
            ("quality", "small", "40x30 is below 256"),
        ]
        assert report.counts["pictures below a limit"] == 2

    def test_flag_keeps_them_and_says_why(self, folder):
        result, report = table(folder, min_resolution="256", min_contrast=0.1, flag=True)
        assert dict(zip(result["item_id"].to_pylist(), result["quality_issues"].to_pylist(), strict=True)) == {
            "big": [], "plain": ["contrast 0 is below 0.1"], "small": ["40x30 is below 256"],
        }  # fmt: skip
        assert report.rejects == []

    def test_when_no_picture_is_good_enough_that_is_said(self, folder):
        with pytest.raises(
            InputError, match=r"none of 3 pictures is within the limits, the first .*below 8k"
        ) as refusal:
            table(folder, min_resolution="8k")
        assert "--flag" in refusal.value.fix
        with pytest.raises(InputError, match="within the limits"):
            table(folder, items=pa.table({"item_id": ["big", "small"]}), min_resolution="8k")
        assert table(folder, min_resolution="8k", flag=True)[0].num_rows == 3

    def test_a_rejected_picture_is_nobodys_original(self, folder):
        photo(0, (40, 30)).save(folder / "a-copy-of-big.png")
        result, _ = table(folder, min_resolution="256")
        assert result["duplicate_of"].to_pylist() == [None, None]


class TestDuplicates:
    @pytest.fixture
    def folder(self, tmp_path):
        photo(0, (480, 360)).save(tmp_path / "a.png")
        photo(0, (480, 360)).save(tmp_path / "b.bmp")
        photo(0, (480, 360)).resize((240, 180), Image.Resampling.BOX).save(tmp_path / "c.png")
        photo(1, (480, 360)).save(tmp_path / "d.png")
        return tmp_path

    def test_they_are_marked(self, folder):
        result, report = table(folder)
        assert result["duplicate_of"].to_pylist() == [None, "a", "a", None]
        assert result["duplicate_kind"].to_pylist() == [None, "exact", "near", None]
        assert (report.counts["exact duplicates"], report.counts["near duplicates"]) == (1, 1)

    @pytest.mark.parametrize(("drop", "left"), [("none", "abcd"), ("exact", "acd"), ("near", "ad")])
    def test_and_dropped_if_asked(self, folder, drop, left):
        result, report = table(folder, drop_duplicates=drop)
        assert "".join(result["item_id"].to_pylist()) == left
        assert len(report.rejects) == 4 - len(left)
        if drop != "none":
            assert told(report)[0] == ("duplicate", "b", "exact duplicate of a")

    def test_the_first_is_that_of_the_output_order(self, folder):
        result, _ = table(folder, items=pa.table({"item_id": ["d", "c", "b", "a"]}))
        assert result["duplicate_of"].to_pylist() == [None, None, "c", "c"]

    def test_unknown_kind(self, folder):
        with pytest.raises(UsageError):
            table(folder, drop_duplicates="all")


class TestStore:
    def test_pictures_are_in_the_table_and_need_no_folder(self, tmp_path):
        put(tmp_path, "a.png", "b.png")
        result, _ = table(tmp_path, store="png", resize="24", mode="pad")
        assert result.column_names[:3] == ["item_id", "image_path", "image"]
        assert result.schema.field("image").type == pa.binary()
        stored = decoder.load_picture(result["image"][1].as_py())
        assert stored.size == (24, 24)
        assert stored.getpixel((12, 12)) == pytest.approx(photo(1).resize((24, 18)).getpixel((12, 9)), abs=60)

    def test_a_column_of_paths_called_image_gives_way_only_to_stored_pictures(self, tmp_path):
        put(tmp_path, "a.png")
        items = pa.table({"item_id": ["a"], "image": ["a.png"]})
        assert table(tmp_path, items=items)[0]["image"].to_pylist() == ["a.png"]
        assert pa.types.is_binary(table(tmp_path, items=items, store="jpeg")[0].schema.field("image").type)

    def test_nowhere_to_put_resized_pictures(self, tmp_path):
        put(tmp_path, "a.png")
        with pytest.raises(UsageError) as refusal:
            table(tmp_path, resize="64")
        assert "--store" in refusal.value.fix


def test_it_streams_in_batches_and_looks_only_a_little_ahead(tmp_path, monkeypatch):
    from visrec_cli.stages import preprocess as module

    put(tmp_path, *(f"{n:04}.png" for n in range(600)))
    opened = []
    real = module.examine
    monkeypatch.setattr(module, "examine", lambda path, treatment: opened.append(path) or real(path, treatment))
    reader = preprocess(tmp_path, threads=2)
    assert opened == []
    first = reader.read_next_batch()
    assert first.num_rows == module.ROWS
    assert len(opened) <= module.ROWS + 8
    assert [first.num_rows] + [batch.num_rows for batch in reader] == [256, 256, 88]


def test_batches_of_stored_pictures_are_small(tmp_path, monkeypatch):
    from visrec_cli.stages import preprocess as module

    put(tmp_path, *(f"{n}.png" for n in range(10)))
    monkeypatch.setattr(module, "BYTES", 1000)
    sizes = [batch.num_rows for batch in preprocess(tmp_path, store="png")]
    assert sum(sizes) == 10
    assert max(sizes) < 10


def test_the_same_input_gives_the_same_table_whatever_the_threads(tmp_path):
    put(tmp_path, *(f"{n}.jpg" for n in range(40)))
    one, two = (preprocess(tmp_path, threads=threads, store="jpeg").read_all() for threads in (1, 4))
    assert one.equals(two)


@pytest.mark.realdata
def test_posters_by_folder_and_by_table(shared_data):
    folder = shared_data / "ml-100k-posters"
    joined, report = table(folder / "images", items=folder / "items.csv")
    assert (joined.num_rows, report.counts["pictures"], report.counts["items without picture"]) == (1682, 1663, 19)
    named, _ = table(folder / "items.csv")
    assert named.equals(joined)


def test_a_way_to_resize_wants_a_size(tmp_path):
    put(tmp_path, "a.jpg")
    with pytest.raises(UsageError, match="--mode pad"):
        table(tmp_path, mode="pad", store="png")


def test_stdin_is_read_once(tmp_path):
    with pytest.raises(UsageError, match="twice"):
        table("-", items="-")
