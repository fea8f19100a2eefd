"""Picture formats: by the endings of names, and by the first bytes of files."""

# fmt: off
PICTURE_ENDINGS = frozenset([
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif", ".avifs",
    ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".ico", ".heic", ".heif",
])
"""Files with these are read as pictures."""

_BY_FORMAT = {
    "JPEG XL": (".jxl",), "Photoshop": (".psd", ".psb"), "Targa": (".tga", ".icb", ".vda", ".vst"),
    "DirectDraw": (".dds",), "SVG": (".svg", ".svgz"), "GIMP": (".xcf",), "OpenEXR": (".exr",), "Radiance": (".hdr",),
    "JPEG XR": (".jxr", ".wdp", ".hdp"), "PCX": (".pcx",), "QOI": (".qoi",), "EPS": (".eps", ".ai"),
    "Windows metafile": (".wmf", ".emf"), "Krita": (".kra",), "OpenRaster": (".ora",), "SGI": (".sgi", ".rgb"),
    "raw camera": (".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2",
                   ".pef", ".srw", ".x3f", ".3fr", ".iiq", ".mrw", ".dcr", ".kdc"),
}
FOREIGN_ENDINGS = {ending: name for name, endings in _BY_FORMAT.items() for ending in endings}
"""Files with these are pictures in a format that is not read."""

ICON = b"\0\0\1\0"
_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"), (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"), (b"\0\0\0\x0cjP", "JPEG2000"), (b"\xff\x4f\xff\x51", "JPEG2000"), (ICON, "ICO"),
    *((b"P%d" % n, "PPM") for n in range(1, 7)), (b"Pf\n", "PFM"),
)
_FOREIGN = (
    (b"\xff\x0a", "JPEG XL"), (b"\0\0\0\x0cJXL ", "JPEG XL"), (b"8BPS", "Photoshop"), (b"DDS ", "DirectDraw"),
    (b"<svg", "SVG"), (b"gimp xcf", "GIMP"), (b"\x76\x2f\x31\x01", "OpenEXR"), (b"#?RADIANCE", "Radiance"),
    (b"II\xbc", "JPEG XR"), (b"qoif", "QOI"), (b"%!PS", "EPS"), (b"II+\0", "big TIFF"), (b"MM\0+", "big TIFF"),
    (b"PF\n", "colour PFM"),  # linear light without a range, as OpenEXR
    (b"FUJIFILMCCD-RAW", "raw camera"), (b"II*\0\x10\0\0\0CR", "raw camera"), (b"IIRO", "raw camera"),
)
_OTHER = (
    (b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<?xml", "XML"), (b"%pdf", "a PDF"),
    (b"pk\x03\x04", "a ZIP archive"), (b"\x1f\x8b", "a gzip archive"), (b"rar!", "a RAR archive"), (b"{", "text"),
    (b"7z\xbc\xaf", "a 7z archive"), (b"\x7felf", "a program"), (b"mz", "a program"), (b"sqlite", "a database"),
    (b"\xff\xff\xff\xff", "an Arrow table"), (b"arrow1", "an Arrow table"), (b"par1", "a Parquet table"),
    (b"\x1aE\xdf\xa3".lower(), "a film"), (b"version https://git-lfs", "a pointer of Git LFS: git lfs pull"),
)
# fmt: on


def kind_of(head: bytes) -> str | None:
    """The picture format that the first bytes of a file claim, whatever its name; None if they claim none we read."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"avif", b"avis"):
            return "AVIF"
        if head[8:11] in (b"hei", b"hev", b"mif", b"msf"):
            return "HEIC"
    return None


def foreign_kind_of(head: bytes) -> str | None:
    """The picture format of the first bytes, of those that are not read; None if they claim none of them."""
    return next((name for magic, name in _FOREIGN if head.startswith(magic)), None)


def likeness_of(head: bytes) -> str:
    """What a file seems to be that is no picture, never quoting it: it may be anybody's, found through a link."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, name in _OTHER:
        if start.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "a film, or a picture in a format that is not supported"
    if not any(head):
        return "nothing but zeros"
    plain = all(byte in b"\t\n\r\x0c" or 32 <= byte < 127 for byte in head)
    return "text" if plain else "its first bytes are of no known format"
