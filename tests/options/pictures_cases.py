"""Options of the verbs about pictures and vectors."""

from typing import Any

from tests.options.cases import WRITES, Case, Verb
from tests.options.runner import Spy


def first_two(linear: Any, dim: int, seed: int) -> Any:
    """Places without umap, which compiles itself for half a minute."""
    return linear[:, :dim]


UMAP = Spy("visrec_cli.fusion.layout:_umap_places", "seed", first_two)
STORED = "good --store jpeg"
THREADS = Spy("visrec_cli.images.ordered_map:ordered_map", "threads")

PREPROCESS = Verb("mess", {
    "--items": Case("--items mess.csv"),
    "--id-column": Case("--id-column code", "good --items mess.csv --keep-unlisted"),
    "--several-pictures": Case("--several-pictures", "twice.csv", before=65),
    "--ids": Case("--ids two.txt", "pixels.npy", before=2),
    "--row-ids": Case("--row-ids", "pixels.npy", before=2),
    "--image-column": Case("--image-column picture", "mess.csv"),
    "--id-from": Case("--id-from path"),
    "--null": Case("-0", "-", stdin="paths.txt", code=65),  # one path with a line break in it is no file
    "--follow-links": Case("--follow-links", "linked"),
    "--max-megapixels": Case("--max-megapixels 0.02"),
    "--store": Case("--store png"),
    "--resize": Case("--resize 16", STORED),
    "--mode": Case("--mode stretch", f"{STORED} --resize 16"),
    "--pad-colour": Case("--pad-colour red", f"{STORED} --resize 16 --mode pad"),
    "--trim": Case("--trim background", STORED),
    "--jpeg-quality": Case("--jpeg-quality 20", STORED),
    "--min-resolution": Case("--min-resolution 110"),
    "--min-sharpness": Case("--min-sharpness 100"),
    "--min-brightness": Case("--min-brightness 0.5"),
    "--max-brightness": Case("--max-brightness 0.9"),
    "--min-contrast": Case("--min-contrast 0.1"),
    "--max-clutter": Case("--max-clutter 0.1"),
    "--max-aspect": Case("--max-aspect 1.2"),
    "--flag": Case("--flag", "mess --max-aspect 1.2"),
    "--drop-duplicates": Case("--drop-duplicates near"),
    "--require-picture": Case("--require-picture", "mess --items mess.csv"),
    "--keep-unlisted": Case("--keep-unlisted", "mess --items mess.csv"),
    "--threads": Case("--threads 3", "good", spy=Spy("visrec_cli.stages.preprocess:ordered_map", "threads")),
    "--rejects": Case("--rejects r.csv"),
    "--strict": Case("--strict", code=1),
    "--quiet": Case("--quiet"),
    **WRITES,
})  # fmt: skip

COLOUR = "items.csv -e colour"
EMBED_IMAGES = Verb(COLOUR, {
    "--encoder": Case("-e lbp", "imgs -e colour"),
    "--labels": Case("--labels 2", "good -e lite0"),
    "--into": Case("--into looks"),
    "--normalise": Case("--no-normalise"),
    "--half": Case("--half"),
    "--batch-size": Case("--batch-size 5", spy=Spy("visrec_cli.stages.embed_images:Work.__init__", "size")),
    "--device": Case("--device cuda:99", "good -e lite0", code=2),
    "--precise": Case("--precise", "good -e lite0", spy=Spy("visrec_cli.encoders.factory:engine_for", "precise")),
    "--engine": Case("--engine torch", "good -e lite0", spy=Spy("visrec_cli.encoders.factory:engine_for", "engine")),
    "--ignore-profiles": Case("--ignore-profiles"),
    "--threads": Case("--threads 3", spy=Spy("visrec_cli.stages.embed_images:read_pictures", "threads")),
    "--cache": Case("--cache kept"),
    "--no-cache": Case("--no-cache", spy=Spy("visrec_cli.stages.embed_images:CacheLookup.__init__", "cache")),
    "--dry-run": Case("--dry-run"),
    "--image-column": Case("--image-column other"),
    "--id-column": Case("--id-column code", "ided.csv -e colour"),
    "--several-pictures": Case("--several-pictures", "twice.csv -e colour", before=65),
    "--ids": Case("--ids two.txt", "pixels.npy -e colour", before=2),
    "--row-ids": Case("--row-ids", "pixels.npy -e colour", before=2),
    "--rejects": Case("--rejects r.csv", "mess -e colour"),
    "--strict": Case("--strict", "mess -e colour", code=1),
    "--quiet": Case("--quiet"),
    "--output": Case("-o x.npy"),
    "--format": Case("--format ndjson"),
})  # fmt: skip

