"""Options of train-encoder, export-encoder, eval, and the verbs that make no tables."""

from tests.options.cases import WRITES, Case, Verb
from tests.options.runner import Spy


def nothing(*_: object, **__: object) -> int:
    return 0


SMALL = "whole.csv -b file:tiny.safetensors --epochs 2 --pixels 32 --freeze all -o m.safetensors"
LABELS = f"{SMALL} -t labels:category"
CLICKS = f"{SMALL.replace('--freeze all', '--freeze 0')} -t clicks:log.csv"
NAMED = CLICKS.replace("log.csv", "named.csv")
LONGER = LABELS.replace("--freeze all", "--freeze 0")
TRAIN_ENCODER = Verb(LABELS, {
    "--target": Case("-t clicks:log.csv", LONGER),
    "--output": Case("-o other.safetensors"),
    "--backbone": Case("-b file:other.safetensors"),
    "--loss": Case("--loss contrast", LONGER),
    "--pixels": Case("--pixels 48"),
    "--freeze": Case("--freeze 0"),
    "--augment": Case("--augment flip"),
    "--epochs": Case("--epochs 3", f"{LABELS} --validation 0"),
    "--rate": Case("--rate 0.01"),
    "--layer-decay": Case("--layer-decay 0.2", LONGER),
    "--batch-size": Case("--batch-size 4"),
    "--split": Case("--split part"),
    "--validation": Case("--validation 0.4"),
    "--patience": Case("--patience 1", LABELS.replace("--epochs 2", "--epochs 12") + " --rate 0.5"),
    "--log": Case("--log curve.csv"),
    "--save-checkpoint": Case("--save-checkpoint c.npz"),
    "--resume": Case("--resume items.csv", code=65),
    "--seed": Case("--seed 3"),
    "--device": Case("--device cuda:99", code=2),
    "--threads": Case("--threads 3", spy=Spy("visrec_cli.stages.train_encoder:Pictures.__init__", "threads")),
    "--user-column": Case("--user-column who", NAMED),
    "--item-column": Case("--item-column which", NAMED),
    "--weight-column": Case("--weight-column much", f"{NAMED} --min-weight 3"),
    "--min-weight": Case("--min-weight 4", CLICKS),
    "--image-column": Case("--image-column other"),
    "--id-column": Case("--id-column code", CLICKS.replace("whole", "ided")),
    "--rejects": Case("--rejects r.csv"),
    "--strict": Case("--strict", LABELS.replace("whole.csv", "lost.csv"), code=1),
    "--quiet": Case("--quiet"),
})  # fmt: skip

EXPORT = "file:tiny.safetensors -o m.onnx"
SAMPLED = f"{EXPORT} --calibrate whole.csv"
EXPORT_ENCODER = Verb(EXPORT, {
    "--output": Case("-o other.onnx"),
    "--to": Case("--to torch", code=2),
    "--int8": Case("--int8", SAMPLED),
    "--calibrate": Case("--calibrate whole.csv", spy=Spy("visrec_cli.stages.export_encoder:_run", "pixels")),
    "--sample": Case("--sample 3", SAMPLED, code=65),
    "--seed": Case("--seed 3", SAMPLED, spy=Spy("visrec_cli.stages.export_encoder:_sampled", "options")),
    "--image-column": Case("--image-column title", SAMPLED, code=65),
    "--id-column": Case("--id-column title", SAMPLED.replace("whole", "ided"), code=65),
    "--quiet": Case("--quiet"),
})  # fmt: skip

