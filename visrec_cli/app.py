"""The Typer application, and ``main``: the only place that turns an exception into a message and an exit code."""

import errno
import os
import sys
from typing import Annotated

import typer

from visrec_cli import __version__
from visrec_cli.commands.lazy_commands import VERBS, Stopped, VerbGroup
from visrec_cli.errors import MissingInputError, OutputError, VisrecError
from visrec_cli.runtime.command_line import command_line
from visrec_cli.runtime.standard_streams import make_whole, output_is_closed
from visrec_cli.runtime.startup import claim

_FULL = ("failed to map segment", "annot allocate memory")  # what glibc says where a library finds no room
_TRANSFER = {
    errno.ENOSPC: "free some space and run the command again",
    errno.EDQUOT: "free some space and run the command again",
    errno.EFBIG: "use a file system that allows larger files, or raise ulimit -f",
    errno.EIO: "check the disk or the network share",
}
REPORT_TO = "https://github.com/visrec/visrec-cli/issues"

app = typer.Typer(
    name="visrec",
    cls=VerbGroup,
    help=(
        "A Unix toolbox for visual recommendation: from pictures, texts and interactions to recommendations.\n\n"
        "Commands read and write Arrow tables and are joined by pipes:\n\n"
        "    visrec embed-images ./imgs | visrec fuse -o catalogue.arrow\n\n"
        "    visrec recommend catalogue.arrow --image query.jpg -k 10\n\n"
        "Start with: visrec demo"
    ),
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"visrec {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    if debug:
        os.environ["VISREC_DEBUG"] = "1"


def main() -> None:
    """Run the command line and exit with the code that the contract gives (docs/errors.md)."""
    make_whole()
    claim()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line in this process and return its exit code."""
    try:
        try:
            code = app(args=arguments, standalone_mode=False)  # an int if a command raised typer.Exit
        finally:
            _say_skipped()
            sys.stdout.flush()
    except BaseException as error:
        return _code_of(error)
    return code if isinstance(code, int) else 0


def _code_of(error: BaseException) -> int:
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    stopped = error.code if isinstance(error, Stopped) else 141 if isinstance(error, BrokenPipeError) else None
    if stopped == 141 or (isinstance(error, OSError) and not isinstance(error, MissingInputError | OutputError)):
        # The rest of stdout cannot be written, and Python would report that again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if stopped == 130 or isinstance(error, KeyboardInterrupt | typer.Abort):
        print("visrec: interrupted", file=sys.stderr)
        return 130
    if stopped is not None:
        return stopped  # the reader closed the pipe
    if os.environ.get("VISREC_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, VisrecError):
        _complain(error.what, command_line().suited(error.ways) if error.ways else error.fix)
        return error.exit_code
    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):  # click's own usage errors
        if not sys.argv[1:]:
            print(error.format_message(), file=sys.stderr)  # visrec alone: the help is the answer
            return 2
        hint = f"visrec {_verb_named()} --help".replace("  ", " ")
        _complain(error.format_message(), f"see '{hint}'")
        return 2
    if _out_of_memory(error):
        fewer = "fewer items at once, or a machine with more"
        ways = (f"a smaller --batch-size, {fewer}", fewer)
        _complain("out of memory", command_line().suited(ways))
        return 71
    if isinstance(error, OSError) and error.errno == errno.EBADF and output_is_closed():
        _complain(
            "cannot write stdout: it is closed",
            command_line().suited(("-o FILE, or leave stdout open", "leave stdout open")),
        )
        return 73
    if isinstance(error, OSError) and error.errno in _TRANSFER:
        where = f" ({error.filename})" if error.filename else ""
        _complain(f"reading or writing failed: {error.strerror}{where}", _TRANSFER[error.errno])
        return 74
    plugins = sys.modules.get("visrec_cli.plugins")
    owner = plugins.owner(error) if plugins else None
    _complain(
        f"a bug in {owner or 'visrec'}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
        f"please report it with the output of 'visrec --debug …': {'to its authors' if owner else REPORT_TO}",
    )
    return 70


def _out_of_memory(error: BaseException) -> bool:
    """Whether memory, or room for addresses, ran out: also where a library could not be loaded for that."""
    if isinstance(error, ImportError):
        return any(words in str(error) for words in _FULL)
    return isinstance(error, MemoryError)


def _say_skipped() -> None:
    """Name the plug-ins that were skipped because they cannot be used."""
    plugins = sys.modules.get("visrec_cli.plugins")  # imported where some were looked for
    for note in plugins.skipped if plugins else ():
        from visrec_cli.runtime.display import printable, shortened

        print(f"visrec: note: {printable(shortened(note))}", file=sys.stderr)


def _verb_named() -> str:
    """The verb on this command line, or an empty string."""
    return next((word for word in sys.argv[1:] if word in VERBS), "")


def _complain(what: str, fix: str | None) -> None:
    from visrec_cli.runtime.display import printable, shortened

    print(f"visrec: error: {printable(shortened(what))}", file=sys.stderr)
    if fix:
        print(f"  fix: {printable(shortened(fix))}", file=sys.stderr)
