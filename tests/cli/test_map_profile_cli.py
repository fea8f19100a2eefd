"""Maps, profiles and groups as real processes: files, pipes, refusals."""

import csv
import io
import json

import pytest


@pytest.fixture
def vectors(shop, shell):
    """The shop with vectors, table.arrow, and a log: two people who like red things or blue ones, and others."""
    assert (
        shell("visrec preprocess imgs --items items.csv | visrec embed-images -e colour -o table.arrow").returncode == 0
    )
    rows = ["user_id,item_id,timestamp"]
    for at, user in enumerate(("ana", "ben", "eve")):
        colours = ("red", "blue", "green")[at : at + 2]
        liked = [f"{shape}-{colour}-{i}" for colour in colours for shape in ("square", "disc") for i in (0, 1)]
        rows += [f"{user},{item},{1_700_000_000 + 86_400 * day}" for day, item in enumerate(liked)]
    (shop / "clicks.csv").write_text("\n".join(rows) + "\n")
    return shop


def test_a_map_is_written_whole_and_the_same_again(vectors, visrec, shell) -> None:
    done = visrec("show", "table.arrow", "--map", "map.html", "--colour", "price")
    assert done.returncode == 0, done.stderr
    said = done.stderr.decode()
    assert said.startswith("visrec: 16 items · 16 pictures · ")
    assert said.rstrip().endswith("kB of pictures → map.html")
    assert done.stdout == b""
    first = (vectors / "map.html").read_bytes()
    piped = shell("cat table.arrow | visrec show --map - --colour price")
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout == first


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--map", "m.html", "--layout", "tsnee"], 2, "did you mean tsne"),
        (["--map", "m.html", "--colour", "prise"], 2, "did you mean price"),
        (["--map", "m.html", "--column", "embeding"], 2, "there is no column 'embeding'"),
        (["--map", "m.html", "--html", "h.html"], 2, "--html cannot be used with --map"),
        (["--map", "m.html", "-o", "t.csv"], 2, "--map cannot be used with --output"),
        (["--colour", "price"], 2, "--map FILE"),
        (["items.csv", "--map", "m.html"], 2, "a map shows one table"),
        (["--map", "no/such/m.html"], 73, "no/such"),
    ],
)
def test_what_a_map_cannot_be(vectors, visrec, options, code, words) -> None:
    done = visrec("show", "table.arrow", *options)
    assert done.returncode == code, done.stderr
    assert words in done.stderr.decode()
    assert not (vectors / "m.html").exists()


def test_a_table_without_vectors_has_no_map(vectors, visrec) -> None:
    done = visrec("show", "items.csv", "--map", "m.html")
    assert done.returncode == 65
    assert "embed-images" in done.stderr.decode()


def test_a_profile_is_a_table_and_a_page(vectors, visrec) -> None:
    options = ("--user", "ana", "--user", "ben", "--items", "table.arrow", "--category", "title")
    done = visrec("profile", "clicks.csv", *options, "--html", "p.html", "--format", "ndjson")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["user_id"] for row in rows if row["kind"] == "taste"] == ["ana", "ben"]
    first = [row for row in rows if row["user_id"] == "ana" and row["kind"] == "category"]
    assert {row["name"]: row["n"] for row in first} == {
        f"{colour} {shape}": 2 for colour in ("red", "blue") for shape in ("square", "disc")
    }
    page = (vectors / "p.html").read_text()
    assert "User ana" in page
    assert page.count("data:image/webp") >= 16
    assert "too few to tell whether the taste changed" in done.stderr.decode()


def test_a_model_is_profiled_through_a_pipe(vectors, shell) -> None:
    done = shell(
        "visrec train-cf clicks.csv --items table.arrow --model popularity"
        " | visrec profile --user ana --items table.arrow --format csv"
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert rows[0]["kind"] == "taste"
    assert rows[0]["n"] == "8"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("visrec profile clicks.csv", 2, "--user ID"),
        ("visrec profile clicks.csv --user anna", 2, "did you mean ana"),
        ("visrec profile clicks.csv --user ana --items table.arrow --category titel", 2, "did you mean title"),
        ("visrec profile clicks.csv --user ana --column embedding", 2, "--items TABLE"),
        ("visrec profile clicks.csv --user ana --html no/such/p.html", 73, "no/such"),
        (
            "cat clicks.csv | visrec profile - --user ana --items -",
            2,
            "stdin can be read once, and [MODEL|LOG] and --items",
        ),
        ("visrec profile gone.csv --user ana", 66, "does not exist"),
    ],
)
def test_what_a_profile_cannot_be(vectors, shell, line, code, words) -> None:
    done = shell(line)
    assert done.returncode == code, done.stderr
    assert words in done.stderr.decode()


def test_groups_flow_into_a_gallery(vectors, shell) -> None:
    done = shell(
        "visrec recommend table.arrow --group-by title --group 'red disc' --min-items 2 -k 3 -o groups.arrow"
        " && visrec show groups.arrow --html groups.html && visrec show groups.arrow --format csv"
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert rows[0]["group"] == "red square"  # by colour alone
    assert {row["query_kind"] for row in rows} == {"group"}
    assert "Groups like" in (shell("cat groups.html").stdout.decode())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--group-by title --group 'red disk' --min-items 2", "did you mean red disc"),
        ("--group-by titel --all", "did you mean title"),
        ("--group-by title --min-items 2", "no group was given"),
        ("--group 'red disc'", "add --group-by COLUMN"),
        ("--group-by title --all --item square-red-0", "--item cannot be used with --group-by"),
        ("--group-by title --all --diversity 0.5", "--diversity cannot be used with --group-by"),
    ],
)
def test_what_groups_cannot_be_asked(vectors, shell, options, words) -> None:
    done = shell(f"visrec recommend table.arrow {options}")
    assert done.returncode == 2, done.stderr
    assert words in done.stderr.decode()
