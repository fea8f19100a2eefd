import os
import sys
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from visrec_cli.errors import InputError, MissingInputError, UsageError
from visrec_cli.images.formats import FOREIGN_ENDINGS
from visrec_cli.images.scan import find_pictures, scan
from visrec_cli.images.scan_result import HIDDEN, LINKS, NO_ENDING
from visrec_cli.runtime.report import Report


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def ids(folder, **options):
    return [picture.item_id for picture in find_pictures(folder, **options)]


def test_ids_are_paths_below_the_source_without_ending_in_sorted_order(tmp_path):
    touch(tmp_path, "b.JPG", "a/z.png", "a/b/c.webp", "shirt.v2.jpeg", "x.JPE", "y.Tiff", "notes.txt")
    assert ids(tmp_path) == ["a/b/c", "a/z", "b", "shirt.v2", "x", "y"]


@pytest.mark.parametrize(
    ("style", "expected"), [("stem", "a/b"), ("path", "a/b.jpg"), ("name", "b"), ("full", "imgs/a/b.jpg")]
)
def test_the_four_styles_of_ids(tmp_path, monkeypatch, style, expected):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "imgs/a/b.jpg")
    assert ids("imgs", id_from=style) == [expected]


def test_unknown_style_is_refused(tmp_path):
    with pytest.raises(UsageError, match="'hash'"):
        scan(tmp_path, id_from="hash")


def test_hidden_and_technical_folders_are_left_out(tmp_path):
    touch(tmp_path, ".hidden.jpg", ".git/a.jpg", "@eaDir/a.jpg", "__MACOSX/a.jpg", "node_modules/x/a.jpg", "kept/a.jpg")
    assert ids(tmp_path) == ["kept/a"]


def test_paths_stay_as_they_were_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "imgs/a.jpg")
    assert find_pictures("./imgs")[0].path == "./imgs/a.jpg"
    assert find_pictures(tmp_path / "imgs")[0].path == str(tmp_path / "imgs" / "a.jpg")


def test_two_pictures_of_one_id_are_refused_by_name(tmp_path):
    touch(tmp_path, "a.jpg", "a.png", "b.jpg")
    with pytest.raises(InputError, match=r"a\.jpg and .*a\.png would both be item 'a'") as refusal:
        find_pictures(tmp_path)
    assert "--id-from path" in refusal.value.fix
    assert ids(tmp_path, id_from="path") == ["a.jpg", "a.png", "b.jpg"]


def test_what_is_advised_for_two_pictures_of_one_path_works(tmp_path):
    with tarfile.open(tmp_path / "t.tar", "w") as packed:
        for name in ("a.png", "./a.png", "b.png"):
            packed.addfile(tarfile.TarInfo(name))
    for style in ("stem", "path"):
        with pytest.raises(InputError, match="would both be item 'a") as refusal:
            find_pictures(tmp_path / "t.tar", id_from=style)
        assert refusal.value.fix == "--id-from full keeps the whole path, as given, in the id"
    assert len(ids(tmp_path / "t.tar", id_from="full")) == 3


def test_missing_source_and_folder_without_pictures(tmp_path):
    with pytest.raises(MissingInputError, match="nowhere"):
        find_pictures(tmp_path / "nowhere")
    with pytest.raises(InputError, match="found nothing"):
        find_pictures(tmp_path)
    touch(tmp_path, "a.txt", "b.TXT", "c.csv", "README")
    with pytest.raises(InputError, match=r"found 2 \.txt, 1 \.csv, 1 without an ending"):
        find_pictures(tmp_path)


