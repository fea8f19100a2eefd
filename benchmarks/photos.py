"""Folders of pictures for the benchmarks: parts of the photos that scikit-image carries, no two alike."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

NAMES = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "motorcycle_left.png", "ihc.png")
SIZES = {"large": (1155, 866), "small": (60, 80)}  # about a megapixel, as a camera frames it; a thumbnail of a shop


def draw_photos(folder: Path, count: int, kind: str) -> None:
    """``count`` JPEGs of ``kind`` ("large", "small") with the grain of a camera: decoding takes time for it."""
    import skimage

    data = Path(skimage.__file__).parent / "data"
    photos = [Image.open(data / name).convert("RGB") for name in NAMES if (data / name).exists()]
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    width, height = SIZES[kind]
    for number in range(count):
        photo = photos[number % len(photos)]
        share = rng.uniform(0.4, 1)
        across, down = (max(8, int(side * share)) for side in photo.size)
        left, top = (
            int(rng.integers(0, whole - part + 1)) for whole, part in zip(photo.size, (across, down), strict=True)
        )
        part = photo.crop((left, top, left + across, top + down)).resize((width, height), Image.Resampling.LANCZOS)
        grain = rng.integers(-6, 7, (height, width, 1), dtype=np.int16)
        pixels = (np.asarray(part, np.int16) + grain).clip(0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
        (folder / f"{number:06d}.jpg").write_bytes(buffer.getvalue())
