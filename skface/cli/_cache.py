"""``skface cache``."""

import os
from dataclasses import asdict

from skface.cli._shared import as_json, cache_dir, counted
from skface.cli._streams import write_out
from skface.exceptions import ParameterError
from skface.features import FeatureStore

_ACTION_OF = {
    "specifications": "prune",
    "keep": "prune",
    "all": "prune",
    "delete": "verify",
}


def run(args):
    """Show, check or prune the store; return 1 where rows are damaged."""
    for name, action in _ACTION_OF.items():
        if getattr(args, name) and args.action != action:
            raise ParameterError(f"cache {args.action}: {name} is for cache {action}")
    place = str(cache_dir(args))
    if not os.path.isdir(place):
        _write(args, f"{place}: nothing yet", {"path": place, "n_rows": 0})
        return 0
    store = FeatureStore(place)
    if args.action == "info":
        info = store.info()
        _write(args, info, asdict(info))
    elif args.action == "verify":
        found = store.verify(delete=args.delete)
        _write(args, found, asdict(found))
        return int(bool(found.bad))
    else:
        n_rows = _prune(store, args)
        _write(args, f"{counted(n_rows, 'row')} removed", {"n_removed": n_rows})
    return 0


def _prune(store, args):
    if args.all:
        n_rows = len(store)
        store.clear()
        return n_rows
    if not (args.specifications or args.keep):
        raise ParameterError(
            "cache prune: name specifications, as `skface cache info` prints them, or "
            "give --keep or --all"
        )
    return store.prune(args.specifications or None, keep=args.keep)


def _write(args, text, value):
    write_out(as_json(value) if args.json else str(text))
