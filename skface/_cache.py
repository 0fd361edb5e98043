"""Where skface keeps what it made for later."""

import os
from pathlib import Path


def user_cache():
    """``~/.cache/skface``, or the folder that ``SKFACE_CACHE`` names."""
    return Path(os.environ.get("SKFACE_CACHE", "~/.cache/skface")).expanduser()
