"""train-encoder on pictures in which the truth is planted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from safetensors import safe_open

from tests.stages.train_encoder.catalogues import precision, stripes, tiny_backbone
from visrec_cli.encoders.compiled.images import CompiledImageEncoder
from visrec_cli.encoders.factory import open_image_encoder
from visrec_cli.errors import InputError, MissingInputError, OutputError, UsageError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.embed_images import embed_images
from visrec_cli.stages.train_encoder import train_encoder
from visrec_cli.tables.readers import read_all

QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 32, "device": "cpu"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    return stripes(tmp_path_factory.mktemp("stripes"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Other stripes, for judging."""
    return stripes(tmp_path_factory.mktemp("others"), 48, seed=1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_backbone(tmp_path_factory.mktemp("tiny"))


def embedded(table: pa.Table, spec: str, **options: Any) -> pa.Table:
    return embed_images(table, encoder=spec, device="cpu", **options).read_all()


@pytest.mark.parametrize("loss", ["cross-entropy", "contrast"])
def test_it_learns_to_see_what_the_frozen_model_does_not(
    shop: pa.Table, fresh: pa.Table, tiny: str, tmp_path: Path, loss: str
) -> None:
    out = tmp_path / "model.safetensors"
    found = train_encoder(
        shop, out, target="labels:way", backbone=tiny, loss=loss, freeze=0, rate=3e-3, decay=1.0, epochs=3,
        batch_size=32, device="cpu",
    )  # fmt: skip
    before, after = (precision(embedded(fresh, spec), "way") for spec in (tiny, f"file:{out}"))
    assert before < 0.75
    assert after > 0.85
    assert found.value is not None
    assert found.value > 0.9


def test_the_classes_of_the_catalogue_travel_with_the_model(shop: pa.Table, fresh: pa.Table, tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    train_encoder(shop, out, target="labels:way,tone", pixels=64, freeze="all", rate=1e-2, epochs=15, device="cpu")
    encoder = open_image_encoder(f"file:{out}", device="cpu")
    assert isinstance(encoder, CompiledImageEncoder)
    assert encoder.classes == ["lying", "upright"]
    table = embedded(fresh, f"file:{out}", labels=1)
    said = [labels[0]["label"] for labels in table["labels"].to_pylist()]
    assert np.mean(np.array(said) == np.array(table["way"].to_pylist())) > 0.9
    told = encoder.space.preprocessing
    assert (told["framing"]["mode"], told["framing"]["height"], told["mean"]) == ("square", 64, [127, 127, 127])
    assert (told["trained"]["from"], told["trained"]["target"]) == ("lite0", "labels:way,tone")
    plain = open_image_encoder(f"file:{out}", device="cpu", engine="torch")
    assert plain.space == encoder.space


def test_a_frozen_backbone_gives_the_vectors_that_it_gave(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    train_encoder(shop, tmp_path / "m.safetensors", target="labels:way", backbone=tiny, freeze="all", **QUICK)
    ours = embedded(shop, f"file:{tmp_path / 'm.safetensors'}", labels=1)["image_embedding"].to_pylist()
    np.testing.assert_allclose(ours, embedded(shop, tiny)["image_embedding"].to_pylist(), atol=1e-6)


@pytest.mark.parametrize("augment", [None, "flip,crop"])
def test_frozen_stages_keep_their_weights_and_the_others_change(
    shop: pa.Table, tiny: str, tmp_path: Path, augment: str | None
) -> None:
    from safetensors.torch import load_file

    out = tmp_path / "m.safetensors"
    train_encoder(shop, out, target="labels:way", backbone=tiny, freeze=4, augment=augment, **QUICK)
    before, after = load_file(tiny.removeprefix("file:")), load_file(out)
    changed = {name for name in before if not np.array_equal(before[name].numpy(), after[name].numpy())}
    assert not [name for name in changed if name.startswith(("conv_stem", "bn1", "blocks.0", "blocks.1", "blocks.2"))]
    assert "conv_head.weight" in changed
    assert not [name for name in changed if "running_" in name]


@pytest.mark.usefixtures("one_torch_thread")  # on several, the last digits may differ
@pytest.mark.parametrize("augment", [None, "flip,colour"])
def test_a_training_that_was_killed_ends_in_the_same_bytes(
    shop: pa.Table, tiny: str, tmp_path: Path, augment: str | None
) -> None:
    whole, again, point = (tmp_path / name for name in ("whole.safetensors", "again.safetensors", "at.npz"))
    options: dict[str, Any] = {**QUICK, "target": "labels:way", "backbone": tiny, "freeze": 3, "augment": augment,
                               "epochs": 3}  # fmt: skip
    train_encoder(shop, whole, **options)

    class Killed(Report):
        def note(self, text: str) -> None:
            if hasattr(self, "seen"):
                raise KeyboardInterrupt
            self.seen = True

    with pytest.raises(KeyboardInterrupt):
        train_encoder(shop, again, **options, save_checkpoint=str(point), report=Killed())
    assert point.exists()
    assert not again.exists()
    train_encoder(shop, again, **options, resume=str(point))
    assert again.read_bytes() == whole.read_bytes()
    with pytest.raises(InputError, match="another training"):
        train_encoder(shop, again, **{**options, "seed": 1}, resume=str(point))


@pytest.mark.usefixtures("one_torch_thread")
def test_more_epochs_go_on_along_the_longer_schedule_and_say_so(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    """The rate depends on how many epochs there are in all: no single training has this one's model."""
    point, report = str(tmp_path / "at.npz"), Report()
    options: dict[str, Any] = {**QUICK, "target": "labels:way", "backbone": tiny, "freeze": "all", "patience": 9}
    files = [tmp_path / f"{number}.safetensors" for number in range(4)]

    def trained_of(path: Path) -> dict[str, Any]:
        with safe_open(path, "np") as file:
            return json.loads(file.metadata()["trained"])

    train_encoder(shop, files[0], **options, save_checkpoint=point)
    assert "resumed" not in trained_of(files[0])
    train_encoder(shop, files[1], **{**options, "epochs": 4}, resume=point, save_checkpoint=point, report=report)
    assert any("goes on as in a training of 4 epochs" in said for said in report.warnings)
    assert trained_of(files[1])["resumed"] == [{"after": 2, "of": 2}]
    train_encoder(shop, files[2], **{**options, "epochs": 4})
    assert files[2].read_bytes() != files[1].read_bytes()
    train_encoder(shop, files[3], **{**options, "epochs": 4}, resume=point)  # killed at the end, as it were
    assert files[3].read_bytes() == files[1].read_bytes()
    with pytest.raises(UsageError, match="has 4 epochs already, and --epochs 3 is fewer"):
        train_encoder(shop, files[3], **{**options, "epochs": 3}, resume=point)


def test_another_process_writes_the_same_bytes(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    from visrec_cli.tables.output import write_table

    write_table(shop, tmp_path / "shop.arrow")
    code = (
        "import sys; from visrec_cli.stages.train_encoder import train_encoder as t; "
        "t(sys.argv[1], sys.argv[2], target='labels:way', backbone=sys.argv[3], freeze='all', epochs=1, device='cpu', "
        "threads=1)"
    )
    files = [tmp_path / f"{number}.safetensors" for number in range(2)]
    for file in files:
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "shop.arrow"), str(file), tiny], check=True)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_duplicates_come_nearer(tiny: str, tmp_path: Path) -> None:
    table = stripes(tmp_path / "imgs", 40)
    originals = table["item_id"].to_pylist()
    of = [None if number < 4 else originals[number % 4] for number in range(40)]
    table = table.append_column("duplicate_of", pa.array(of))
    report = Report()
    found = train_encoder(
        table, tmp_path / "m.safetensors", target="duplicates", backbone=tiny, freeze=0, rate=3e-3, epochs=4,
        validation=0.5, device="cpu", report=report,
    )  # fmt: skip
    assert found.metric == "recall-min@10"
    assert 15 <= found.pictures <= 25, "a group of duplicates is held back whole"


def log_of(table: pa.Table, path: Path) -> Path:
    """50 people of whom each clicks eight pictures, all of one way."""
    rng = np.random.default_rng(0)
    ids, ways = table["item_id"].to_pylist(), np.array(table["way"].to_pylist())
    lines = ["user_id,item_id"]
    for user in range(50):
        liked = np.flatnonzero(ways == ("upright", "lying")[user % 2])
        lines += [f"u{user},{ids[row]}" for row in rng.choice(liked, 8, replace=False)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(("target", "metric"), [("clicks", "recall-min@10"), ("preference", "auc")])
def test_what_people_clicked_says_what_to_look_at(
    shop: pa.Table, fresh: pa.Table, tiny: str, tmp_path: Path, target: str, metric: str
) -> None:
    log = log_of(shop, tmp_path / "log.csv")
    out = tmp_path / "m.safetensors"
    found = train_encoder(
        shop, out, target=f"{target}:{log}", backbone=tiny, freeze=0, rate=3e-3, decay=1.0, epochs=4, batch_size=40,
        device="cpu",
    )  # fmt: skip
    assert found.metric == metric
    before, after = (precision(embedded(fresh, spec), "way") for spec in (tiny, f"file:{out}"))
    assert after > before + 0.1


def test_without_labels_every_epoch_is_trained(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    found = train_encoder(shop, out, target="self", backbone=tiny, freeze=4, log=[str(tmp_path / "log.csv")], **QUICK)
    assert (found.value, found.epochs) == (None, 2)
    losses = read_all(tmp_path / "log.csv")["loss"].to_pylist()
    assert losses[1] < losses[0]
    assert open_image_encoder(f"file:{out}", device="cpu").classes is None


def test_test_items_are_never_looked_at(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    parts = ["train"] * 64 + ["validation"] * 16 + ["test"] * 16
    paths = shop["image_path"].to_pylist()[:80] + ["/nowhere.png"] * 16
    table = shop.append_column("split", pa.array(parts)).set_column(1, "image_path", pa.array(paths))
    report = Report()
    found = train_encoder(table, tmp_path / "m.safetensors", target="labels:way", backbone=tiny, report=report, **QUICK)
    assert found.pictures == 64
    assert not report.rejects
    assert report.counts["test items not looked at"] == 16


def test_pictures_that_cannot_be_read_are_rejected_with_the_reason(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"nothing")
    paths = [str(tmp_path / "bad.png"), *shop["image_path"].to_pylist()[1:]]
    table, report = shop.set_column(1, "image_path", pa.array(paths)), Report()
    train_encoder(table, tmp_path / "m.safetensors", target="labels:way", backbone=tiny, report=report, **QUICK)
    assert [one.item_id for one in report.rejects] == ["0"]


def test_models_that_cannot_be_parted_are_trained_all_the_same(shop: pa.Table, tmp_path: Path) -> None:
    vit = tiny_backbone(tmp_path, "test_vit")
    report = Report()
    with pytest.raises(UsageError, match="cannot take pictures of 100 pixels"):
        train_encoder(shop, tmp_path / "m.safetensors", target="labels:way", backbone=vit, pixels=100, **QUICK)
    found = train_encoder(
        shop.slice(0, 24), tmp_path / "m.safetensors", target="labels:way", backbone=vit, epochs=1, device="cpu",
        report=report,
    )  # fmt: skip
    assert found.epochs == 1
    assert any("cannot be split" in line for line in report.warnings)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"target": "labels:wya"}, UsageError, "unknown column 'wya'"),
        ({"target": "labels"}, UsageError, "is incomplete"),
        ({"target": "lables:way"}, UsageError, "unknown target"),
        ({"target": "labels:one"}, InputError, "one class"),
        ({"target": "labels:item_id"}, InputError, "too few of each"),
        ({"target": "labels:score"}, InputError, "words or whole numbers"),
        ({"target": "duplicates"}, InputError, "duplicate_of"),
        ({"target": "self", "loss": "contrast"}, UsageError, "a loss of its own"),
        ({"target": "labels:way", "backbone": "colour"}, UsageError, "cannot be trained"),
        ({"target": "labels:way", "freeze": "some"}, UsageError, "out of range"),
        ({"target": "labels:way", "augment": "blur"}, UsageError, "unknown augmentation"),
        ({"target": "labels:way", "split": "parts"}, UsageError, "unknown column"),
        ({"target": "labels:way", "split": "tone"}, InputError, "'warm'"),
        ({"target": "clicks:nowhere.csv"}, MissingInputError, "nowhere"),
        ({"target": "labels:way", "resume": "nowhere.npz"}, MissingInputError, "nowhere"),
        ({"target": "labels:way", "rate": -1.0}, UsageError, "--rate"),
    ],
)
def test_mistakes(
    shop: pa.Table, tiny: str, tmp_path: Path, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    table = shop.append_column("one", pa.array(["x"] * 96)).append_column("score", pa.array(np.arange(96) / 7))
    with pytest.raises(error, match=words):
        train_encoder(table, tmp_path / "m.safetensors", **{"backbone": tiny, **QUICK, **options})
    assert not (tmp_path / "m.safetensors").exists()


def test_a_handful_of_pictures_is_too_few(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 8 are needed"):
        train_encoder(shop.slice(0, 6), tmp_path / "m.safetensors", target="labels:way", backbone=tiny, **QUICK)


def test_where_it_cannot_be_written_is_said_at_once(shop: pa.Table, tiny: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        train_encoder(shop, tmp_path / "no" / "m.safetensors", target="labels:way", backbone=tiny, **QUICK)
    with pytest.raises(UsageError, match=r"not a \.safetensors"):
        train_encoder(shop, tmp_path / "m.pth", target="labels:way", backbone=tiny, **QUICK)
