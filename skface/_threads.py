"""Work done in a thread while the caller does its own."""

from concurrent.futures import ThreadPoolExecutor


def read_ahead(read, items):
    """``map(read, items)``, one item ahead of the caller.

    Parameters
    ----------
    read : callable
    items : iterable

    Yields
    ------
    object
        What `read` gave; an exception of it is raised here, in its turn.
    """
    items = iter(items)
    with ThreadPoolExecutor(1) as reader:
        upcoming = None
        for item in items:
            current, upcoming = upcoming, reader.submit(read, item)
            if current is not None:
                yield current.result()
        if upcoming is not None:
            yield upcoming.result()
