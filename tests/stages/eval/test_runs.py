"""Lists of users from rows: orders, blocks, and what is odd."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.stages.eval.cases import log, recs, small_truth
from visrec_cli.errors import InputError
from visrec_cli.stages.eval import user_lists
from visrec_cli.stages.eval.runs import Run, ScatteredError, open_run
from visrec_cli.stages.eval.truth import Truth
from visrec_cli.stages.eval.truth_reader import open_truth
from visrec_cli.tables.output import write_table


def shown(run: Run, truth: Truth, width: int | None = None) -> dict[str, list[str]]:
    """What each user is shown, in order; ? is an unknown item."""
    names = [*truth.item_ids.to_pylist(), "?"]
    return {
        truth.users[int(row)].as_py(): [names[item] for item in items if item >= 0]
        for block in run.blocks(truth, width)
        for row, items in zip(block.rows, block.items.tolist(), strict=True)
    }


def of(table: pa.Table) -> tuple[dict[str, list[str]], Run]:
    run = open_run(table)
    return shown(run, small_truth()), run


def test_ranks_are_the_order() -> None:
    found, run = of(recs(("u1", "b", 2, 0.5), ("u1", "a", 1, 0.7), ("u2", "c", 1, 0.1)))
    assert found == {"u1": ["a", "b"], "u2": ["c"]}
    assert (run.notes.odd_ranks, run.notes.disagreeing) == (0, 0)


def test_ranks_that_are_not_1_to_n_are_an_order_all_the_same() -> None:
    found, run = of(recs(("u1", "b", 7), ("u1", "a", 0), ("u2", "c", 1)))
    assert found == {"u1": ["a", "b"], "u2": ["c"]}
    assert run.notes.odd_ranks == 1


def test_equal_ranks_are_decided_by_the_score() -> None:
    found, run = of(recs(("u1", "b", 1, 0.5), ("u1", "a", 1, 0.7), ("u1", "c", 2, 0.1), ("u2", "c", 1, 0.1)))
    assert found == {"u1": ["a", "b", "c"], "u2": ["c"]}
    assert run.notes.equal_ranks == 1


def test_scores_that_contradict_the_ranks_are_counted() -> None:
    found, run = of(recs(("u1", "b", 1, 0.5), ("u1", "a", 2, 0.7), ("u2", "c", 1, 0.1)))
    assert found == {"u1": ["b", "a"], "u2": ["c"]}
    assert run.notes.disagreeing == 1


def test_without_ranks_the_scores_are_the_order_and_lots_among_equals() -> None:
    rows = [("u1", "b", 0.5), ("u1", "a", 0.7), ("u1", "x", 0.5), ("u1", "c", 0.5), ("u1", "strange", 0.5)]
    found, run = of(recs(*rows, columns=("user_id", "item_id", "score")))
    again, _ = of(recs(*rows[::-1], columns=("user_id", "item_id", "score")))
    assert found == again
    assert found["u1"][0] == "a"
    assert found["u1"][-1] == "?"
    truth = small_truth()
    places = [truth.item_ids.index(item).as_py() for item in found["u1"][1:-1]]
    assert list(truth.tie_order[places]) == sorted(truth.tie_order[places])
    assert run.notes.ties == 3


def test_neither_ranks_nor_scores() -> None:
    found, run = of(recs(("u1", "b"), ("u1", "a"), ("u2", "c")))
    assert found["u1"] == ["b", "a"]
    assert run.notes.as_written


def test_users_come_once_in_blocks_however_the_table_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_lists, "USERS", 7)
    rng = np.random.default_rng(0)
    users = [f"u{u:03}" for u in range(60)]
    truth = open_truth(log(*[(user, f"i{u % 9}") for u, user in enumerate(users)]))
    rows = [(user, f"i{item}") for user in users for item in rng.permutation(9)[: rng.integers(1, 9)]]
    whole = recs(*rows)
    for size in (1, 3, 50, 1000):
        reader = pa.Table.from_batches(whole.to_batches(max_chunksize=size))
        assert shown(open_run(reader), truth) == {user: [item for who, item in rows if who == user] for user in users}
    blocks = list(open_run(whole).blocks(truth, 2))
    assert all(len(block.rows) <= 7 and block.items.shape[1] <= 2 for block in blocks)
    assert sorted(row for block in blocks for row in block.rows.tolist()) == list(range(60))


def test_scattered_users_are_noticed_and_sorted() -> None:
    truth = small_truth()
    run = open_run(recs(("u1", "a"), ("u2", "c"), ("u1", "b")))
    with pytest.raises(ScatteredError):
        list(run.blocks(truth, None))
    run.gather()
    assert shown(run, truth) == {"u1": ["a", "b"], "u2": ["c"]}


def test_a_reader_cannot_be_read_twice() -> None:
    with pytest.raises(InputError, match="cannot be read twice"):
        open_run(recs(("u1", "a")).to_reader()).gather()


def test_strangers_and_unknown_items_are_counted() -> None:
    found, run = of(recs(("nobody", "a"), ("u1", "strange"), ("u1", "a"), ("somebody", "b")))
    assert found == {"u1": ["?", "a"]}
    assert (run.notes.users, run.notes.unknown_ids, run.notes.unserved, run.notes.unknown_items) == (3, 2, 1, 1)
    assert run.notes.some_users == ["nobody", "somebody"]


@pytest.mark.parametrize(
    ("table", "message", "fix"),
    [
        (recs(("u1", "a")).slice(0, 0), "has no recommendations", "made it"),
        (recs(("u1", "a", 1), ("u1", "a", 2)), "user 'u1' is recommended item 'a' twice", "unique"),
        (recs(("u1", "a", 1), ("u2", "a", None)), "1 row without a rank, the first of user 'u2'", "leave the column"),
        (
            recs(("u2", "a", 0.5), ("u1", "a", float("nan")), columns=("user_id", "item_id", "score")),
            "1 score NaN or empty, the first of user 'u1'",
            "drop those rows",
        ),
        (recs(("U1", "a"), ("U2", "b")), "none of the 2 users .* is in the truth: 'U1'", "capital letters"),
        (recs(("7", "a")), "none of the 1 user ", "'u1', 'u2'"),
        (recs(("u1", "a.0"), ("u2", "b.0")), "none of the items .* 'a.0'", r"'\.0' at the end"),
    ],
)
def test_what_cannot_be_judged(table: pa.Table, message: str, fix: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        of(table)
    assert re.search(fix, str(refused.value.fix))


def test_nan_scores_beside_ranks_are_counted() -> None:
    found, run = of(recs(("u1", "a", 1, float("nan")), ("u1", "b", 2, 0.5)))
    assert found == {"u1": ["a", "b"]}
    assert run.notes.nan_scores == 1


def test_names_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "als.tuned.arrow"
    write_table(recs(("u1", "a")), file)
    assert open_run(file).name == "als.tuned"
    assert open_run(file, name="mine").name == "mine"
    assert open_run("-").name == "stdin"
    assert shown(open_run(file), small_truth()) == {"u1": ["a"]}