def test_one_picture_is_a_source_whatever_its_ending(tmp_path):
    Image.new("RGB", (2, 2)).save(tmp_path / "download", "PNG")
    assert ids(tmp_path / "download") == ["download"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX links and FIFOs")
class TestPosix:
    def test_loops_of_links_end_and_each_folder_is_read_once(self, tmp_path):
        touch(tmp_path, "z/a.jpg")
        (tmp_path / "z" / "up").symlink_to(tmp_path)
        (tmp_path / "again").symlink_to(tmp_path / "z")
        (tmp_path / "self").symlink_to(tmp_path / "self")
        assert ids(tmp_path) == ["z/a"]

    def test_a_linked_folder_elsewhere_is_followed_only_when_asked(self, tmp_path):
        touch(tmp_path, "elsewhere/a.jpg", "elsewhere/deep/c.jpg", "source/b.jpg", "source-too/d.jpg")
        (tmp_path / "source" / "link").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "source" / "near").symlink_to(tmp_path / "source-too")  # its name begins alike
        found = scan(tmp_path / "source")
        assert [picture.item_id for picture in found.pictures] == ["b"]
        assert found.other_files == {LINKS: 2}
        followed = scan(tmp_path / "source", follow_links=True)
        assert [picture.item_id for picture in followed.pictures] == ["b", "link/a", "link/deep/c", "near/d"]

    def test_a_link_to_a_hidden_folder_inside_is_followed_and_the_source_may_be_a_link(self, tmp_path):
        touch(tmp_path, "source/.kept/a.jpg")
        (tmp_path / "source" / "shown").symlink_to(".kept")
        (tmp_path / "way").symlink_to(tmp_path / "source")
        assert ids(tmp_path / "way") == ["shown/a"]

    def test_fifo_broken_link_and_folder_with_a_picture_name(self, tmp_path):
        touch(tmp_path, "good.jpg", "folder.jpg/inside.jpg")
        os.mkfifo(tmp_path / "pipe.jpg")
        (tmp_path / "lost.jpg").symlink_to(tmp_path / "nowhere.jpg")
        found = scan(tmp_path)
        assert [picture.item_id for picture in found.pictures] == ["folder.jpg/inside", "good"]
        assert [reason for _, reason in found.unusable] == ["broken link", "not a plain file"]

    def test_name_that_is_not_utf8_is_told_and_not_used(self, tmp_path):
        touch(tmp_path, "good.jpg")
        (tmp_path / os.fsdecode(b"bad\xff.jpg")).write_bytes(b"x")
        found = scan(tmp_path)
        assert [picture.item_id for picture in found.pictures] == ["good"]
        (path, reason) = found.unusable[0]
        assert path.endswith(r"bad\xff.jpg")
        assert "UTF-8" in reason

    @pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
    def test_folder_without_permission_is_told(self, tmp_path):
        touch(tmp_path, "good.jpg", "closed/a.jpg")
        (tmp_path / "closed").chmod(0)
        try:
            found = scan(tmp_path)
        finally:
            (tmp_path / "closed").chmod(0o755)
        assert len(found.pictures) == 1
        assert "Permission denied" in found.unusable[0][1]


@pytest.mark.parametrize(
    "name", ["a[/b].jpg", "[id].png", "👗 été\u202e.jpg", "line\nbreak.jpg", "quo\"te's.jpg", "-x.jpg"]
)
def test_odd_names_are_ids_like_any_other(tmp_path, name):
    touch(tmp_path, name)
    assert ids(tmp_path) == [name[: name.rindex(".")]]


def test_pictures_in_other_formats_are_rejected_by_name(tmp_path):
    touch(tmp_path, "good.jpg", "a.jxl", "b.PSD", "c.tga", "d.dds", "e.svg", "f.NEF")
    report = Report()
    assert [picture.item_id for picture in find_pictures(tmp_path, report=report)] == ["good"]
    assert {one.path.rsplit("/", 1)[1]: one.reason.split(" picture")[0] for one in report.rejects} == {
        "a.jxl": "JPEG XL", "b.PSD": "Photoshop", "c.tga": "Targa", "d.dds": "DirectDraw", "e.svg": "SVG",
        "f.NEF": "raw camera",
    }  # fmt: skip
    assert all("not supported" in one.reason for one in report.rejects)
    assert not report.counts["other files"]


def test_other_files_are_counted_and_captions_apart(tmp_path):
    touch(
        tmp_path, "a.jpg", "a.txt", "a.json", "b.seg.png", "b.cls", "deep/c.jpg", "c.json", "notes.txt", "README", ".x",
        ".git/y", "deep/c.backup.JSON",
    )  # fmt: skip
    report = Report()
    find_pictures(tmp_path, report=report)
    assert report.rejects == []
    assert report.counts["other files"] == 9
    (note,) = report.warnings
    for words in ("1 .txt beside pictures", "2 .json beside pictures", "1 .cls beside pictures", "1 .json,", "1 .txt,"):
        assert words in f"{note},", note
    assert f"1 {NO_ENDING}" in note
    assert f"2 {HIDDEN}" in note
    assert "find DIR -type f" in note


def test_a_folder_of_pictures_alone_says_nothing(tmp_path):
    touch(tmp_path, "a.jpg", "b/c.jpg")
    report = Report()
    find_pictures(tmp_path, report=report)
    assert not report.warnings
    assert not +report.counts


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX links and FIFOs")
@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_file_is_used_rejected_or_counted(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("tree")
    (folder / "outside").mkdir()
    (folder / "source").mkdir()
    endings = st.sampled_from([".jpg", ".PNG", ".txt", ".json", "", ".tar.gz", ".é", ".", *sorted(FOREIGN_ENDINGS)[:3]])
    names = data.draw(st.lists(st.tuples(st.sampled_from(["a", "b", ".c", "d.e"]), endings), unique=True, max_size=12))
    made = 0
    for stem, ending in names:
        path = folder / "source" / f"{stem}{ending}"
        if path.name in (".", "..") or path.exists() or path.is_symlink():
            continue
        kind = data.draw(st.sampled_from(["file", "link", "lost", "pipe", "folder link", "hard link"]))
        made += 1
        if kind == "file":
            path.write_bytes(b"x")
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder link":
            path.symlink_to(folder / "outside")
        elif kind == "hard link":
            (folder / "outside" / "one").write_bytes(b"x")
            os.link(folder / "outside" / "one", path)
        else:
            path.symlink_to(folder / ("outside" if kind == "lost" else "source") / "nowhere")
    found = scan(folder / "source")
    assert len(found.pictures) + len(found.unusable) + found.other_files.total() == made
