import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from visrec_cli.images.duplicates import MAX_BITS, Duplicate, DuplicateFinder
from visrec_cli.images.fingerprints import Fingerprint, fingerprint_of


def shirt(colour, *, stripes=0, size=240):
    picture = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(picture)
    pen.polygon([(60, 40), (180, 40), (220, 90), (190, 110), (180, 200), (60, 200), (50, 110), (20, 90)], fill=colour)
    pen.ellipse((100, 30, 140, 55), fill="white")
    for n in range(stripes):
        pen.rectangle((60, 80 + 25 * n, 180, 90 + 25 * n), fill="white")
    return picture


def again(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def groups(*pictures):
    finder = DuplicateFinder()
    return [finder.add(str(n), fingerprint_of(picture)) for n, picture in enumerate(pictures)]


def test_equal_pixels_are_exact_duplicates_whatever_the_file():
    picture = shirt("navy")
    assert groups(picture, again(picture, "PNG"), again(picture, "BMP")) == [
        None, Duplicate("0", "exact"), Duplicate("0", "exact"),
    ]  # fmt: skip


def test_equal_bytes_of_another_shape_are_not():
    rng = np.random.default_rng(0).integers(0, 256, (20, 40, 3), dtype=np.uint8)
    assert groups(Image.fromarray(rng), Image.fromarray(rng.reshape(40, 20, 3))) == [None, None]


@pytest.mark.parametrize(
    "copy",
    [
        lambda p: again(p, "JPEG", quality=40),
        lambda p: again(p, "WEBP", quality=50),
        lambda p: p.resize((120, 120), Image.Resampling.LANCZOS),
        lambda p: p.resize((480, 480), Image.Resampling.BICUBIC),
        lambda p: again(p.resize((100, 100), Image.Resampling.BOX), "JPEG", quality=60),
        lambda p: ImageEnhance.Color(p).enhance(0.95),
    ],
)
def test_recompressed_and_rescaled_copies_are_near_duplicates(copy):
    picture = shirt((30, 80, 160), stripes=2)
    assert groups(picture, copy(picture)) == [None, Duplicate("0", "near")]


def test_the_same_shape_in_another_colour_is_no_duplicate():
    colours = ["red", "blue", "green", "black", (200, 180, 40), (120, 120, 120)]
    assert groups(*(shirt(colour) for colour in colours)) == [None] * 6


def test_other_pattern_mirror_and_other_shape_are_no_duplicates():
    one = shirt("navy", stripes=3)
    other = shirt("navy")
    stretched = one.resize((300, 240))
    upside_down = one.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    assert groups(one, other, stretched, upside_down) == [None] * 4


def test_a_duplicate_never_points_to_a_duplicate():
    picture = shirt("teal")
    chain = [picture]
    for quality in (90, 70, 60, 50, 45):
        chain.append(again(chain[-1], "JPEG", quality=quality))
    found = groups(*chain, chain[2])
    assert found[0] is None
    assert {one.of for one in found[1:]} == {"0"}
    assert found[-1] == Duplicate("0", "near"), "equal to a copy, but only near to the first of its group"


def hashed(bits, *, exact, thumb=0):
    return Fingerprint(exact, bits, np.full((16, 16, 3), thumb, np.uint8), 0.0, 1.0)


def test_the_finder_agrees_with_comparing_all_pairs():
    rng = np.random.default_rng(5)
    centres = [int(v) for v in rng.integers(0, 1 << 63, 40)]
    hashes = []
    for _ in range(600):
        flips = rng.choice(64, size=int(rng.integers(0, 12)), replace=False)
        hashes.append(int(rng.choice(centres)) ^ sum(1 << int(bit) for bit in flips))
    finder, leaders = DuplicateFinder(), {}
    for n, value in enumerate(hashes):
        near = [name for name, other in leaders.items() if (value ^ other).bit_count() <= MAX_BITS]
        same = next((name for name in near if leaders[name] == value), None)
        found = finder.add(str(n), hashed(value, exact=b"%d" % n))
        assert (found.of if found else None) == (near[0] if near else None), (n, same)
        if not near:
            leaders[str(n)] = value
    assert len(leaders) < 600


def test_the_work_for_20000_pictures_is_far_below_all_pairs():
    rng = np.random.default_rng(6)
    finder = DuplicateFinder()
    n = 20_000
    for i, value in enumerate(rng.integers(0, 1 << 64, n, dtype=np.uint64)):
        finder.add(str(i), hashed(int(value), exact=i.to_bytes(4)))
    assert 0 < finder.comparisons < n * n / 2 / 200


def test_many_pictures_of_one_hash_do_not_become_quadratic():
    rng = np.random.default_rng(7)
    finder = DuplicateFinder()
    n = 3000
    for i in range(n):  # one hash for all, but no two of them look alike
        thumb = rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)
        assert finder.add(str(i), Fingerprint(i.to_bytes(4), 0x1234567890ABCDEF, thumb, 74.0, 1.0)) is None
    assert finder.comparisons <= n * 64


def test_blank_pictures_are_only_compared_exactly():
    shades = [Image.new("RGB", (50, 50), (v, v, v)) for v in range(256)]
    assert all(fingerprint_of(shade).perceptual is None for shade in shades)
    finder = DuplicateFinder()
    assert [finder.add(str(i), fingerprint_of(s)) for i, s in enumerate(shades)] == [None] * 256
    assert finder.add("again", fingerprint_of(shades[7])) == Duplicate("7", "exact")
    assert finder.comparisons == 0


@pytest.mark.realdata
def test_real_catalogues_have_the_duplicates_that_were_seen_by_eye(shared_data):
    from visrec_cli.stages.preprocess import preprocess

    for name, exact in (("fashion-dev", 4), ("ml-100k-posters", 29)):
        kinds = preprocess(shared_data / name / "images").read_all()["duplicate_kind"].to_pylist()
        assert (kinds.count("exact"), kinds.count("near")) == (exact, 0)
