"""Pictures and texts in one space."""

from typing import Any

import numpy as np
import pytest

from tests.contracts.fuser_suite import JointSuite, fused, near, planted, table
from visrec_cli.errors import UsageError
from visrec_cli.stages.fuse import fuse


class TestCca(JointSuite):
    method = "cca"

    def test_without_a_ridge_too_few_pairs_would_agree_perfectly(self) -> None:
        """Pictures and texts that have nothing to do with each other: a held-back pair is not found."""
        rng = np.random.default_rng(5)
        noise = [rng.normal(size=(60, width)).astype(np.float32) for width in (24, 16)]
        _, _, space = fused(table(*noise, [0] * 60), **self.options())
        assert space.transform["learned"]["facts"]["validation"] < 0.6

    def test_agrees_with_the_textbook(self) -> None:
        """With hardly any ridge the coordinates' correlations are those of scikit-learn's CCA, fitted step by step."""
        from sklearn.cross_decomposition import CCA

        pictures, texts, labels = planted(noise=0.3)
        _, _, space = fused(
            table(pictures, texts, labels),
            **self.options(dim=3, settings={"ridge": 1e-8, "power": 0}, normalise="none"),
        )
        arrays = space.transform["learned"]["arrays"]
        from visrec_cli.tables.documents import Origin

        left, right = (Origin("a test", fix="").array(arrays[f"head:{m}"], "head") for m in range(2))
        x, y = pictures @ left, texts @ right
        ours = [np.corrcoef(x[:, i], y[:, i])[0, 1] for i in range(3)]
        a, b = CCA(n_components=3, max_iter=5000).fit_transform(pictures, texts)
        np.testing.assert_allclose(ours, [np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(3)], atol=1e-3)

    def test_learns_from_pairs_alone(self) -> None:
        with pytest.raises(UsageError, match="cannot learn from --target kind"):
            fuse(table(*planted()), **self.options(target="kind"))


class TestTwoTower(JointSuite):
    method = "two-tower"
    settings: dict[str, Any] = {"epochs": 60, "batch_size": 64, "learning_rate": 0.02}  # noqa: RUF012

    def test_labels_bring_their_items_together(self) -> None:
        pictures, texts, labels = planted()
        pairs = near(fused(table(pictures, texts, labels), **self.options())[0], labels)
        labelled = near(fused(table(pictures, texts, labels), **self.options(target="kind"))[0], labels)
        assert labelled > pairs + 0.1

    def test_another_seed_another_space(self) -> None:
        whole = table(*planted())
        first, second = (fused(whole, **self.options(seed=seed))[2] for seed in (1, 2))
        assert first != second

    def test_without_validation_it_goes_to_the_last_epoch(self) -> None:
        options = self.options(validation=0, settings={"epochs": 3})
        _, _, space = fused(table(*planted()), **options)
        facts = space.transform["learned"]["facts"]
        assert facts["epoch"] == 3
        assert "validation" not in facts

    def test_a_loss_that_explodes_is_refused(self) -> None:
        with pytest.raises(UsageError, match="training diverged"):
            fuse(table(*planted()), **self.options(settings={"learning_rate": 1e30, "reg": 1e6})).read_all()
