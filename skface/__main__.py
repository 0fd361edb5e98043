"""``python -m skface`` and the command ``skface``."""

import sys

from skface.cli import main

if __name__ == "__main__":
    sys.exit(main())
