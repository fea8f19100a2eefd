"""Every setting (``--set``) of every recommender and every method that fuses: beside each value that turns another
one off, and with each input that may lack, it changes what is learned, or is refused."""

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from visrec_cli.errors import UsageError, VisrecError
from visrec_cli.fusion.learned.base import Fuser
from visrec_cli.recommenders.base import Recommender
from visrec_cli.recommenders.data import DAY, Content, Log
from visrec_cli.recommenders.model import Items, Users
from visrec_cli.registry import find, names
from visrec_cli.runtime.settings import AUTO, Setting, idle
from visrec_cli.stages.fuse import fuse
from visrec_cli.tables.spaces import Space
from visrec_cli.tables.vectors import column_of, matrix_of

EVERYTHING = "everything there is"
USERS, ITEMS, COLD = 50, 80, 10
#: Defaults are for real data; here all must be small, and smaller than what there is, so that more is another thing.
SMALL = {
    "epochs": 2, "embedding_size": 8, "hidden_size": 4, "visual_size": 3, "components": 3, "length": 5, "k": 6,
    "keep": 6, "batch_size": 16, "layers": 1, "attention_size": 3, "tokens": 2,
}  # fmt: skip
#: Another value, where twice as much may come to the same.
OTHERS: dict[str, Any] = {"tokens": 4, "negatives": 2}

#: Of which one may well come to the same.
SEVERAL: dict[str, list[Any]] = {"exposure": [0.3, 1.0, 3.0], "trials": [1, 2, 5]}

#: What chooses among a few may come to the same on so little data; alone it must not.
TIES = {"trials"}


@dataclass(frozen=True)
class Setup:
    """What settings are tried in. beside: other settings. inputs: those that are there, as ``Recommender.inputs``."""

    words: str
    beside: dict[str, Any]
    inputs: dict[str, bool]
    learned: Callable[[dict[str, Any]], str]


def another(name: str, setting: Setting, now: Any) -> list[Any]:
    """Values other than the one that is set."""
    if setting.choices:
        return [one for one in setting.choices if one != now]
    if isinstance(setting.default, bool):
        return [not now]
    return SEVERAL.get(name) or [OTHERS.get(name, 0.7 if now == AUTO else now * 2 or 0.4)]


def turned_off(settings: dict[str, Setting]) -> Iterator[dict[str, Any]]:
    """Each setting at each value that may turn others off: 0, False, every choice."""
    for name, setting in settings.items():
        zero = not setting.choices and setting.least == 0
        for value in setting.choices or ((True, False) if isinstance(setting.default, bool) else [0] if zero else []):
            yield {name: value}


def check(settings: dict[str, Setting], setup: Setup) -> None:
    """Whether those that change nothing are those that are declared to."""
    base = {name: SMALL[name] for name in settings if name in SMALL} | setup.beside

    try:
        before = setup.learned(base)
    except VisrecError:
        return  # refused as it is
    same, refused = set(), set()
    for name, setting in settings.items():
        values = [] if name in setup.beside else another(name, setting, base.get(name, setting.default))
        try:
            if values and all(setup.learned(base | {name: value}) == before for value in values):
                same.add(name)
        except UsageError:
            refused.add(name)
    if setup.beside:
        same -= TIES - set(idle(settings, base, setup.inputs))
    declared = set(idle(settings, base, setup.inputs)) - set(setup.beside)
    assert same <= declared <= same | refused, setup.words
    assert not refused or setup.words != EVERYTHING


def log() -> Log:
    """Users who like one item in four, and others by chance; the last items have no clicks."""
    rng = np.random.default_rng(0)
    clicks = {
        (user, int(item))
        for user in range(USERS)
        for item in (*rng.choice(np.arange(user % 4, ITEMS - COLD, 4), 5), *rng.choice(ITEMS - COLD, 3))
    }
    rows, columns = np.array(sorted(clicks)).T
    parts = (rng.integers(1, 6, len(rows)).astype(np.float32), (rows, columns))
    matrix = sp.csr_matrix(parts, shape=(USERS, ITEMS))
    times = (1_600_000_000_000 + rng.integers(0, 300, len(rows)) * DAY).astype(np.int64)
    return Log(tuple(f"u{n}" for n in range(USERS)), tuple(f"i{n}" for n in range(ITEMS)), matrix, times)


