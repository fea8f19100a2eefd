"""Options whose needs only the input, or the model that is named, can say: refused with 2, and named, never ignored."""

from pathlib import Path

import pytest

from tests.docs.options import options_of
from tests.options.other_cases import LABELS
from tests.options.runner import foreign_options, run
from visrec_cli.commands.lazy_commands import VERBS
from visrec_cli.options.requirements import NeedsInput, flag_of

LINKS = "knn.arrow --item disc-red-0"
ENCODE = "imgs -b file:tiny.safetensors -t self -o m.safetensors"
PROFILE = "als.arrow --user u1"
#: For each need of an option, in its order, a line in which it is not met.
UNMET = {
    "preprocess": {
        "--id-column": ["mess --id-column code"],
        "--several-pictures": ["mess --several-pictures"],
        "--ids": ["mess.csv --ids two.txt"],
        "--row-ids": ["mess.csv --row-ids"],
        "--follow-links": ["mess.csv --follow-links"],
        "--image-column": ["mess --items mess.csv --image-column picture"],
        "--id-from": ["mess.csv --id-from name"],
        "--require-picture": ["mess --require-picture"],
        "--keep-unlisted": ["mess.csv --keep-unlisted"],
    },
    "embed-images": {
        "--labels": ["imgs -e colour --labels 2"],
        "--image-column": ["imgs -e colour --image-column image_path"],
        "--id-column": ["imgs -e colour --id-column item_id"],
        "--several-pictures": ["imgs -e colour --several-pictures"],
        "--ids": ["items.csv -e colour --ids ids.txt"],
        "--row-ids": ["items.csv -e colour --row-ids"],
    },
    "train-encoder": {
        "--validation": [f"{LABELS.replace('whole', 'items')} --validation 0.3"],
        "--patience": [f"{LABELS} --validation 0 --patience 2"],
        "--image-column": [f"{ENCODE} --image-column image_path"],
        "--id-column": [f"{ENCODE} --id-column item_id"],
    },
    "export-encoder": {
        "--image-column": ["file:tiny.safetensors -o m.onnx --calibrate imgs --image-column image_path"],
        "--id-column": ["file:tiny.safetensors -o m.onnx --calibrate imgs --id-column item_id"],
    },
    "fuse": {"--ids": ["vectors.arrow --ids ids.txt"], "--row-ids": ["vectors.arrow text.arrow --row-ids"]},
    "interactions": {
        "--no-header": ["log.arrow --no-header"],
        "--events": ["likes.csv --events buy=3"],
        "--half-life": ["timeless.csv --half-life 3"],
    },
    "split": {"--no-header": ["parts.arrow --no-header --replace"]},
    "train-cf": {
        "--column": ["log.csv -m als --items vectors.arrow --column image_embedding"],
        "--tune": ["log.csv -m random --tune 2"],
        "--fit-on": ["log.csv -m item-knn --fit-on train"],
        "--validation": ["parts.arrow -m als --validation 0.2"],
        "--metric": ["log.csv -m item-knn --metric recall@5"],
        "--patience": ["log.csv -m item-knn --patience 3"],
        "--fold": ["log.csv -m item-knn --fold 0"],
        "--log": ["log.csv -m item-knn --log curve.csv"],
        "--save-checkpoint": ["log.csv -m item-knn --save-checkpoint c.npz"],
        "--resume": ["log.csv -m item-knn --resume half.npz"],
        "--device": ["log.csv -m item-knn --device cuda"],
        "--no-header": ["log.arrow -m item-knn --no-header"],
        "--events": ["likes.csv -m item-knn --events buy=3"],
        "--half-life": ["timeless.csv -m item-knn --half-life 3"],
    },
    "recommend": {
        "--image": ["words.arrow --image imgs/disc-red-0.png"],
        "--text": ["looks.arrow --text red"],
        "--texts": ["looks.arrow --texts asked.txt"],
        "--diversity": [f"{LINKS} --diversity 0.5"],
        "--mix": [f"{LINKS} --item disc-red-1 --mix"],
        "--keep-duplicates": ["plain-als.arrow --user u1 --keep-duplicates"],
        "--same-above": ["words.arrow --item disc-red-0 --same-above 0.9"],
        "--column": [f"{LINKS} --column image_embedding"],
        "--index": [f"{LINKS} --index annoy"],
        "--id-column": [f"{LINKS} --id-column title"],
        "--ids": ["vectors.arrow --item disc-red-0 --ids ids.txt"],
        "--row-ids": ["vectors.arrow --item disc-red-0 --row-ids"],
    },
    "profile": {
        "--min-weight": [f"{PROFILE} --min-weight 3"],
        "--events": ["likes.csv --user u1 --events buy=3", f"{PROFILE} --events buy=3"],
        "--repeats": [f"{PROFILE} --repeats sum"],
        "--user-column": [f"{PROFILE} --user-column id"],
        "--item-column": [f"{PROFILE} --item-column id"],
        "--weight-column": [f"{PROFILE} --weight-column bias"],
        "--time-column": [f"{PROFILE} --time-column none"],
        "--event-column": [f"{PROFILE} --event-column none"],
        "--no-header": ["log.arrow --user u1 --no-header", f"{PROFILE} --no-header"],
    },
    "eval": {
        "--column": ["lists.arrow --truth parts.arrow --items vectors.arrow --column image_embedding"],
        "--k": ["lists.arrow --truth parts.arrow -m ndcg@5 -k 3"],
        "--fold": ["lists.arrow --truth parts.arrow --fold 1"],
        "--figure": ["lists.arrow --truth parts.arrow --figure f.svg -m ndcg@5"],
        "--no-header": ["lists.arrow --truth parts.arrow --no-header"],
    },
    "show": {
        "--column": ["vectors.arrow --column image_embedding -o x.parquet"],
        "--ids": ["vectors.arrow --ids ids.txt"],
        "--row-ids": ["vectors.arrow --row-ids --format csv"],
    },
}  # fmt: skip
#: What needs no declaration, since it is a setting or a value.
ALSO = [
    ("eval lists.arrow --truth parts.arrow --users ages.csv --by activity", "--users"),
    ("train-cf log.csv -m hybrid --items vectors.arrow --column image_embedding -s trials=0,exposure=1", "exposure"),
    ("train-cf log.csv -m two-tower -s components=3", "components"),
    ("fuse vectors.arrow --columns image_embedding,text_embedding --method cca -s ridge=1 --seed 3", "--seed"),
    ("train-cf timeless.csv -m popularity -s half_life=3", "half_life"),
    ("train-cf log.csv -m als --save-checkpoint c.npz --tune 2 --resume c.npz", "--tune"),
]
LINES = [
    pytest.param(f"{verb} {line}", flag, id=f"{verb} {flag} {number}")
    for verb, options in UNMET.items()
    for flag, lines in options.items()
    for number, line in enumerate(lines)
]


@pytest.mark.parametrize("verb", VERBS)
def test_every_need_of_the_input_has_a_line(verb: str) -> None:
    needs = {
        flag_of(parameter): sum(isinstance(one, NeedsInput) for one in declared)
        for parameter, declared in options_of(verb)
    }
    assert {flag: len(lines) for flag, lines in UNMET.get(verb, {}).items()} == {f: n for f, n in needs.items() if n}


@pytest.mark.parametrize(("line", "flag"), [*LINES, *ALSO])
def test_it_is_refused_and_named(line: str, flag: str, desk: Path, tmp_path: Path) -> None:
    done = run(line.split(), desk, tmp_path / "run")
    assert done.code == 2, done.err
    short = {"--k": "-k"}.get(flag, flag)
    assert short in done.err
    assert "fix: " in done.err
    assert not foreign_options(line.split()[:1], done.err)
    assert not done.out
    assert not done.files
