"""One file per verb: tables in, tables out."""
