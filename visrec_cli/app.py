"""The Typer application, and ``main``: the only place that turns an exception into a message and an exit code."""
