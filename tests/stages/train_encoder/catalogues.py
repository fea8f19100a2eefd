"""Catalogues in which the truth is planted, and small models to learn it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from tests.encoders.models import save_timm
from visrec_cli.tables.vectors import matrix_of

TINY = "test_efficientnet"


def tiny_backbone(folder: Path, name: str = TINY) -> str:
    """The spec of a small model for 64 pixels (a ViT: 160): random weights, and norms that have seen some stripes.

    Without these all its vectors are nearly the same, as no real model's are.
    """
    import timm
    import torch
    from safetensors.torch import load_file, save_file

    side = 160 if "vit" in name else 64
    metadata = {
        "arch": name,
        "input_size": f"[3, {side}, {side}]",
        "mean": "[0.5, 0.5, 0.5]",
        "std": "[0.25, 0.25, 0.25]",
    }
    path = save_timm(name, folder / f"{name}.safetensors", num_classes=0)
    model = timm.create_model(name, num_classes=0)
    model.load_state_dict(load_file(path))
    with torch.no_grad():
        for seed in range(20):
            rng = np.random.default_rng(seed)
            pixels = np.stack([_stripes(rng, number % 2 == 0, "warm")[:side, :side] for number in range(16)])
            numbers = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 63.75 - 2
            model.train()(torch.nn.functional.interpolate(numbers, side))
    save_file(model.state_dict(), path, metadata=metadata)
    return f"file:{path}"


def _stripes(rng: np.random.Generator, upright: bool, tone: str) -> np.ndarray:
    """(72, 72, 3) uint8."""
    light, dark = rng.integers(120, 256, 3), rng.integers(0, 110, 3)
    light[0 if tone == "warm" else 2], light[2 if tone == "warm" else 0] = 255, 40
    width, start = int(rng.integers(4, 9)), int(rng.integers(0, 16))
    wave = ((np.arange(72) + start) // width % 2)[None, :].repeat(72, axis=0)
    return np.where((wave if upright else wave.T)[..., None], light, dark).astype(np.uint8)


def stripes(folder: Path, count: int = 96, *, seed: int = 0) -> pa.Table:
    """Pictures of stripes, upright or lying, in any colours: what is alike is the colours, unless one learns to look.

    Columns item_id, image_path, way (upright, lying), tone.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        way, tone = ("upright", "lying")[number % 2], ("warm", "cold")[number // 2 % 2]
        path = folder / f"{number}.png"
        Image.fromarray(_stripes(rng, way == "upright", tone)).save(path)
        rows.append({"item_id": str(number), "image_path": str(path), "way": way, "tone": tone})
    return pa.Table.from_pylist(rows)


def precision(table: pa.Table, column: str) -> float:
    """The share of the five nearest that have the same word in ``column``."""
    vectors, _ = matrix_of(table["image_embedding"])
    words, near = np.array(table[column].to_pylist()), vectors @ vectors.T
    np.fill_diagonal(near, -np.inf)
    best = np.argsort(-near, axis=1)[:, :5]
    return float((words[best] == words[:, None]).mean())
