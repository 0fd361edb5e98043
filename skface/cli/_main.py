"""From the command line to an exit status."""

import contextlib
import os
import sys
import warnings
from importlib import import_module

from skface.cli._parser import build_parser
from skface.cli._streams import standard_streams, tell
from skface.exceptions import SkfaceError, SkfaceWarning

_INTERRUPTED = 130  # 128 + SIGINT, as shells count


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, default=None
        Without the command's own name; those of the process without it.

    Returns
    -------
    int
        The exit status: 0; 1 after an error, which is said in a line; 130 after an
        interrupt. Wrong usage exits with 2 at once, as argparse does.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    with standard_streams():
        args = build_parser().parse_args(arguments)
        args.arguments = arguments
        return _run(args)


def _run(args):
    try:
        with _warnings_in_a_line():
            return import_module(f"skface.cli._{args.command}").run(args) or 0
    except KeyboardInterrupt:
        tell("skface: interrupted")
        return _INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (SkfaceError, ImportError, OSError) as error:
        if args.traceback:
            raise
        tell(f"skface: error: {_in_a_line(error)}")
        return 1


@contextlib.contextmanager
def _warnings_in_a_line():
    def show(message, category, filename, lineno, file=None, line=None):
        if issubclass(category, SkfaceWarning):
            tell(f"skface: warning: {_in_a_line(message)}")
        else:
            shown(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        shown, warnings.showwarning = warnings.showwarning, show
        yield


def _in_a_line(text):
    return " ".join(line.strip() for line in str(text).splitlines())
