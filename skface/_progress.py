"""Bars of long work."""

import sys

from tqdm.auto import tqdm


def progress_bar(total, what, verbose, **options):
    """A bar on ``sys.stderr``, where that is wanted and there is one."""
    hidden = not verbose or sys.stderr is None
    return tqdm(total=total, desc=what, disable=hidden, **options)
