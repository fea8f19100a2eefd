"""``train-cf --models`` and ``fuse --methods``: what each is for, and its settings."""

from typing import Any

from visrec_cli.registry import members
from visrec_cli.stages.fuse.layouts import PLACES


def show_models() -> None:
    """Print the recommenders and their settings on stdout."""
    for name, kind in members("recommender"):
        needs = "  (needs --items with embeddings)" if kind.needs_content else ""
        needs += "  (needs a log with times)" if kind.needs_times else ""
        print(f"{name}: {kind.summary}{needs}")
        _show_settings(kind)


def show_methods() -> None:
    """Print the methods of fusion and their settings on stdout."""
    print("concat: concatenates the columns; the default; learns nothing, and is hard to beat\n")
    print("mean: averages columns of one space; learns nothing\n")
    for name, kind in members("fuser"):
        print(f"{name}: {kind.summary}  (--target: {', '.join(kind.targets)})")
        _show_settings(kind)
    for name, summary in PLACES.items():
        print(f"{name}: {summary}\n")


def _show_settings(kind: Any) -> None:
    for knob, setting in kind.settings.items():
        print(f"    {knob}={setting.default}  {setting.help}{_range(setting)}")
    print()


def _range(setting: object) -> str:
    choices, low, high = (getattr(setting, name) for name in ("choices", "low", "high"))
    if choices:
        return f" ({', '.join(map(str, choices))})"
    of_it = ", relative to a value for the log" if getattr(setting, "auto", False) else ""
    return "" if low is None else f" (searched: {low:g} to {high:g}{of_it})"
