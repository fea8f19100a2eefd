import pytest

from visrec_cli.encoders.torch_images import arithmetic
from visrec_cli.errors import DeviceMemoryError


@pytest.mark.parametrize(
    "words",
    [
        "CUDA out of memory. Tried to allocate 20.00 MiB",
        "MPS backend out of memory (MPS allocated: 18.00 GB)",
        "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried",
    ],
)
def test_every_way_to_be_out_of_memory_is_one(words: str) -> None:
    import torch

    kind = torch.OutOfMemoryError if words.startswith("CUDA") else RuntimeError
    with pytest.raises(DeviceMemoryError), arithmetic(torch.device("cpu"), precise=False):
        raise kind(words)


def test_other_errors_stay_what_they_are() -> None:
    import torch

    with pytest.raises(RuntimeError, match="mat1 and mat2"), arithmetic(torch.device("cpu"), precise=False):
        torch.zeros(2, 3) @ torch.zeros(2, 3)


def test_no_gradients_are_kept() -> None:
    import torch

    with arithmetic(torch.device("cpu"), precise=False):
        assert torch.zeros(1, requires_grad=True).add(1).requires_grad is False
