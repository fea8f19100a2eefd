"""Runs and judgements of TREC, file by file against trec_eval itself: small ones like those of its own tests."""

import os
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.errors import InputError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.eval import evaluate
from visrec_cli.tables.readers import open_table

pytrec_eval = pytest.importorskip("pytrec_eval")

# Graded, binary, junk below 0, judged in vain (303), and what nobody searched for (305).
QRELS = """# judged by hand, twice
301 0 FT911-1 2
301 0 FT911-2 0
301 0 FT911-3 1
301 0 FT911-9 1
302\t0\tLA01-1\t1
302 0 LA01-2 -2
302 0 LA01-7 1

303 0 FBIS3-1 0
303 0 FBIS3-2 -1
304 0 FR940-1 3
305 0 FR940-1 1
"""
# Unjudged documents, a query without judgements (399), spaces and tabs, a list without a hit (304).
RUN = """301 Q0 FT911-3 1 12.5 miniature
301 Q0 UNJUDGED-1 2 11.25 miniature
301 Q0 FT911-1 3 9 miniature
301 Q0 FT911-2 4 -1e-3 miniature
302\tQ0\tLA01-2\t1\t2.0\tminiature
302  Q0  LA01-7  2  1.5  miniature
303 Q0 FBIS3-1 1 1 miniature
303 Q0 FBIS3-2 2 0.5 miniature
304 Q0 FBIS3-9 1 7 miniature
399 Q0 LA01-1 1 7 miniature
"""
KS = (1, 2, 5)
OURS = {"ndcg-graded": "ndcg_cut", "map-all": "map_cut", "precision": "P", "recall": "recall", "hit": "success"}


def theirs() -> dict[str, dict[str, float]]:
    """What trec_eval says of each query."""
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for line in QRELS.splitlines():
        if line.strip() and not line.startswith("#"):
            query, _, document, grade = line.split()
            qrels.setdefault(query, {})[document] = int(grade)
    for line in RUN.splitlines():
        query, _, document, _, score, _ = line.split()
        run.setdefault(query, {})[document] = float(score)
    cut = ",".join(map(str, KS))
    measures = {f"{name}.{cut}" for name in OURS.values()} | {"recip_rank"}
    return pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)


def files(folder: Path) -> tuple[Path, Path]:
    (folder / "mini.run").write_text(RUN)
    (folder / "mini.qrels").write_text(QRELS)
    return folder / "mini.run", folder / "mini.qrels"


@pytest.mark.parametrize("way", ["skip", "zero"])
def test_every_number_of_every_query_is_that_of_trec_eval(tmp_path: Path, way: str) -> None:
    run, qrels = files(tmp_path)
    report = Report()
    done = evaluate(run, truth=qrels, metrics=[*OURS, "mrr"], ks=KS, resamples=0, nothing_relevant=way, report=report)
    scores, known = done.scores[0], theirs()
    users = scores.users.to_pylist()
    assert users == (["301", "302", "304", "305"] if way == "skip" else ["301", "302", "303", "304", "305"])
    assert any("1 user judged, with nothing relevant: '303'" in warning for warning in report.warnings)
    for at, user in enumerate(users):
        if user not in known:  # without a list: 0 here; trec_eval -c counts it so, too
            assert scores.values["ndcg-graded@5"][at] == 0
            continue
        for name, their in OURS.items():
            for k in KS:
                assert scores.values[f"{name}@{k}"][at] == pytest.approx(known[user][f"{their}_{k}"], abs=1e-9)
        assert scores.values["mrr@5"][at] == pytest.approx(known[user]["recip_rank"], abs=1e-9)
    row = next(row for row in done.results.to_pylist() if row["metric"] == "hit" and row["k"] == 5)
    assert row["n"] == len(users)
    assert row["value"] == pytest.approx(2 / len(users))


def test_what_users_merely_rated_low_is_the_same_question(tmp_path: Path) -> None:
    run = pa.table({"user_id": ["u", "v"], "item_id": ["a", "a"], "rank": [1, 1]})
    ratings = pa.table({"user_id": ["u", "v"], "item_id": ["a", "a"], "rating": [5.0, 2.0]})
    for way, value in (("skip", 1.0), ("zero", 0.5)):
        done = evaluate(run, truth=ratings, metrics=["hit@1"], min_weight=4, resamples=0, nothing_relevant=way)
        assert done.results["value"].to_pylist() == [value]


