"""Recommendations of other tools, and bad ones, as a shell meets them."""

from pathlib import Path

import pytest

from tests.conftest import Run

TRUTH = "user_id,item_id\nu1,a\nu1,b\nu2,c\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "truth.csv").write_text(TRUTH)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "u1 Q0 x 1 0.9 tag\nu1 Q0 a 2 0.8 tag\nu2 Q0 c 1 0.7 tag\n",
        "user_id,item_id,score\nu1,x,0.9\nu1,a,0.8\nu2,c,0.7\n",
        '{"user": "u1", "items": ["x", "a"]}\n{"user": "u2", "items": ["c"]}\n',
    ],
)
def test_every_form_comes_through_a_pipe(desk: Path, visrec: Run, text: str) -> None:
    done = visrec("eval", "-", "--truth", "truth.csv", "--metrics", "mrr", "--format", "csv", stdin=text.encode())
    assert done.returncode == 0, done.stderr.decode()
    assert b"stdin,mrr,,all,0.75," in done.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,item_id,rank\n", "has no recommendations"),
        ("user_id,item_id,rank\nu1,a,1\nu1,a,2\n", "user 'u1' is recommended item 'a' twice"),
        ("user_id,item_id,rank\nu1,a,1\nu2,c,\n", "1 row without a rank, the first of user 'u2'"),
        ("user_id,item_id,score\nu1,a,nan\nu2,c,1\n", "1 score NaN or empty, the first of user 'u1'"),
        ("user_id,item_id,rank\nU1,a,1\nU2,c,1\n", "none of the 2 users of recs.csv is in the truth"),
        ("title,price\nx,1\n", "recs.csv has no column of users"),
        ("user,item,rank,Algorithm\nu1,a,1,als\nu1,b,1,knn\n", "several runs: 'als', 'knn' (column 'Algorithm')"),
        ("u1 Q0 a 1 0.9 als\nu1 Q0 b 1 0.9 knn\n", "several runs: 'als', 'knn' (column 'run')"),
        ('{"u1": ["a", "b"], "u2": ["c"]}\n', 'an object per user: {"user_id": "7", "items": ["a", "b"]}'),
        ("user,item,rank\nu1,a,first\n", "fix: whole numbers, 1 is first"),
    ],
)
def test_what_cannot_be_judged_is_one_message_and_65(desk: Path, visrec: Run, text: str, message: str) -> None:
    (desk / "recs.csv").write_text(text)
    done = visrec("eval", "recs.csv", "--truth", "truth.csv", "--metrics", "mrr", "--format", "csv")
    assert done.returncode == 65
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert not done.stdout


def test_what_is_odd_is_said_and_judged_all_the_same(desk: Path, visrec: Run) -> None:
    (desk / "recs.csv").write_text("user_id,item_id,rank,score\nu1,x,3,0.1\nu1,a,5,0.8\nu9,c,1,0.7\nu1,strange,9,nan\n")
    done = visrec("eval", "recs.csv", "--truth", "truth.csv", "--metrics", "recall@5", "--format", "csv")
    said = done.stderr.decode()
    assert done.returncode == 0
    assert b"recs,recall,5,all,0.25," in done.stdout
    for words in (
        "1 user of 2 without recommendations: counted as 0",
        "1 recommended user without truth",
        "2 recommendations of unknown items",
        "scores that contradict the ranks",
        "1 score NaN or empty",
        "1 user with ranks other than 1, 2, 3",
        "the longest list has 3 items: @5 looks further",
    ):
        assert words in said


def test_one_run_may_say_its_name_in_every_row(desk: Path, visrec: Run) -> None:
    (desk / "recs.csv").write_text("run,user,item,rank\nals,u1,a,1\nals,u1,b,2\nals,u2,c,1\n")
    done = visrec("eval", "recs.csv", "--truth", "truth.csv", "--metrics", "mrr", "--format", "csv")
    assert b"recs,mrr,,all,1.0," in done.stdout


def test_some_users_that_only_leading_zeros_keep_out(desk: Path, visrec: Run) -> None:
    (desk / "truth.csv").write_text("user_id,item_id\nu1,a\n7,b\n")
    (desk / "recs.csv").write_text("user_id,item_id,rank\nu1,a,1\n007,b,1\n")
    said = visrec("eval", "recs.csv", "--truth", "truth.csv", "-m", "hit@1", "-o", "x.csv").stderr.decode()
    assert "of these unknown ids ('007' …) most would match but for leading zeros" in said


def test_a_single_name_in_another_unicode_form_is_said(desk: Path, visrec: Run) -> None:
    (desk / "truth.csv").write_text("user_id,item_id\nu1,a\nu2,caf\u00e9\n")
    (desk / "recs.csv").write_text("user_id,item_id,rank\nu1,a,1\nu1,x,2\nu1,y,3\nu2,cafe\u0301,1\n")
    said = visrec("eval", "recs.csv", "--truth", "truth.csv", "-m", "hit@1", "-o", "x.csv").stderr.decode()
    assert "of these unknown ids ('x' …) 1 would match but for the Unicode form of letters" in said


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("-", "--truth", "-"), "stdin can be read once"),
        (("-", "-", "--truth", "truth.csv"), "stdin can be read once"),
        (("truth.csv", "--truth", "truth.csv", "--fold", "1"), "truth.csv has no column 'fold'"),
        (("truth.csv", "--truth", "truth.csv", "-m", "ctr-dr"), "it comes with --logged"),
    ],
)
def test_contradictions_are_2(desk: Path, visrec: Run, flags: tuple[str, ...], message: str) -> None:
    done = visrec("eval", *flags, stdin=b"user_id,item_id\nu1,a\n")
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_recommendations_given_as_the_truth_are_noticed(desk: Path, visrec: Run) -> None:
    (desk / "recs.csv").write_text("user_id,item_id,rank\nu1,a,1\n")
    done = visrec("eval", "truth.csv", "--truth", "recs.csv", "-m", "hit@1", "-o", "x.csv")
    assert done.returncode == 0
    assert "recs.csv: the log has ranks, as recommendations do" in done.stderr.decode()
