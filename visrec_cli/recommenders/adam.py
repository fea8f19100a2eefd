"""The steps that recommenders share with whatever else learns here."""

from visrec_cli.runtime.adam import Adam

__all__ = ["Adam"]