TITLES = "items.csv -c title"
EMBED_TEXT = Verb(TITLES, {
    "--columns": Case("--columns description", "items.csv"),
    "--template": Case("--template {title}.{price}", "items.csv"),
    "--encoder": Case("-e st:nobody/nothing", code=69),
    "--prefix": Case("--prefix passage:"),
    "--into": Case("--into words_embedding"),
    "--normalise": Case("--no-normalise", spy=Spy("visrec_cli.stages.embed_text:open_text_encoder", "normalise")),
    "--half": Case("--half"),
    "--batch-size": Case("--batch-size 5", spy=Spy("visrec_cli.embedding.text_run:TextWork.__init__", "size")),
    "--device": Case("--device cuda:99", code=2),
    "--precise": Case("--precise --engine onnx", f"{TITLES} --engine onnx", code=2),
    "--engine": Case("--engine openvino-bf17", code=2),
    "--threads": Case("--threads 3", spy=Spy("visrec_cli.stages.embed_text:open_text_encoder", "threads")),
    "--cache": Case("--cache items.csv", code=2),
    "--no-cache": Case("--no-cache", spy=Spy("visrec_cli.stages.embed_text:CacheLookup.__init__", "cache")),
    "--id-column": Case("--id-column code", "ided.csv -c title"),
    "--rejects": Case("--rejects r.csv"),
    "--strict": Case("--strict", "blank.csv -c title", code=1),
    "--quiet": Case("--quiet"),
    "--output": Case("-o x.npy"),
    "--format": Case("--format ndjson"),
})  # fmt: skip

TOWER = "vectors.arrow --columns image_embedding,text_embedding --method two-tower --dim 2 -s epochs=3"
FUSE = Verb("vectors.arrow", {
    "--method": Case("--method mean", "vectors.arrow --columns image_embedding"),
    "--methods": Case("--methods"),
    "--target": Case("--target clicks:log.csv", f"{TOWER.replace('two-tower', 'gated')} --target category"),
    "--set": Case("-s learning_rate=0.1", TOWER),
    "--columns": Case("--columns text_embedding,image_embedding"),
    "--weights": Case("--weights image=3"),
    "--normalise": Case("--normalise none"),
    "--missing": Case("--missing mean"),
    "--reduce": Case("--reduce pca", "vectors.arrow --columns image_embedding,more_embedding"),
    "--dim": Case("--dim 2", "vectors.arrow --columns image_embedding,more_embedding --reduce pca"),
    "--validation": Case("--validation 0.4", TOWER),
    "--patience": Case("--patience 1", TOWER.replace("epochs=3", "epochs=40")),
    "--seed": Case("--seed 3", TOWER),
    "--device": Case("--device cuda:99", TOWER, code=2),
    "--into": Case("--into both_embedding"),
    "--half": Case("--half"),
    "--ids": Case("--ids ids.txt", "image.npy", before=2),
    "--row-ids": Case("--row-ids", "image.npy", before=2),
    "--quiet": Case("--quiet"),
    "--output": Case("-o x.npy"),
    "--format": Case("--format ndjson"),
})  # fmt: skip

SHOW = Verb("vectors.arrow", {
    "--rows": Case("--rows 2"),
    "--columns": Case("--columns item_id,title"),
    "--head": Case("--head 2", "vectors.arrow --format csv"),
    "--html": Case("--html x.html", "items.csv"),
    "--map": Case("--map x.html"),
    "--layout": Case("--layout pca", "image.arrow --map x.html"),
    "--colour": Case("--colour price", "image.arrow --map x.html --layout pca"),
    "--seed": Case("--seed 3", "image.arrow --map x.html --layout umap", spy=UMAP),
    "--title": Case("--title Shop", "items.csv --html x.html"),
    "--limit": Case("--limit 3", "items.csv --html x.html"),
    "--pictures": Case("--pictures", "items.csv"),
    "--json": Case("--json"),
    "--column": Case("--column text_embedding", "vectors.arrow --map x.html --layout pca"),
    "--ids": Case("--ids ids.txt", "image.npy", before=2),
    "--row-ids": Case("--row-ids", "image.npy", before=2),
    "--quiet": Case("--quiet", "vectors.arrow -o x.csv"),
    "--output": Case("-o x.csv"),
    "--format": Case("--format ndjson"),
    "--escape-formulas": Case("--escape-formulas", "formulas.csv --format csv"),
})  # fmt: skip

VERBS = {
    "preprocess": PREPROCESS, "embed-images": EMBED_IMAGES, "embed-text": EMBED_TEXT, "fuse": FUSE, "show": SHOW,
}  # fmt: skip
