"""Items that look like a given one and cost less: visrec's stages with polars between them.

python examples/cheaper_lookalikes.py ./imgs items.csv ITEM [ENCODER]
"""

import sys

import polars as pl

import visrec_cli as visrec


def main(pictures: str, items: str, item: str, encoder: str = "lite0") -> None:
    table = visrec.embed_images(visrec.preprocess(pictures, items=items), encoder=encoder).read_all()
    # polars in between: the embedding column keeps its space through a filter or a join
    frame = pl.DataFrame(pl.from_arrow(table))
    price = frame.row(by_predicate=pl.col("item_id") == item, named=True)["price"]
    cheaper = frame.filter((pl.col("price") < price) | (pl.col("item_id") == item))
    answers = visrec.recommend(cheaper, items=[item], k=5, columns=["title", "price"]).read_all()
    print(pl.DataFrame(pl.from_arrow(answers)).select("rank", "item_id", "title", "price", "score"))


if __name__ == "__main__":
    main(*sys.argv[1:])
