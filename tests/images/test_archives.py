import io
import stat
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.images import archives
from visrec_cli.images.decoder import load_picture
from visrec_cli.images.scan import find_pictures, scan
from visrec_cli.images.scan_result import HIDDEN, NO_ENDING
from visrec_cli.images.sources import PictureError
from visrec_cli.runtime import decompression_limits


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(file, "PNG")
    return file.getvalue()


MEMBERS = {
    "./imgs/red.png": png("red"),
    "imgs/deep/blue.PNG": png("blue"),
    "../escape.png": png("lime"),
    "__MACOSX/._red.png": b"junk",
    "imgs/.hidden.png": b"junk",
    "notes.txt": b"words",
}


def pack(path):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as file:
            for name, data in MEMBERS.items():
                file.writestr(name, data)
        return path
    mode = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz", ".bz2": "w:bz2"}[path.suffix]
    with tarfile.open(path, mode) as file:
        for name, data in MEMBERS.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    return path


@pytest.mark.parametrize("name", ["s.zip", "s.tar", "s.tar.gz", "s.tgz", "s.tar.xz", "S.TAR.BZ2".lower()])
def test_members_are_found_and_opened_in_place(tmp_path, name):
    path = pack(tmp_path / name)
    found = {picture.item_id: picture.path for picture in find_pictures(path)}
    assert sorted(found) == ["../escape", "imgs/deep/blue", "imgs/red"]
    assert found["imgs/deep/blue"] == f"{path}::imgs/deep/blue.PNG"
    assert load_picture(found["imgs/red"]).getpixel((0, 0)) == (255, 0, 0)
    assert load_picture(found["imgs/deep/blue"]).getpixel((0, 0)) == (0, 0, 255)
    assert not (tmp_path.parent / "escape.png").exists()
    assert {path.rsplit("::", 1)[1]: reason for path, reason in scan(path).unusable} == (
        {} if path.suffix == ".zip" else {"link.png": "a link, which is not followed in archives"}
    )


@pytest.mark.parametrize("name", ["s.zip", "s.tar.gz"])
def test_threads_share_one_archive(tmp_path, name):
    path = pack(tmp_path / name)
    wanted = [f"{path}::./imgs/red.png", f"{path}::imgs/deep/blue.PNG"] * 100
    with ThreadPoolExecutor(4) as pool:
        colours = [picture.getpixel((0, 0)) for picture in pool.map(load_picture, wanted)]
    assert colours == [(255, 0, 0), (0, 0, 255)] * 100


def test_more_archives_than_are_kept_open(tmp_path):
    paths = [pack(tmp_path / f"{i}.zip") for i in range(archives._KEPT_OPEN + 5)]
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(load_picture, [f"{path}::./imgs/red.png" for path in paths * 3]))
    assert {picture.getpixel((0, 0)) for picture in pictures} == {(255, 0, 0)}
    assert len(archives._open) <= archives._KEPT_OPEN


def test_an_archive_that_was_written_again_is_opened_again(tmp_path):
    path = pack(tmp_path / "s.zip")
    member = f"{path}::./imgs/red.png"
    load_picture(member)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("./imgs/red.png", png("white"))
    assert load_picture(member).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("name", ["s.zip", "s.tar", "s.tar.gz"])
def test_broken_archives_are_refused(tmp_path, name):
    path = pack(tmp_path / name)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match=r"cannot be read as an archive|the compressed file was cut"):
        scan(path)


def test_missing_archive_and_missing_member(tmp_path):
    with pytest.raises(MissingInputError):
        scan(tmp_path / "none.zip")
    path = pack(tmp_path / "s.zip")
    with pytest.raises(PictureError, match="no such member"):
        load_picture(f"{path}::nope.png")


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 10)
    path = pack(tmp_path / "s.zip")
    with pytest.raises(PictureError, match="unpacks to"):
        load_picture(f"{path}::./imgs/red.png")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shop.zip::a/b.jpg", ("shop.zip", "a/b.jpg")),
        ("a::b/shop.TAR.GZ::c::d.jpg", ("a::b/shop.TAR.GZ", "c::d.jpg")),
        ("plain::name.jpg", None),
        ("plain.jpg", None),
    ],
)
def test_split_member(path, expected):
    assert archives.split_member(path) == expected


def test_a_file_whose_own_name_looks_like_a_member_is_opened_as_a_file(tmp_path):
    path = tmp_path / "s.zip::a.png"
    path.write_bytes(png("red"))
    assert load_picture(path).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("name", ["s.tar", "s.tgz"])
def test_whatever_a_tar_holds_is_used_or_told(tmp_path, name):
    kinds = {
        "first.png": (tarfile.REGTYPE, ""), "hard.png": (tarfile.LNKTYPE, "first.png"),
        "harder.png": (tarfile.LNKTYPE, "hard.png"), "lost.png": (tarfile.LNKTYPE, "nowhere.png"),
        "self.png": (tarfile.LNKTYPE, "self.png"), "soft.png": (tarfile.SYMTYPE, "first.png"),
        "pipe.png": (tarfile.FIFOTYPE, ""), "disk.png": (tarfile.BLKTYPE, ""), "port.png": (tarfile.CHRTYPE, ""),
        "folder.png": (tarfile.DIRTYPE, ""), "disk": (tarfile.BLKTYPE, ""), ".hidden.png": (tarfile.SYMTYPE, "/"),
    }  # fmt: skip
    with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as file:
        for member, (kind, link) in kinds.items():
            info = tarfile.TarInfo(member)
            info.type, info.linkname = kind, link
            info.size = len(png("red")) if kind == tarfile.REGTYPE else 0
            file.addfile(info, io.BytesIO(png("red")))
    found = scan(tmp_path / name)
    assert [picture.item_id for picture in found.pictures] == ["first", "hard", "harder"]
    for picture in found.pictures:
        assert load_picture(picture.path).getpixel((0, 0)) == (255, 0, 0)
    assert {path.rsplit("::", 1)[1]: reason for path, reason in found.unusable} == {
        "lost.png": "a hard link to a file that is not in the archive",
        "self.png": "a hard link to a file that is not in the archive",
        "soft.png": "a link, which is not followed in archives",
        "pipe.png": "not a plain file", "disk.png": "not a plain file", "port.png": "not a plain file",
    }  # fmt: skip
    assert found.other_files == {NO_ENDING: 1, HIDDEN: 1}


