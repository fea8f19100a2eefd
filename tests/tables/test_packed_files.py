"""Archives and packed tables where a table or a list is due: the advice must work."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from visrec_cli.errors import InputError
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.tables.packed_files import refuse_archive
from visrec_cli.tables.readers import open_table

PNG = b"\x89PNG\r\n\x1a\n"


def zipped(**files: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as packed:
        for name, content in files.items():
            packed.writestr(name.replace("_", "."), content)
    return raw.getvalue()


def tarred(**files: bytes) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as packed:
        for name, content in files.items():
            one = tarfile.TarInfo(name.replace("_", "."))
            one.size = len(content)
            packed.addfile(one, io.BytesIO(content))
    return raw.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "says", "fix"),
    [
        ("z.zip", zipped(a_png=PNG, b_png=PNG), "archive (zip of 2 files)", "visrec preprocess {};"),
        ("one.zip", zipped(a_png=PNG), "archive (zip of 1 file)", "visrec preprocess {};"),
        ("fd", zipped(a_png=PNG, b_csv=b"y"), "archive (zip of 2 files)", "pictures.zip, which must be a file"),
        ("t.zip", zipped(a_csv=b"x", b_csv=b"yy"), "archive (zip of 2 files)", "{}::b.csv; the others are a.csv"),
        ("p.zip", zipped(a_png=PNG, b_csv=b"y"), "archive (zip of 2 files)", "of tables: name one, as {}::b.csv"),
        ("t.tar", tarred(a_csv=b"x", b_csv=b"yy"), "archive (tar of 2 files)", "{}::b.csv; the others are a.csv"),
        ("s.zip", zipped(mimetype=b"application/vnd.oasis"), "is a spreadsheet", "save it as CSV"),
        ("h.tar", tarred(a_png=PNG), "archive (tar of 1 file)", "visrec preprocess {};"),
        ("h.tgz", gzip.compress(tarred(a_png=PNG)), "archive (tar of 1 file)", "visrec preprocess {};"),
        ("fd", bz2.compress(tarred(a_png=PNG)), "archive (tar of 1 file)", "pictures.tar, which must be a file"),
        ("fd", lzma.compress(tarred(a_png=PNG)), "archive (tar of 1 file)", "pictures.tar, which must be a file"),
        ("cut.tgz", gzip.compress(tarred(a_png=PNG))[:20], "the compressed file was cut", "make the file again"),
        ("cut.tar", tarred(a_csv=b"item_id\n1\n", b_csv=b"x")[:1024], "was cut after a.csv", "pack it again"),
        ("cut.zip", zipped(a_csv=b"item_id\n1\n")[:60], "cannot be read as an archive (zip)", "pack it again"),
        ("two.gz", gzip.compress(gzip.compress(b"item_id\n1\n")), "is compressed twice", "unpack it once"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",  # which holds the time
)
def test_what_to_do_about_it(tmp_path: Path, name: str, data: bytes, says: str, fix: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as refused:
        open_table(tmp_path / name)
    assert says in refused.value.what
    assert fix.format(tmp_path / name) in str(refused.value.fix)


def test_a_list_of_paths_is_no_archive() -> None:
    for text in (b"PK\x03\x04", b"BZh/a.png\n", b"a.png\n", b"\x1f\x8b.png\n", b""):
        refuse_archive(text, "stdin")


def test_an_archive_of_pictures_is_read_where_a_folder_is(tmp_path: Path, shell) -> None:
    for level in (0, 90, 250):
        Image.new("RGB", (9, 7), (level, level, level)).save(tmp_path / f"{level}.png")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        for level in (0, 90, 250):
            packed.write(tmp_path / f"{level}.png", f"sub/{level}.png")
    shown = shell("visrec show z.zip --format csv")
    assert shown.stdout.decode().splitlines()[:2] == ["item_id,image_path", "sub/0,z.zip::sub/0.png"], shown.stderr
    assert embed_images(tmp_path / "z.zip", cache=False).read_all()["image_embedding"].null_count == 0
    for line in ("preprocess - < z.zip", "preprocess /dev/stdin < z.zip", "preprocess <(cat z.zip)"):
        done = shell(f"visrec {line}")
        assert done.returncode == 65, done.stderr
        assert b"is an archive (zip of 3 files)" in done.stderr
        assert b"preprocess pictures.zip, which must be a file" in done.stderr
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        packed.writestr("t.csv", "item_id,image_path\n1,0.png\n")
    assert shell("visrec show t.zip --format csv").stdout == b"item_id,image_path\n1,0.png\n"
    assert embed_images(tmp_path / "t.zip", cache=False).read_all().num_rows == 1
