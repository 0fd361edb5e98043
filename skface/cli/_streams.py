"""The standard output and error, which take any text; no import that takes time."""

import contextlib
import io
import json
import os
import re
import sys
import warnings

from skface.exceptions import SkfaceWarning

# What moves a terminal's cursor, or turns the direction of text.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@contextlib.contextmanager
def standard_streams():
    """Nothing in the place of those that there are not, as under pythonw."""
    with contextlib.ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        if sys.stdout is None:
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        if sys.stderr is None:
            stack.enter_context(contextlib.redirect_stderr(nowhere))
        yield


def tell(text):
    """A line on the standard error, if anybody is there to read it."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr is not None:  # or `print` takes the standard output
            print(printable(text), file=sys.stderr, flush=True)


def write_out(text):
    """Text to the standard output, with file names as the system has them.

    What its encoding cannot say is written as escapes, with a warning; on a terminal,
    control characters are too.
    """
    text = text if text.endswith("\n") else f"{text}\n"
    if sys.stdout.isatty():
        text = "\n".join(map(printable, text.split("\n")))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    said = _said_in(encoding, text)
    sys.stdout.write(said)
    sys.stdout.flush()
    if said != text:
        warnings.warn(
            f"the standard output takes {encoding}, which lacks characters of the "
            r"text: they are written as escapes, such as \u65e5; set "
            "PYTHONIOENCODING=utf-8, or write to a file by --output",
            SkfaceWarning,
            stacklevel=2,
        )


def printable(text):
    """A line in which no character moves the cursor."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def _said_in(encoding, text):
    """The text with escapes, as JSON has them, for what an encoding lacks."""

    def escaped(found):
        try:
            found[0].encode(encoding, "surrogateescape")
            return found[0]
        except UnicodeEncodeError:
            return json.dumps(found[0])[1:-1]

    return _BEYOND_ASCII.sub(escaped, text)
