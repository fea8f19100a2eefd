"""Options of the verbs about logs and models."""

from tests.options.cases import WRITES, Case, Verb
from tests.options.runner import Spy


def columns(after: str = "") -> dict[str, Case]:
    """Of a log that has its columns under other names too, and of one that can be read with a header and without."""
    options = {"user": "who", "item": "which", "weight": "much", "time": "since", "event": "did"}
    found = {
        f"--{kind}-column": Case(f"--{kind}-column {name}", f"named.csv {after}") for kind, name in options.items()
    }
    return {**found, "--no-header": Case("--no-header", f"raw-or-not.csv {after}")}


ALWAYS = {
    "--rejects": Case("--rejects r.csv", "odd.csv"),
    "--strict": Case("--strict", "odd.csv", code=1),
    "--quiet": Case("--quiet"),
    **WRITES,
}

INTERACTIONS = Verb("log.csv", {
    "--items": Case("--items items.csv"),
    "--hash-users": Case("--hash-users users.key"),
    **columns(),
    "--events": Case("--events view=1,buy=5"),
    "--repeats": Case("--repeats count"),
    "--min-weight": Case("--min-weight 4"),
    "--half-life": Case("--half-life 30"),
    "--k-core": Case("--k-core 6"),
    "--id-column": Case("--id-column code", "log.csv --items ided.csv"),
    **ALWAYS,
})  # fmt: skip

SPLIT = Verb("log.csv", {
    "--by": Case("--by last"),
    "--test": Case("--test 0.4"),
    "--validation": Case("--validation 0.2"),
    "--folds": Case("--folds 3"),
    "--cut": Case("--cut 2024-01-01", "log.csv --by global-time"),
    "--group": Case("--group duplicate_of --items items.csv"),
    "--items": Case("--items dear.csv", "log.csv --group category --items items.csv", code=2),
    "--seed": Case("--seed 3"),
    "--files": Case("--files parts"),
    "--replace": Case("--replace --seed 2", "parts.arrow --replace"),
    **columns(),
    "--id-column": Case("--id-column code", "log.csv --group category --items ided.csv"),
    **ALWAYS,
})  # fmt: skip

ALS = "log.csv -m als -s embedding_size=4,epochs=4"
HYBRID = "log.csv -m hybrid --items vectors.arrow -s embedding_size=4,epochs=3,trials=1"
TRAIN_CF = Verb(ALS, {
    "--model": Case("-m item-knn", "log.csv -m popularity"),
    "--items": Case("--items items.csv"),
    "--set": Case("-s reg=0.3"),
    "--models": Case("--models"),
    "--column": Case("--column more_embedding", f"{HYBRID} --column image_embedding"),
    "--tune": Case("--tune 2", "likes.csv -m item-knn"),
    "--fit-on": Case("--fit-on train"),
    "--validation": Case("--validation 0.3"),
    "--metric": Case("--metric recall@5"),
    "--patience": Case("--patience 1", "log.csv -m bpr -s embedding_size=4,epochs=40"),
    "--refit": Case("--no-refit"),
    "--fold": Case("--fold 1", "folds.arrow -m item-knn --fold 0"),
    "--log": Case("--log curve.csv"),
    "--save-checkpoint": Case("--save-checkpoint c.npz"),
    "--resume": Case("--resume half.npz", "log.csv -m als -s embedding_size=4"),
    "--private": Case(
        "--private epsilon=8", "log.csv -m two-tower --items vectors.arrow -s embedding_size=4,epochs=1,batch_size=16"
    ),
    "--seed": Case("--seed 3"),
    "--device": Case("--device cuda:99", code=2),
    **columns("-m item-knn"),
    "--min-weight": Case("--min-weight 4"),
    "--events": Case("--events view=1,buy=5"),
    "--repeats": Case("--repeats count"),
    "--half-life": Case("--half-life 30"),
    "--k-core": Case("--k-core 6"),
    "--id-column": Case("--id-column code", "log.csv -m item-knn --items ided.csv"),
    **ALWAYS,
    "--rejects": Case("--rejects r.csv", "odd.csv -m item-knn"),
    "--strict": Case("--strict", "odd.csv -m item-knn", code=1),
})  # fmt: skip