def parts_of_items() -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Two modalities, in which the four kinds of items lie apart."""
    rng, kinds = np.random.default_rng(1), np.eye(4)[np.arange(ITEMS) % 4]
    parts = [kinds @ rng.normal(size=(4, width)) + 0.5 * rng.normal(size=(ITEMS, width)) for width in (9, 8)]
    return [(part / np.linalg.norm(part, axis=1, keepdims=True)).astype(np.float32) for part in parts]


def content() -> Content:
    """Of all items but one."""
    vectors, valid = np.hstack(parts_of_items()) / np.float32(math.sqrt(2)), np.arange(ITEMS) != 3
    return Content(vectors * valid[:, None], valid, (("picture", 9), ("text", 8)))


def digest(*arrays: Any) -> str:
    """Of the numbers."""
    known = hashlib.sha256()
    for array in arrays:
        known.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    return known.hexdigest()


def numbers(side: Users | Items) -> list[Any]:
    """Of one side of a model."""
    links = side.neighbours if side.neighbours is None else side.neighbours.toarray()
    return [side.factors, side.bias, links]


def model_of(kind: type[Recommender], log: Log, content: Content | None) -> Callable[[dict[str, Any]], str]:
    """From settings to what is learned with them, and to what is then said of new users and new items."""

    def learned(settings: dict[str, Any]) -> str:
        recommender = kind(device="cpu", **kind.resolved(settings, log))
        model = recommender.fit(log, content, None)
        seen = None if log.times is None else log.times[: log.matrix.indptr[2]]
        found = [*numbers(model.items), *numbers(model.users), *(model.state[name] for name in sorted(model.state))]
        found += numbers(kind.fold_in(model, ["new", "newer"], log.matrix[:2], seen))
        if content is not None:
            found += numbers(kind.new_items(model, ["new", "newer"], content.take([0, 1])))
        return digest(*found)

    return learned


def setups_of(kind: type[Recommender]) -> Iterator[Setup]:
    """With everything there is; without vectors; without times; with each other setting turned off."""
    whole, vectors = log(), content() if kind.uses_content else None
    ways: list[tuple[str, dict[str, Any], Log, Content | None]] = [(EVERYTHING, {}, whole, vectors)]
    if kind.uses_content and not kind.needs_content:
        ways.append(("no vectors", {}, whole, None))
    if not kind.needs_times:
        ways.append(("no times", {}, replace(whole, times=None), vectors))
    ways += [(str(beside), beside, whole, vectors) for beside in turned_off(kind.settings)]
    for words, beside, clicks, looks in ways:
        yield Setup(words, beside, kind.inputs(clicks, looks), model_of(kind, clicks, looks))


@pytest.mark.parametrize("name", names("recommender"))
def test_settings_of_recommenders(name: str) -> None:
    kind: type[Recommender] = find("recommender", name)
    for setup in setups_of(kind):
        check(kind.settings, setup)


def few_clicks() -> Setup:
    """Too few clicked items to hide some of them."""
    kind: type[Recommender] = find("recommender", "hybrid")
    whole = log()
    few = whole.only(whole.matrix.indices < 16)
    return Setup("few items", {}, kind.inputs(few, content()), model_of(kind, few, content()))


def test_settings_of_hybrid_with_few_items() -> None:
    check(find("recommender", "hybrid").settings, few_clicks())


def fused_by(kind: type[Fuser], target: str | None) -> Callable[[dict[str, Any]], str]:
    """From settings to the fused vectors."""
    looks, words = parts_of_items()
    fields = [pa.field("item_id", pa.string()), pa.field("kind", pa.string())]
    fields += [
        Space(f"made-{name}", part.shape[1], True, kind=name).field(f"{name}_embedding")
        for name, part in (("image", looks), ("text", words))
    ]
    ids = [f"i{n}" for n in range(ITEMS)]
    columns = [pa.array(ids), pa.array([f"kind {n % 4}" for n in range(ITEMS)]), column_of(looks), column_of(words)]
    table = pa.table(columns, schema=pa.schema(fields))

    def learned(settings: dict[str, Any]) -> str:
        fused = fuse(table, method=kind.name, target=target, dim=None if kind.name == "weighted-softmax" else 4,
                     settings=settings, device="cpu", validation=0).read_all()  # fmt: skip
        return digest(matrix_of(fused["embedding"])[0])

    return learned


@pytest.mark.parametrize("name", names("fuser"))
def test_settings_of_methods_that_fuse(name: str, tmp_path: Any) -> None:
    kind: type[Fuser] = find("fuser", name)
    whole = log()
    clicks = zip(*whole.matrix.nonzero(), strict=True)
    (tmp_path / "log.csv").write_text("user_id,item_id\n" + "".join(f"u{user},i{item}\n" for user, item in clicks))
    targets = {"pairs": "pairs", "label": "kind", "clicks": f"clicks:{tmp_path / 'log.csv'}"}
    for target in kind.targets:
        for beside in ({}, *turned_off(kind.settings)):
            check(
                kind.settings,
                Setup(f"{target} {beside}" if beside else EVERYTHING, beside, {}, fused_by(kind, targets[target])),
            )
