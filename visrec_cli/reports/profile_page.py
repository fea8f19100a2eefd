"""Taste profiles as one HTML file: prototypes with pictures, categories, change, latest items."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from visrec_cli.reports.html_page import render
from visrec_cli.reports.thumbnails import Thumbnail


@dataclass(frozen=True)
class ProfilePicture:
    """One item. note: a word below its title, such as when it was liked."""

    title: str
    thumbnail: Thumbnail | None
    note: str = ""


@dataclass(frozen=True)
class Looks:
    """A prototype: the item in the middle first. facts: what is told beside it, a few words each."""

    pictures: tuple[ProfilePicture, ...]
    facts: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True)
class CategoryShare:
    """A category. share, everyone: 0 to 1. lift: "1.8 ×". change: in words, empty for none."""

    name: str
    n: int
    share: float
    everyone: float
    lift: str
    sure: str | None
    change: str
    way: str | None


@dataclass(frozen=True)
class Profile:
    """All of one user. meta: a few words each. change: sentences. notes: what cannot be said."""

    user: str
    meta: tuple[str, ...]
    prototypes: tuple[Looks, ...]
    kinds: tuple[CategoryShare, ...]
    other_kinds: int
    change: tuple[str, ...]
    latest: tuple[ProfilePicture, ...]
    notes: tuple[str, ...]


def profile_page(profiles: Sequence[Profile], *, title: str, meta: Sequence[str]) -> str:
    """The HTML."""
    every = [picture for one in profiles for looks in one.prototypes for picture in looks.pictures]
    every += [picture for one in profiles for picture in one.latest]
    shapes = [one.thumbnail.width / one.thumbnail.height for one in every if one.thumbnail]
    return render(
        "profile",
        profiles=profiles,
        title=title,
        meta=meta,
        widest=max((max(kind.share, kind.everyone) for one in profiles for kind in one.kinds), default=1.0) or 1.0,
        aspect=min(max(median(shapes), 0.67), 1.4) if shapes else 1.0,
    )
