from importlib.metadata import version

import pytest

from visrec_cli.runtime.versions import version_of


@pytest.mark.parametrize("package", ["torch", "pyarrow", "Pillow", "sentence-transformers", "onnxruntime"])
def test_is_what_the_standard_library_says(package: str) -> None:
    assert version_of(package) == version(package)


def test_a_package_that_is_not_there() -> None:
    assert version_of("no-such-package-anywhere") is None