@pytest.mark.parametrize("name", ["s.zip", "s.tar"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_equal_names_the_last_is_read_and_the_others_are_told(tmp_path, name):
    path = tmp_path / name
    pack(path)
    with tarfile.open(path, "a") if name.endswith("tar") else zipfile.ZipFile(path, "a") as file:
        for colour in ("white", "lime"):
            if isinstance(file, zipfile.ZipFile):
                file.writestr("imgs/deep/blue.PNG", png(colour))
            else:
                info = tarfile.TarInfo("imgs/deep/blue.PNG")
                info.size = len(png(colour))
                file.addfile(info, io.BytesIO(png(colour)))
    found = scan(path)
    assert [p.item_id for p in found.pictures].count("imgs/deep/blue") == 1
    assert load_picture(f"{path}::imgs/deep/blue.PNG").getpixel((0, 0)) == (0, 255, 0)
    assert sum("more than once" in reason for _, reason in found.unusable) == 2


def test_links_and_encrypted_members_of_a_zip_are_told(tmp_path):
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("good.png", png("red"))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "good.png")
        locked = zipfile.ZipInfo("locked.png")
        file.writestr(locked, png("red"))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\1\2") + 8] |= 1  # the last entry of the directory says that it is encrypted
    path.write_bytes(data)
    found = scan(path)
    assert [picture.item_id for picture in found.pictures] == ["good"]
    assert [reason for _, reason in found.unusable] == ["a link, which is not followed in archives", "encrypted"]


def test_a_damaged_member_is_told_from_one_that_is_packed_in_an_unknown_way(tmp_path):
    path = pack(tmp_path / "s.zip")
    data = bytearray(path.read_bytes())
    at = data.index(b"IDAT")
    data[at + 6] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(PictureError, match="damaged in its archive"):
        load_picture(f"{path}::./imgs/red.png")
    data = bytearray(pack(tmp_path / "t.zip").read_bytes())
    data[data.index(b"PK\1\2") + 10] = 99
    (tmp_path / "t.zip").write_bytes(data)
    with pytest.raises(PictureError, match="in a compression that is not supported"):
        load_picture(f"{tmp_path / 't.zip'}::./imgs/red.png")


@pytest.mark.parametrize("ending", ["tar.gz", "tar.xz", "tar.bz2"])
def test_a_compressed_archive_that_unpacks_to_far_more_than_it_is_does_not_fill_the_disk(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(decompression_limits, "_LEAST", 1 << 20)
    monkeypatch.setattr(decompression_limits, "memory", lambda: 0)
    bomb = tmp_path / f"bomb.{ending}"
    with tarfile.open(bomb, "w:" + ending[4:]) as file:
        file.addfile(_named("zeros.bmp", 16 << 20), io.BytesIO(bytes(16 << 20)))
        file.addfile(_named("red.png", len(png("red"))), io.BytesIO(png("red")))
    with pytest.raises(InputError, match=r"unpack to more than 1\.0 MB") as refused:
        scan(bomb)
    assert "VISREC_MAX_UNPACKED" in (refused.value.fix or "")
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "0.1")
    assert [picture.path.rpartition("::")[2] for picture in scan(bomb).pictures] == ["red.png", "zeros.bmp"]
    monkeypatch.setenv("VISREC_MAX_UNPACKED", "much")
    with pytest.raises(UsageError, match="not a number of GB"):
        archives.Archive(str(bomb))


def _named(name, size):
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def test_a_tar_that_was_cut_damaged_or_glued_loses_no_picture_in_silence(tmp_path):
    """tarfile takes all of these for the end of the archive, and gives the pictures before."""
    whole = pack(tmp_path / "s.tar").read_bytes()
    starts = [whole.index(name.encode() + b"\0") for name in ("imgs/deep/blue.PNG", "../escape.png")]
    wrong = {
        "was cut after ./imgs/red.png": (whole[: starts[0]], whole[: starts[0] + 100], whole[: starts[0] + 511]),
        "is damaged after imgs/deep/blue.PNG": (whole[: starts[1]] + b"?" + whole[starts[1] + 1 :],),
        "more follows the end of the archive": (whole + whole, whole + b"\0" * 3000 + b"x"),
    }
    for number, (words, contents) in enumerate(wrong.items()):
        for place, content in enumerate(contents):
            path = tmp_path / f"{number}-{place}.tar"
            path.write_bytes(content)
            with pytest.raises(InputError, match=words):
                find_pictures(path)


def test_a_file_without_a_name_is_counted(tmp_path):
    """zipfile falls over it when it is asked whether it is a folder."""
    path = pack(tmp_path / "s.zip")
    hidden = scan(path).other_files[HIDDEN]
    path.write_bytes(path.read_bytes().replace(b"imgs/deep/blue.PNG", bytes(18)))
    found = scan(path)
    assert [picture.item_id for picture in found.pictures] == ["../escape", "imgs/red"]
    assert found.other_files[HIDDEN] == hidden + 1
