"""Logs of the well-known sets, and logs that are none."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, UsageError
from visrec_cli.options.logs import Columns
from visrec_cli.runtime.report import Report
from visrec_cli.tables.interaction_log import has_ratings, open_interactions
from visrec_cli.tables.output import write_table

DAY = datetime(2020, 9, 20, tzinfo=UTC)
FIRST = {"user_id": "007", "item_id": "0042", "weight": 4.0, "timestamp": DAY}


def read(folder: Path, text: str, columns: Columns | None = None, report: Report | None = None) -> pa.Table:
    (folder / "log.txt").write_text(text)
    return open_interactions(folder / "log.txt", columns, report=report)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("userId,movieId,rating,timestamp", "007,0042,4.0,1600560000"),
        ("USER,ITEM,RATING,TIMESTAMP", "007,0042,4,1600560000"),
        ("user_id:token\titem_id:token\trating:float\ttimestamp:float", "007\t0042\t4\t1600560000"),
        ("reviewerID;asin;overall;unixReviewTime", "007;0042;4;1600560000"),
        ("rating,asin,parent_asin,user_id,timestamp", "4,X1,0042,007,1600560000000"),
        ("user,item,weight,timestamp", "007,0042,4,2020-09-20"),
        ("User-ID;ISBN;Book-Rating;Date", "007;0042;4;2020-09-20"),
        ("user_id,business_id,stars,date", "007,0042,4,2020-09-20 00:00:00"),
        ("id,user_id,product_id,rating,created_at", "1,007,0042,4,2020-09-20"),
    ],
)
def test_headers_of_well_known_sets(tmp_path: Path, header: str, row: str) -> None:
    first = read(tmp_path, f"{header}\n{row}\n").to_pylist()[0]
    assert {name: first[name] for name in FIRST} == FIRST


def test_transactions_without_weights_weigh_one_and_keep_their_other_columns(tmp_path: Path) -> None:
    table = read(tmp_path, "t_dat,customer_id,article_id,price,sales_channel_id\n2020-09-20,00ab,0663713001,0.05,2\n")
    assert table.column_names == ["user_id", "item_id", "weight", "timestamp", "price", "sales_channel_id"]
    assert table.to_pylist()[0]["item_id"] == "0663713001"
    assert table.to_pylist()[0]["weight"] == 1.0
    assert not has_ratings(table)


def test_a_file_without_a_header_says_so_and_can_be_read(tmp_path: Path) -> None:
    text = "196\t242\t3\t881250949\n186\t302\t3\t891717742\n"
    with pytest.raises(InputError, match="no header: its first line is 196, 242, 3, 881250949") as refused:
        read(tmp_path, text)
    assert "--no-header" in str(refused.value.fix)
    table = read(tmp_path, text, Columns(header=False))
    assert table["user_id"].to_pylist() == ["196", "186"]
    assert table["item_id"].to_pylist() == ["242", "302"]
    assert has_ratings(table)
    assert read(tmp_path, text.replace("\t", "::"), Columns(header=False)).equals(table)


def test_two_columns_without_a_header(tmp_path: Path) -> None:
    table = read(tmp_path, "01,5\n02,6\n", Columns(header=False))
    assert table.to_pylist()[0] == {"user_id": "01", "item_id": "5", "weight": 1.0}


def test_columns_can_be_named_and_ids_stay_text(tmp_path: Path) -> None:
    columns = Columns(user="who", item="what", weight="much", time="when", event="did")
    table = read(tmp_path, "who,what,much,when,did\n007,01,2,1600560000,buy\n", columns)
    assert table.to_pylist() == [{**FIRST, "item_id": "01", "weight": 2.0, "event": "buy"}]


def test_none_leaves_a_column_as_it_is(tmp_path: Path) -> None:
    table = read(tmp_path, "user,item,rating,date\n1,2,5,soon\n", Columns(weight="none", time="none"))
    assert table.to_pylist() == [{"user_id": "1", "item_id": "2", "weight": 1.0, "rating": 5, "date": "soon"}]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (Columns(user="nobody"), "no column 'nobody'"),
        (Columns(user="item", item="item"), "given for two roles"),
        (Columns(user="rating"), "has both 'rating' and 'user_id'"),
    ],
)
def test_columns_that_contradict(tmp_path: Path, columns: Columns, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(tmp_path, "user_id,item,rating,weight\n1,2,5,1\n", columns)


def test_an_id_in_a_log_numbers_its_rows(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column of items") as refused:
        read(tmp_path, "id,user_id,thing\n1,2,3\n")
    assert refused.value.fix == "name it with --item-column COLUMN"


@pytest.mark.parametrize("first", ["user", "item", "name"])
def test_a_matrix_is_recognised(tmp_path: Path, first: str) -> None:
    header = ",".join([first, *(str(n) for n in range(30))])
    with pytest.raises(InputError, match="looks like a matrix, with one row per") as refused:
        read(tmp_path, f"{header}\n1,{',' * 29}5\n")
    assert f"unpivot(index='{first}'" in str(refused.value.fix)


def test_a_small_matrix_with_names_is_recognised_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one row per item and one column per user"):
        read(tmp_path, "item,ann,bob,cy,di,ed\nx,5,,3,4,1\ny,,2,,5,\n")


def test_a_matrix_whose_index_has_no_name_is_given_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one row per user and one column per item") as refused:
        read(tmp_path, ",bag,hat,mug,tee,cap\nann,5,,3,4,1\nbob,,2,,5,\n")
    assert "df.rename({'': 'user'}).unpivot(index='user', variable_name='item'" in str(refused.value.fix)


@pytest.mark.parametrize("first", [",".join(map(str, range(30))), ",".join(f"column_{n}" for n in range(30)), ""])
def test_a_transposed_log_is_recognised(tmp_path: Path, first: str) -> None:
    users = ",".join(f"u{n % 7}" for n in range(30))
    items = ",".join(f"i{n}" for n in range(30))
    header = f",{first}\nuser_id,{users}" if first else f"user_id,{users}"
    with pytest.raises(InputError, match="looks transposed, with one column per interaction") as refused:
        read(tmp_path, f"{header}\nitem_id,{items}\n")
    assert ".T.to_csv(" in str(refused.value.fix)
    assert ("header=None" in str(refused.value.fix)) == (not first)  # else its first line is a header


@pytest.mark.parametrize(("line", "way"), [("1 10 5", " --no-header"), ("user item rating", "")])
def test_columns_divided_by_spaces(tmp_path: Path, line: str, way: str) -> None:
    with pytest.raises(InputError, match="divided by spaces") as refused:
        read(tmp_path, f"{line}\n2 11 3\n")
    assert str(refused.value.fix).endswith(f"log.txt | visrec … -{way}")


def test_a_named_column_is_not_taken_for_another_thing(tmp_path: Path) -> None:
    table = read(tmp_path, "user,friend,item\n1,2,3\n", Columns(user="friend", item="user"))
    assert table.to_pylist() == [{"user_id": "2", "item_id": "1", "weight": 1.0, "item": "3"}]


def test_bad_rows_are_rejected_by_number_and_zeros_counted(tmp_path: Path) -> None:
    report = Report()
    text = (
        "user,item,rating,timestamp\n1,a,5,1600560000\n,b,5,1600560000\n2,,5,1600560000\n3,c,NaN,1600560000\n"
        "4,d,-1,1600560000\n5,e,inf,1600560000\n6,f,,1600560000\n7,g,0,1600560000\n8,h,5,\n9,i,4,1600560000\n"
    )
    table = read(tmp_path, text, report=report)
    assert table["user_id"].to_pylist() == ["1", "9"]
    assert [reject.reason for reject in report.rejects] == [
        "row 2: no user", "row 3: no item", "row 4: the weight is not a number", "row 5: the weight is negative",
        "row 6: the weight is not a number", "row 7: the weight is not a number", "row 9: no time that can be read",
    ]  # fmt: skip
    assert report.counts == {"rows of weight 0 left out": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user,item,rating\n", "no interactions"),
        ("user,item,rating\n1,2,-1\n1,3,-2\n", "none of its 2 rows can be used .the weight is negative: 2"),
        ("user,item,rating\n1,2,NaN\n", "none of its 1 rows"),
        ("user,item,rating\n1,2,0\n", "all weights are 0"),
        ("user,item,rating\n1,2,good\n", "holds no numbers: the first is 'good'"),
        ("user,item,timestamp\n1,2,05/06/2020\n", "05/06/2020"),
        ("title,price\nshirt,5\n", "no column of users"),
    ],
)
def test_logs_that_say_nothing(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, text)


def test_a_column_of_times_without_times_is_no_column(tmp_path: Path) -> None:
    table = open_interactions(pa.table({"user": ["1"], "item": ["2"], "timestamp": pa.nulls(1, pa.int64())}))
    assert table.column_names == ["user_id", "item_id", "weight"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow", "ndjson"])
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    table = read(tmp_path, "user,item,rating,timestamp,split\n007,1,5,1600560000.25,train\n8,2,3,1600560000,test\n")
    write_table(table, tmp_path / f"log.{ending}")
    again = open_interactions(tmp_path / f"log.{ending}")
    assert again.to_pylist() == table.to_pylist()
    assert has_ratings(again) == (ending in ("parquet", "arrow"))


def test_numbers_with_gaps_are_whole_ids() -> None:
    table = open_interactions(pa.table({"user": [1.0, None, 3.0], "item": [7, 8, 9]}))
    assert table["user_id"].to_pylist() == ["1", "3"]
    assert table["item_id"].to_pylist() == ["7", "9"]