PROFILE = Verb("log.csv --user u1 --items vectors.arrow", {
    "--user": Case("--user u2"),
    "--items": Case("--items vectors.arrow", "log.csv --user u1"),
    "--category": Case("--category title"),
    "--column": Case("--column text_embedding", "log.csv --user u1 --items vectors.arrow --column image_embedding"),
    "--html": Case("--html x.html"),
    "--title": Case("--title Mine", "log.csv --user u1 --items vectors.arrow --html x.html"),
    "--min-weight": Case("--min-weight 4"),
    "--events": Case("--events buy=5"),
    "--repeats": Case("--repeats count", "log.csv --user u1 --min-weight 2", code=2),
    **columns("--user u1 --items vectors.arrow"),
    "--user-column": Case("--user-column who", "named.csv --user u1", code=2),  # in which nobody is called so
    "--event-column": Case("--event-column did --events see=1", "named.csv --user u2"),
    "--no-header": Case("--no-header", "raw-or-not.csv --user u1"),
    "--seed": Case("--seed 3", "log.csv --user u40 --items vectors.arrow"),
    **ALWAYS,
    "--rejects": Case("--rejects r.csv", "odd.csv --user u1"),
    "--strict": Case("--strict", "odd.csv --user u1", code=1),
})  # fmt: skip

ITEM = "vectors.arrow --column image_embedding --item disc-red-0"
USER = "als.arrow --user u3"
KEEPS = Spy("visrec_cli.stages.recommend.items.query_pictures:CacheLookup.__init__", "cache")
PICTURE = "looks.arrow --image imgs/disc-blue-0.png"
NEW = "als.arrow --user u3 --user stranger"
RECOMMEND = Verb(USER, {
    "--item": Case("--item disc-blue-0", ITEM),
    "--image": Case("--image imgs/disc-blue-0.png", "looks.arrow --item disc-red-0"),
    "--text": Case("--text red", "words.arrow --item disc-red-0"),
    "--texts": Case("--texts asked.txt", "words.arrow --item disc-red-0"),
    "--like": Case("--like disc-blue-0", ITEM),
    "--unlike": Case("--unlike square-red-0", f"{ITEM} --like disc-blue-0"),
    "--all": Case("--all", "vectors.arrow --column image_embedding", before=2),
    "--group-by": Case("--group-by title --min-items 1", "vectors.arrow --column image_embedding --all"),
    "--group": Case("--group blue", "vectors.arrow --column image_embedding --group-by category --group red"),
    "--min-items": Case("--min-items 1", "vectors.arrow --column image_embedding --group-by price --all", before=65),
    "--user": Case("--user u4"),
    "--users": Case("--users team.txt"),
    "--all-users": Case("--all-users", "als.arrow", before=2),
    "--session": Case("--session disc-red-0,disc-red-1", "als.arrow --session disc-blue-0"),
    "--sessions": Case("--sessions sessions.txt", "als.arrow", before=2),
    "--follow": Case("--follow", "als.arrow", stdin="events.ndjson", before=2),
    "-k": Case("-k 3"),
    "--where": Case('--where price<5'),
    "--diversity": Case("--diversity 0.9"),
    "--columns": Case("--columns title"),
    "--include-seen": Case("--include-seen"),
    "--repeat": Case("--repeat"),
    "--allow": Case("--allow few.txt"),
    "--deny": Case("--deny few.txt"),
    "--items": Case("--items dear.csv"),
    "--new-items": Case("--new-items newer.arrow", "content.arrow --user u3"),
    "--history": Case("--history since.csv"),
    "--explain": Case("--explain"),
    "--show-history": Case("--show-history 3"),
    "--no-fallback": Case("--no-fallback", NEW),
    "--blend": Case("--blend als=0.1,item-knn=0.9", "als.arrow knn.arrow --user u3"),
    "--blend-by": Case("--blend-by rank", "als.arrow knn.arrow --user u3"),
    "--mix": Case("--mix", f"{ITEM} --item disc-blue-0"),
    "--keep-duplicates": Case("--keep-duplicates", ITEM),
    "--same-above": Case("--same-above 0.5", ITEM),
    "--column": Case("--column text_embedding", "vectors.arrow --item disc-red-0"),
    "--index": Case("--index annoy", ITEM),
    "--trees": Case("--trees 3", f"{ITEM} --index annoy"),
    "--search-k": Case("--search-k 77", f"{ITEM} --index annoy"),
    "--nlist": Case("--nlist 3", f"{ITEM} --index faiss"),
    "--nprobe": Case("--nprobe 2", f"{ITEM} --index faiss --nlist 3"),
    "--cache": Case("--cache kept", PICTURE),
    "--no-cache": Case("--no-cache", PICTURE, spy=KEEPS),
    "--id-column": Case("--id-column code", "ided.arrow --all"),
    "--ids": Case("--ids ids.txt", "image.npy --all", before=2),
    "--row-ids": Case("--row-ids", "image.npy --all", before=2),
    "--rejects": Case("--rejects r.csv", f"{NEW} --no-fallback"),
    "--strict": Case("--strict", f"{NEW} --no-fallback", code=1),
    "--quiet": Case("--quiet"),
    **WRITES,
})  # fmt: skip

VERBS = {
    "interactions": INTERACTIONS, "split": SPLIT, "train-cf": TRAIN_CF, "profile": PROFILE, "recommend": RECOMMEND,
}  # fmt: skip
