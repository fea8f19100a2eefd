"""What every fusion that learns promises. A test class inherits FuserSuite and names its method and target."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, UsageError
from visrec_cli.fusion.recipe import Recipe
from visrec_cli.registry import find
from visrec_cli.runtime.report import Report
from visrec_cli.stages.fuse import fuse
from visrec_cli.stages.recommend.items.fused_query import project
from visrec_cli.tables.spaces import Space, space_of
from visrec_cli.tables.vectors import column_of, matrix_of, unit_rows

PICTURE, TEXT = Space("lite0", 24, True), Space("minilm", 16, True, kind="text")
ROWS, GROUPS = 240, 8


def planted(seed: int = 0, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures (240, 24), texts (240, 16) and labels: what an item is, seen by two different rotations, with noise.

    The label is one of eight, and moves the item along one of eight directions.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, GROUPS, ROWS)
    hidden = rng.normal(size=(ROWS, 12))
    hidden[np.arange(ROWS), labels] += 2
    eyes, words = (np.linalg.qr(rng.normal(size=(width, 12)))[0] for width in (24, 16))
    pictures, texts = hidden @ eyes.T, hidden @ words.T
    return *(unit_rows((x + noise * rng.normal(size=x.shape)).astype(np.float32)) for x in (pictures, texts)), labels


def table(pictures: np.ndarray, texts: np.ndarray, labels: Any, no_picture: Any = (), no_text: Any = ()) -> pa.Table:
    """Items i0, i1 … with both columns, and ``kind``."""
    valid = [~np.isin(np.arange(len(pictures)), gone) for gone in (no_picture, no_text)]
    fields = [PICTURE.field("image_embedding"), TEXT.field("text_embedding")]
    schema = pa.schema([("item_id", pa.string()), ("kind", pa.string()), *fields])
    ids, kinds = [f"i{i}" for i in range(len(pictures))], [None if k is None else f"k{k}" for k in labels]
    return pa.table(
        [pa.array(ids), pa.array(kinds, pa.string()), column_of(pictures, valid[0]), column_of(texts, valid[1])],
        schema=schema,
    )


def fused(whole: pa.Table, **options: Any) -> tuple[np.ndarray, np.ndarray, Space]:
    result = fuse(whole, **options).read_all()
    space = space_of(result.schema.field("embedding"))
    assert space is not None
    return *matrix_of(result["embedding"]), space


def near(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Share of the five nearest with the own label."""
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    return float((labels[np.argsort(-similar, axis=1)[:, :5]] == labels[:, None]).mean())


class FuserSuite:
    """Inherit, and set method, target and settings (small ones: tests are quick)."""

    method = ""
    target: str | None = "kind"
    settings: dict[str, Any] = {}  # noqa: RUF012
    dim: int | None = 8
    at_least = -0.03  # share of the five nearest with the own label, above that of plain concat

    def options(self, **more: Any) -> dict[str, Any]:
        own = {"method": self.method, "target": self.target, "settings": self.settings, "dim": self.dim}
        return {**own, "device": "cpu", **more}

    def test_names_itself(self) -> None:
        kind = find("fuser", self.method)
        assert kind.name == self.method
        assert len(kind.summary) > 20
        assert all(knob.help for knob in kind.settings.values())

    def test_brings_together_what_belongs_together(self) -> None:
        pictures, texts, labels = planted()
        got, valid, _ = fused(table(pictures, texts, labels), **self.options())
        assert valid.all()
        np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)
        plain = fused(table(pictures, texts, labels))[0]
        assert near(got, labels) >= near(plain, labels) + self.at_least

    def test_same_input_same_seed_same_bytes(self) -> None:
        whole = table(*planted())
        first, second = (fuse(whole, **self.options(seed=3)).read_all() for _ in range(2))
        assert first.equals(second, check_metadata=True)

    def test_new_items_are_placed_by_the_column_alone(self) -> None:
        pictures, texts, labels = planted()
        got, _, space = fused(table(pictures, texts, labels), **self.options())
        again = project(space, {"image_embedding": pictures[:7], "text_embedding": texts[:7]})
        np.testing.assert_allclose(again, got[:7], atol=1e-5)

    def test_a_query_with_one_side_lies_where_an_item_with_that_side_alone_does(self) -> None:
        pictures, texts, labels = planted()
        got, valid, space = fused(table(pictures, texts, labels, no_picture=(3, 5), no_text=(8,)), **self.options())
        assert valid.all()
        np.testing.assert_allclose(project(space, {"text_embedding": texts[[3, 5]]}), got[[3, 5]], atol=1e-5)
        np.testing.assert_allclose(project(space, {"image_embedding": pictures[[8]]}), got[[8]], atol=1e-5)

    def test_the_recipe_survives_the_space(self) -> None:
        _, _, space = fused(table(*planted()), **self.options())
        assert Recipe.of(space).space() == space

    @pytest.mark.parametrize(("policy", "without"), [("zero", [4]), ("mean", [4]), ("drop", [3, 4])])
    def test_missing_parts(self, policy: str, without: list[int]) -> None:
        pictures, texts, labels = planted()
        whole = table(pictures, texts, labels, no_picture=(3, 4), no_text=(4,))
        got, valid, _ = fused(whole, **self.options(missing=policy))
        assert np.flatnonzero(~valid).tolist() == without
        assert np.isfinite(got).all()
        with pytest.raises(InputError, match="item 'i3' has no image_embedding"):
            fuse(whole, **self.options(missing="fail")).read_all()

    def test_items_without_a_label_are_placed_too(self) -> None:
        pictures, texts, labels = planted()
        some = [None if i < 40 else label for i, label in enumerate(labels.tolist())]
        _, valid, _ = fused(table(pictures, texts, some), **self.options())
        assert valid.all()

    def test_refuses_what_cannot_be(self) -> None:
        whole = table(*planted())
        with pytest.raises(UsageError, match="unknown setting of --method"):
            fuse(whole, **self.options(settings={"nonsense": 1}))
        with pytest.raises(UsageError, match="--weights has no effect"):
            fuse(whole, **self.options(weights={"image": 2}))
        with pytest.raises(UsageError, match="embedding columns, but"):
            fuse(whole, **self.options(columns=["image"]))
        with pytest.raises(InputError, match="learning needs 20"):
            fuse(whole.slice(0, 15), **self.options()).read_all()

    def test_says_what_it_learned_from(self) -> None:
        report = Report()
        fuse(table(*planted()), **self.options(report=report)).read_all()
        assert any(f"learned from {self.target or 'pairs'}" in warning for warning in report.warnings)


