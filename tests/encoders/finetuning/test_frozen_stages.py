from typing import Any

import pytest
import timm
import torch

from visrec_cli.encoders.finetuning.backbones import features
from visrec_cli.encoders.finetuning.frozen_features import frozen_part
from visrec_cli.encoders.finetuning.frozen_stages import freeze_stages, frozen_count, parameter_groups, stages_of
from visrec_cli.errors import UsageError

NUMBERS = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def model_of(name: str) -> Any:
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=0).eval()


def test_stages_hold_every_parameter_but_the_classifiers_once() -> None:
    model = timm.create_model("test_efficientnet", num_classes=5)
    names = [name for stage in stages_of(model) for name in stage]
    assert sorted([*names, "classifier.weight", "classifier.bias"]) == sorted(dict(model.named_parameters()))
    assert names[0] == "conv_stem.weight"


def test_the_first_stages_stay_and_the_last_learn() -> None:
    model = model_of("test_efficientnet")
    stages = stages_of(model)
    freeze_stages(model, len(stages) - 1)
    learning = [name for name, one in model.named_parameters() if one.requires_grad]
    assert sorted(learning) == sorted(stages[-1])


def test_how_many_stages_stay() -> None:
    assert [frozen_count(9, freeze) for freeze in (None, "all", "0", 3)] == [7, 9, 0, 3]
    with pytest.raises(UsageError, match="the model has 9"):
        frozen_count(9, "most")


def test_earlier_stages_learn_slower_and_vectors_are_not_drawn_to_zero() -> None:
    model = model_of("test_resnet")
    groups = parameter_groups(model, torch.nn.Linear(4, 2), 0.5)
    assert groups[-1]["scale"] == groups[-2]["scale"] == 1
    assert [group["scale"] for group in groups] == sorted(group["scale"] for group in groups)
    assert min(group["scale"] for group in groups) == 0.5 ** len(stages_of(model))
    assert all((group["weight_decay"] == 0) == (group["params"][0].ndim == 1) for group in groups)


@pytest.mark.parametrize("name", ["test_efficientnet", "test_convnext"])
def test_the_two_halves_of_a_chain_are_the_whole(name: str) -> None:
    model = model_of(name)
    freeze_stages(model, len(stages_of(model)) - 1)
    part = frozen_part(model, NUMBERS)
    assert part is not None
    kept = torch.from_numpy(part.before(NUMBERS).numpy())
    vectors = part.after(kept)
    torch.testing.assert_close(vectors.detach(), features(model, NUMBERS).detach())
    vectors.sum().backward()
    assert all((one.grad is not None) == one.requires_grad for one in model.parameters())
    torch.testing.assert_close(features(model, NUMBERS).detach(), vectors.detach())  # the layers are back


def test_what_cannot_be_parted_is_said_to_be_so() -> None:
    model = model_of("test_vit")  # its positions are added between layers
    freeze_stages(model, len(stages_of(model)) - 1)
    assert frozen_part(model, torch.nn.functional.interpolate(NUMBERS, 160)) is None


def test_nothing_is_parted_where_all_learns_and_all_is_kept_where_nothing_does() -> None:
    model = model_of("test_vit")
    numbers = torch.nn.functional.interpolate(NUMBERS, 160)
    assert frozen_part(model, numbers) is None
    freeze_stages(model, len(stages_of(model)))
    part = frozen_part(model, numbers)
    assert part is not None
    torch.testing.assert_close(part.after(part.before(numbers)), features(model, numbers).detach())