TRUE = "--truth parts.arrow"
TRUTH = f"lists.arrow {TRUE}"
ALIKE = f"{TRUTH} --items vectors.arrow -m diversity@5"
CLASS = "alike.arrow --items items.csv --class category"
SHOWN = "lists.arrow --logged shown.csv"
EVAL = Verb(TRUTH, {
    "--truth": Case("--truth likes.csv", SHOWN),
    "--train": Case("--train since.csv", "lists.arrow --truth likes.csv"),
    "--items": Case("--items vectors.arrow", f"{TRUTH} -m coverage@5"),
    "--class": Case("--class category", "alike.arrow --items items.csv", before=2),
    "--column": Case("--column text_embedding", f"{ALIKE} --column image_embedding"),
    "--names": Case("--names mine"),
    "--metrics": Case("-m recall@5"),
    "--k": Case("-k 3"),
    "--min-weight": Case("--min-weight 4"),
    "--nothing-relevant": Case("--nothing-relevant zero", "lists.arrow --truth likes.csv --min-weight 5"),
    "--fold": Case("--fold 1", "lists.arrow --truth folds.arrow --fold 0"),
    "--logged": Case("--logged shown.csv"),
    "--same-place": Case("--same-place", SHOWN),
    "--clip": Case("--clip 3", SHOWN),
    "--by": Case("--by activity"),
    "--users": Case("--users ages.csv --by age", f"{TRUTH} --by activity"),
    "--baselines": Case("--baselines"),
    "--reference": Case("--reference others", "lists.arrow others.arrow --truth parts.arrow --comparisons c.csv"),
    "--fail-under": Case("--fail-under ndcg@10=0.99", code=1),
    "--fail-if-worse-than": Case("--fail-if-worse-than lists.arrow --strictly", f"others.arrow {TRUE}", code=1),
    "--strictly": Case("--strictly", f"{TRUTH} --fail-if-worse-than others.arrow -m coverage@2", code=1),
    "--html": Case("--html r.html"),
    "--figure": Case("--figure f.svg", f"{TRUTH} -k 2,5"),
    "--markdown": Case("--markdown r.md"),
    "--junit": Case("--junit r.xml"),
    "--per-user": Case("--per-user u.csv"),
    "--comparisons": Case("--comparisons c.csv", "lists.arrow others.arrow --truth parts.arrow"),
    "--resamples": Case("--resamples 5"),
    "--seed": Case("--seed 3"),
    "--user-column": Case("--user-column who", "renamed.csv --truth named.csv"),
    "--item-column": Case("--item-column which", "renamed.csv --truth named.csv"),
    "--weight-column": Case("--weight-column much", "lists.arrow --truth named.csv --min-weight 3"),
    "--time-column": Case("--time-column did", "lists.arrow --truth named.csv", code=65),
    "--no-header": Case("--no-header", "lists.arrow --truth raw-or-not.csv"),
    "--id-column": Case("--id-column code", f"{TRUTH} --items ided.csv -m coverage@5"),
    "--quiet": Case("--quiet"),
    **WRITES,
})  # fmt: skip

CONCAT = Verb("items.csv items.csv", {
    "--upsert": Case("--upsert"),
    "--delete": Case("--delete items.csv"),
    "--id-column": Case("--id-column title", "items.csv items.csv --upsert"),
    "--quiet": Case("--quiet"),
    **WRITES,
})  # fmt: skip
CHECK = Verb("vectors.arrow", {"--quiet": Case("--quiet")})
KEPT, PRUNED = "--cache kept", Spy("visrec_cli.stages.cache:prune", "max_days")
CACHE = Verb(f"prune --max-age 3 {KEPT}", {
    "--cache": Case("--cache imgs", code=65),
    "--max-size": Case("--max-size 10"),
    "--max-age": Case("--max-age 0", f"prune --max-size 2GB {KEPT}", spy=PRUNED),
    "--json": Case("--json", "info --cache kept"),
})  # fmt: skip
DRAWN = "visrec_cli.stages.demo:draw_demo"  # half a minute, and a test of its own
DEMO = Verb("shop --draw-only", {
    "--seed": Case("--seed 3", spy=Spy(DRAWN, "seed", nothing)),
    "--draw-only": Case("--draw-only", "shop", spy=Spy("visrec_cli.stages.demo:run_demo", "quiet", nothing)),
    "--force": Case("--force", spy=Spy(DRAWN, "force")),
    "--quiet": Case("--quiet"),
})  # fmt: skip
DOCTOR = Verb("", {"--json": Case("--json")})

VERBS = {
    "train-encoder": TRAIN_ENCODER, "export-encoder": EXPORT_ENCODER, "eval": EVAL, "concat": CONCAT, "check": CHECK,
    "cache": CACHE, "demo": DEMO, "doctor": DOCTOR,
}  # fmt: skip