class MixingSuite(FuserSuite):
    """Of fusions that learn what counts, from labels or clicks."""

    def test_finds_which_modality_tells_the_label(self) -> None:
        """Texts are noise here; the label is in the pictures alone."""
        pictures, _, labels = planted()
        texts = unit_rows(np.random.default_rng(1).normal(size=(ROWS, 16)).astype(np.float32))
        plain = near(fused(table(pictures, texts, labels))[0], labels)
        got = near(fused(table(pictures, texts, labels), **self.options())[0], labels)
        assert got > plain + 0.1

    def test_needs_a_target(self) -> None:
        with pytest.raises(UsageError, match="needs a target to learn from") as refused:
            fuse(table(*planted()), **self.options(target=None))
        assert "--target" in (refused.value.fix or "")
        with pytest.raises(UsageError, match="cannot learn from --target pairs"):
            fuse(table(*planted()), **self.options(target="pairs"))

    def test_learns_from_clicks(self, tmp_path: Any) -> None:
        pictures, texts, labels = planted()
        rng = np.random.default_rng(2)
        lines = ["user_id,item_id"]
        for user in range(60):
            mine = np.flatnonzero(labels == user % GROUPS)
            lines += [f"u{user},i{i}" for i in rng.choice(mine, 8, replace=False)]
        (tmp_path / "log.csv").write_text("\n".join([*lines, "u1,stranger", ""]))
        report = Report()
        target = f"clicks:{tmp_path / 'log.csv'}"
        got, _, _ = fused(table(pictures, texts, labels), **self.options(target=target, report=report))
        assert report.counts["clicks on other items"] == 1
        assert near(got, labels) >= near(fused(table(pictures, texts, labels))[0], labels) - 0.03


class JointSuite(FuserSuite):
    """Of fusions that bring pictures and texts into one space."""

    target: str | None = None
    dim: int | None = 12
    at_least = -0.2  # labels are not asked for: all that picture and text share counts

    def test_a_text_finds_its_picture_among_pictures_that_have_no_text(self) -> None:
        pictures, texts, labels = planted()
        asked = np.arange(200, ROWS)
        got, valid, space = fused(table(pictures, texts, labels, no_text=asked), **self.options())
        assert valid.all()
        found = (project(space, {"text_embedding": texts[asked]}) @ got[asked].T).argmax(axis=1)
        assert (found == np.arange(len(asked))).mean() > 0.9

    def test_a_picture_finds_its_text(self) -> None:
        pictures, texts, labels = planted()
        asked = np.arange(200, ROWS)
        got, _, space = fused(table(pictures, texts, labels, no_picture=asked), **self.options())
        found = (project(space, {"image_embedding": pictures[asked]}) @ got[asked].T).argmax(axis=1)
        assert (found == np.arange(len(asked))).mean() > 0.9

    def test_texts_do_not_win_over_pictures_because_they_are_texts(self) -> None:
        """Half of the items are pictures alone, half texts alone: a text finds its own kind of thing in both halves."""
        pictures, texts, labels = planted()
        no_text, no_picture = np.arange(120, 180), np.arange(180, ROWS)
        got, _, space = fused(table(pictures, texts, labels, no_text=no_text, no_picture=no_picture), **self.options())
        scores = project(space, {"text_embedding": texts[:120]}) @ got[120:].T
        share = (np.argsort(-scores, axis=1)[:, :20] < 60).mean()
        assert 0.35 < share < 0.65

    def test_no_pairs(self) -> None:
        pictures, texts, labels = planted()
        whole = table(pictures, texts, labels, no_text=range(120), no_picture=range(120, ROWS))
        with pytest.raises(InputError, match="only 0 of 240 items have image_embedding and text_embedding"):
            fuse(whole, **self.options()).read_all()
