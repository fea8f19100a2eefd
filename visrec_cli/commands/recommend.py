"""``visrec recommend``."""

from typing import TYPE_CHECKING, Annotated

import typer

from visrec_cli.commands.options import Format, IdColumn, Output, Quiet, Rejects, Strict, Table
from visrec_cli.runtime.reporting import Report

if TYPE_CHECKING:
    import pyarrow as pa


def command(
    table: Table = "-",
    item: Annotated[
        list[str] | None, typer.Option("--item", metavar="ID", help="Items like this one. Repeat for more queries.")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image", metavar="FILE", help="Items like this picture; a folder or archive of them; - is stdin."
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option("--text", metavar="WORDS", help="Items that fit these words, where the space has a text side."),
    ] = None,
    like: Annotated[
        list[str] | None, typer.Option("--like", metavar="ID", help="One query of all likes and unlikes together.")
    ] = None,
    unlike: Annotated[
        list[str] | None, typer.Option("--unlike", metavar="ID", help="Away from this item; goes with --like.")
    ] = None,
    all_items: Annotated[bool, typer.Option("--all", help="Similar items for every item.")] = False,
    mix: Annotated[
        bool, typer.Option("--mix", help="Make one query of all that is asked, by reciprocal rank fusion.")
    ] = False,
    k: Annotated[int, typer.Option("-k", min=1, help="How many items per query.")] = 10,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="SQL", help="Only items that pass, as \"price < 50 and category = 'shoes'\"."),
    ] = None,
    diversity: Annotated[
        float,
        typer.Option("--diversity", min=0.0, max=1.0, help="0: only similarity; up to 1: answers unlike each other."),
    ] = 0.0,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Show near-duplicates of the query and of other answers too.")
    ] = False,
    same_above: Annotated[
        float, typer.Option("--same-above", metavar="COSINE", help="From which cosine on items are near-duplicates.")
    ] = 0.98,
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="The embedding column to search, if there are several."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B", help="Item columns to pass on (default: all).")
    ] = None,
    index: Annotated[
        str, typer.Option("--index", help="exact; annoy or faiss (extras) for very large catalogues.")
    ] = "exact",
    trees: Annotated[int | None, typer.Option("--trees", min=1, help="annoy: number of trees (50).")] = None,
    search_k: Annotated[
        int | None,
        typer.Option("--search-k", min=1, help="annoy: nodes looked at per query (raised until recall is .95)."),
    ] = None,
    nlist: Annotated[int | None, typer.Option("--nlist", min=1, help="faiss: number of cells (4 √items).")] = None,
    nprobe: Annotated[
        int | None, typer.Option("--nprobe", min=1, help="faiss: cells visited per query (raised until recall is .95).")
    ] = None,
    id_column: IdColumn = None,
    ids: Annotated[
        str | None, typer.Option("--ids", metavar="FILE", help="Ids of an NPY matrix, one per line.")
    ] = None,
    row_ids: Annotated[bool, typer.Option("--row-ids", help="Call the rows of an NPY matrix 0, 1, 2 …")] = False,
    output: Output = "-",
    format: Format = None,
    rejects: Rejects = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Find the items most similar to an item, a picture, a sentence or a taste.

    Each --item, --image and --text is a query of its own; --like and --unlike together are one (the mean of what is
    liked minus half the mean of what is not); --mix makes one query of everything. Scores are cosines (with --mix,
    rank fusion's). What is asked about is never an answer, and near-duplicates are shown once.

    Examples:

        visrec recommend table.arrow --item 1164 -k 5

        visrec recommend table.arrow --image query.jpg --where "price < 50"

        visrec recommend table.arrow --like 1164 --like 1525 --unlike 1546

        visrec embed-images ./imgs | visrec recommend --all -o similar.parquet
    """
    from visrec_cli.commands.running import run_stage

    def stage(report: Report) -> "pa.RecordBatchReader":
        from visrec_cli.stages.recommend import recommend

        return recommend(
            table,
            items=item or (),
            images=image or (),
            texts=text or (),
            like=like or (),
            unlike=unlike or (),
            all_items=all_items,
            mix=mix,
            k=k,
            where=where,
            column=column,
            columns=None if columns is None else [name.strip() for name in columns.split(",") if name.strip()],
            diversity=diversity,
            keep_duplicates=keep_duplicates,
            same_above=same_above,
            index=index,
            trees=trees,
            search_k=search_k,
            nlist=nlist,
            nprobe=nprobe,
            id_column=id_column,
            ids=ids,
            row_ids=row_ids,
            report=report,
        )

    run_stage(stage, output=output, format=format, rejects=rejects, strict=strict, quiet=quiet, noun="recommendations")
