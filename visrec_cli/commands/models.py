"""``visrec train-cf --models``: the recommenders, when to use each, and what can be set."""

from visrec_cli.catalogue import find, names


def show_models() -> None:
    """Print them on stdout; what is listed was asked for."""
    for name in names("recommender"):
        kind = find("recommender", name)
        needs = "  (needs --items with embeddings)" if kind.needs_content else ""
        needs += "  (needs a log with times)" if kind.needs_times else ""
        print(f"{name}: {kind.summary}{needs}")
        for knob, setting in kind.settings.items():
            print(f"    {knob}={setting.default}  {setting.help}{_range(setting)}")
        print()


def _range(setting: object) -> str:
    choices, low, high = (getattr(setting, name) for name in ("choices", "low", "high"))
    if choices:
        return f" ({', '.join(map(str, choices))})"
    return "" if low is None else f" (searched: {low:g} to {high:g})"
