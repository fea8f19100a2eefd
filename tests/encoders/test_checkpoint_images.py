import json
import pickle
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from tests.contracts.encoder_suite import ImageEncoderSuite
from tests.encoders.models import save_timm
from visrec_cli.encoders.base import ImageEncoder
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.encoders.pickled import require_plain
from visrec_cli.errors import InputError, MissingInputError, UnpackedError, UsageError
from visrec_cli.runtime import decompression_limits


class Checkpoint(ImageEncoderSuite):
    file: ClassVar[str]
    folder: ClassVar[Path]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        cls.folder = tmp_path_factory.mktemp("weights")
        save_timm("test_vit", cls.folder / "plain.pth", num_classes=7)
        metadata = {"arch": "test_resnet", "input_size": "[3, 96, 96]", "mean": "[0, 0, 0]", "std": "[1, 1, 1]"}
        save_timm("test_resnet", cls.folder / "own.safetensors", metadata=metadata, num_classes=0)

    @classmethod
    def make(cls, **options: Any) -> ImageEncoder:
        return open_image_encoder(f"file:{cls.folder / cls.file}", device="cpu", **options)


class TestTorchFile(Checkpoint):
    file = "plain.pth?arch=test_vit"

    def test_classes_without_names_are_not_guessed(self, encoder: ImageEncoder) -> None:
        assert encoder.classes is None


class TestSafetensorsThatSayWhatTheyAre(Checkpoint):
    file = "own.safetensors"

    def test_preprocessing_comes_from_the_file(self, encoder: ImageEncoder) -> None:
        assert encoder.prepare(self.THINGS[0]).shape == (96, 96, 3)
        assert encoder.space.preprocessing["mean"] == [0, 0, 0]


class Evil:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("executed"),))


def test_a_checkpoint_is_never_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evil.pth").write_bytes(pickle.dumps({"state_dict": Evil()}))
    with pytest.raises(InputError, match="cannot be read as weights"):
        open_image_encoder("file:evil.pth?arch=test_vit", device="cpu")
    assert not Path("executed").exists()


def test_weights_of_another_architecture(tmp_path: Path) -> None:
    path = save_timm("test_vit", tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="do not fit test_resnet"):
        open_image_encoder(f"file:{path}?arch=test_resnet", device="cpu")


@pytest.mark.parametrize("name", ["cut.safetensors", "cut.pth"])
def test_a_cut_file(tmp_path: Path, name: str) -> None:
    path = save_timm("test_vit", tmp_path / name)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError):
        open_image_encoder(f"file:{path}?arch=test_vit", device="cpu")


@pytest.mark.parametrize("form", ["packed", "one number that stands everywhere"])
def test_weights_that_would_become_far_larger_than_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    path = tmp_path / "a.pth"
    if form == "packed":
        torch.save({"head.weight": torch.zeros(1_000_000)}, tmp_path / "b.pth")
        with zipfile.ZipFile(tmp_path / "b.pth") as b, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as a:
            for one in b.infolist():
                a.writestr(one.filename, b.read(one))
    else:
        torch.save({"head.weight": torch.zeros(1).expand(1_000_000, 64)}, path)
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(decompression_limits, "_LEAST", 1_000_000)
    monkeypatch.setattr(decompression_limits, "memory", lambda: 0)
    with pytest.raises(UnpackedError, match=r"unpack to more than 1\.0 MB"):
        open_image_encoder(f"file:{path}?arch=test_vit", device="cpu")


def pickled(folder: Path, made: bytes) -> Path:
    """A file of weights of torch, whose words are {"a": what is made}."""
    with zipfile.ZipFile(folder / "a.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}X\x01\0\0\0a" + made + b"s.")
        archive.writestr("archive/version", "3\n")
    return folder / "a.pth"


NUMBERS = b"".join(b"J" + number.to_bytes(4, "little") for number in range(500))
BOMBS = {
    "a number of bytes": b"cbuiltins\nbytearray\n(J\0\0\0\x50tR",
    "the same by its old name": b"c__builtin__\nbytearray\n(J\0\0\0\x50tR",
    "a tensor of a class": b"ctorch\nFloatTensor\n(J\0\0\0\x50tR",
    "copies": b"](cbuiltins\nset\nq\1](" + NUMBERS + b"e\x85q\2R" + b"h\1h\2R" * 200 + b"e",
    "copies of another kind": b"](ccollections\nOrderedDict\nq\1](](K\1K\2ee\x85q\2R" + b"h\1h\2R" * 200 + b"e",
}


@pytest.mark.parametrize("way", BOMBS)
@pytest.mark.parametrize("old", [False, True])
def test_a_small_file_that_asks_for_much_never_reaches_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, old: bool
) -> None:
    path = pickled(tmp_path, BOMBS[way])
    if old:
        path.write_bytes(b"\x80\x02K\1." * 3 + b"\x80\x02}X\x01\0\0\0a" + BOMBS[way] + b"s.")
    monkeypatch.setattr(torch, "load", None)
    with pytest.raises(InputError, match=r"not only weights|more than 100 copies"):
        open_image_encoder(f"file:{path}?arch=test_vit", device="cpu", engine="torch")


@pytest.mark.parametrize("zipped", [True, False])
def test_what_a_training_keeps_beside_its_weights_is_passed_over(tmp_path: Path, zipped: bool) -> None:
    """Half precision, parameters, an optimiser's state, a schedule's milestones, tensors of several kinds."""
    from collections import Counter

    import timm

    model = timm.create_model("test_vit").half()
    optimiser = torch.optim.AdamW(model.parameters())
    for one in model.parameters():
        one.grad = torch.zeros_like(one)
    optimiser.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [2, 4])
    kept = {
        "state_dict": model.state_dict(), "model2": dict(model.named_parameters()), "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(), "milestones": Counter([1]), "kind": torch.float16, "raw": b"\xff\0",
        "size": torch.Size([2]), "place": torch.device("cpu"), "names": {"a"}, "rng": torch.get_rng_state(),
        "words": torch.zeros(3, dtype=torch.bfloat16), "none": None,
    }  # fmt: skip
    torch.save(kept, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    require_plain(tmp_path / "a.pth")
    encoder = open_image_encoder(f"file:{tmp_path / 'a.pth'}?arch=test_vit", device="cpu", engine="torch")
    assert encoder.dimension == model.num_features


def test_metadata_that_are_no_lists(tmp_path: Path) -> None:
    path = save_timm("test_vit", tmp_path / "a.safetensors", metadata={"arch": "test_vit", "mean": "grey"})
    with pytest.raises(InputError, match="metadata"):
        open_image_encoder(f"file:{path}", device="cpu")


def test_without_an_architecture(tmp_path: Path) -> None:
    path = save_timm("test_vit", tmp_path / "a.safetensors", metadata={"note": json.dumps("none")})
    with pytest.raises(UsageError) as caught:
        open_image_encoder(f"file:{path}", device="cpu")
    assert f"file:{path}?arch=" in str(caught.value.fix)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(MissingInputError):
        open_image_encoder("file:nowhere.pth?arch=test_vit", device="cpu")