@pytest.mark.parametrize("encoded", [lambda text: b"\xef\xbb\xbf" + text.encode(), lambda text: text.encode("utf-16")])
def test_marks_of_byte_order_belong_to_no_user(tmp_path: Path, encoded) -> None:
    run, qrels = files(tmp_path)
    plain = evaluate(run, truth=qrels, metrics=["mrr@5"], resamples=0).results
    run.write_bytes(encoded(RUN.replace("\n", "\r\n")))
    qrels.write_bytes(encoded(QRELS))
    assert evaluate(run, truth=qrels, metrics=["mrr@5"], resamples=0).results.equals(plain)


def test_lines_that_end_with_a_carriage_return_alone(tmp_path: Path) -> None:
    run, qrels = files(tmp_path)
    plain = evaluate(run, truth=qrels, metrics=["mrr@5"], resamples=0).results
    for path, text in ((run, RUN), (qrels, QRELS)):
        path.write_bytes(text.replace("\n", "\r").encode())
        assert evaluate(run, truth=qrels, metrics=["mrr@5"], resamples=0).results.equals(plain)


def test_the_last_of_several_judgements_of_one_pair_counts_and_is_said(tmp_path: Path) -> None:
    """trec_eval refuses them; added up, as the clicks of a log are, they were a grade that nobody had given."""
    run, qrels = files(tmp_path)
    qrels.write_text(f"{QRELS}301 0 FT911-1 1\n301 0 FT911-9 1\n303 0 FBIS3-1 1\n")
    once, twice = Report(), Report()
    table = open_table(qrels, report=twice).read_all().to_pylist()
    grades = {(row["user_id"], row["item_id"]): row["weight"] for row in table}
    assert len(table) == len(grades) == 11
    assert [grades["301", "FT911-1"], grades["301", "FT911-9"], grades["303", "FBIS3-1"]] == [1, 1, 1]
    assert twice.warnings == [
        f"{qrels}: 3 pairs judged more than once, 2 of them with different grades, as '301' and 'FT911-1': 2, then 1: "
        "the last one counts"
    ]
    qrels.write_text(f"{QRELS}301 0 FT911-9 1\n")
    plain = evaluate(run, truth=qrels, metrics=["ndcg-graded@5"], resamples=0, report=once).results
    assert any("1 pair judged more than once, with the same grade each time" in line for line in once.warnings)
    files(tmp_path)
    assert evaluate(run, truth=qrels, metrics=["ndcg-graded@5"], resamples=0).results.equals(plain)


def test_other_alphabets_are_refused_and_not_merged(tmp_path: Path) -> None:
    run, qrels = files(tmp_path)
    run.write_bytes("301 Q0 caf\xe9 1 2 x\n302 Q0 caf\xe8 1 2 x\n".encode("latin1"))
    with pytest.raises(InputError, match="line 1 is not UTF-8"):
        evaluate(run, truth=qrels, metrics=["mrr@5"], resamples=0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_named_pipe_is_a_run(tmp_path: Path) -> None:
    run, qrels = files(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text(RUN))
    writer.start()
    piped = evaluate(tmp_path / "pipe", truth=qrels, metrics=["mrr@5"], resamples=0, names=["mini"]).results
    writer.join()
    assert piped.equals(evaluate(run, truth=qrels, metrics=["mrr@5"], resamples=0).results)


def test_from_a_shell_too(tmp_path: Path, shell) -> None:
    files(tmp_path)
    line = "-m mrr@5 --resamples 0 --format csv --names mini"
    plain = shell(f"visrec eval mini.run --truth mini.qrels {line}")
    assert plain.returncode == 0, plain.stderr
    for run, truth in (("<(cat mini.run)", "mini.qrels"), ("/dev/stdin", "mini.qrels"), ("-", "<(cat mini.qrels)")):
        done = shell(f"cat mini.run | visrec eval {run} --truth {truth} {line}")
        assert done.stdout == plain.stdout, done.stderr


def test_what_is_no_file_of_trec_stays_what_it_was(tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_text("196\t0\t3\t5\n186\t302\t3\t1\n22\t377\t1\t2\n")  # a log without a header; its first item is '0'
    with pytest.raises(InputError, match="has no header"):
        evaluate(pa.table({"user_id": ["u"], "item_id": ["a"]}), truth=log, metrics=["hit@1"])
    log.write_text("301 0 a 1\n301 0 b one\n302 0 c 1\n")
    with pytest.raises(InputError, match=r"line 2 is not of the form 'user 0 item grade': '301 0 b one'"):
        open_table(log)
    log.write_text("# a remark\n#1 Q0 a 1 2 x\n#2 Q0 b 1 2 x\n")
    assert open_table(log).read_all()["user_id"].to_pylist() == ["#1", "#2"]
