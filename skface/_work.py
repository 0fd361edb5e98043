"""Long work: threads, bars, and the few that stand for many."""

import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import Condition, Event, Lock

import joblib
import numpy as np
from tqdm.auto import tqdm

_has_a_bar = ContextVar("_has_a_bar", default=False)


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


def each_in_threads(function, items, caught=(), progress=None):
    """``function(index, item)`` for every item, in as many threads as there are cores.

    Parameters
    ----------
    function : callable
    items : iterable
    caught : tuple of exception classes, default=()
        What is collected, and does not keep the other items from their turn.
    progress : tqdm, default=None

    Returns
    -------
    list of exceptions
        Those caught, in the order of their items.
    """
    failures = []
    waiting, taking, stopped = enumerate(items), Lock(), Event()

    def work():
        while not stopped.is_set():
            with taking:
                item = next(waiting, None)
            if item is None:
                break
            try:
                function(*item)
            except caught as error:
                failures.append((item[0], error))
            if progress is not None:
                progress.update()

    # A task an item would be shorter, but an interrupt while tasks are handed out can
    # leave a lock of the pool taken for ever.
    n_threads = joblib.cpu_count()
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            for worker in [pool.submit(work) for _ in range(n_threads)]:
                worker.result()
        finally:
            stopped.set()  # after an interrupt no other item is begun
    return [error for _, error in sorted(failures, key=lambda failure: failure[0])]


class Share:
    """So much of something, in all threads together; whoever wants more waits.

    Parameters
    ----------
    total : int
        One alone may take all of it, however much it asks for.
    """

    def __init__(self, total):
        self._total = self._left = total
        self._changed = Condition()

    @contextlib.contextmanager
    def taken(self, amount):
        """As long as the context lasts; who holds some may not ask for more."""
        amount = min(amount, self._total)
        with self._changed:
            self._changed.wait_for(lambda: amount <= self._left)
            self._left -= amount
        try:
            yield
        finally:
            with self._changed:
                self._left += amount
                self._changed.notify_all()


def progress_bar(total, what, verbose, **options):
    """A bar on ``sys.stderr``, where that is wanted and there is one."""
    hidden = not verbose or sys.stderr is None or _has_a_bar.get()
    return tqdm(total=total, desc=what, disable=hidden, **options)


@contextlib.contextmanager
def part_of_a_bar():
    """Work for which somebody else shows a bar: those within are hidden."""
    token = _has_a_bar.set(True)
    try:
        yield
    finally:
        _has_a_bar.reset(token)


def evenly(n, most):
    """Indices of `most` among n, spread evenly; of all where there are not as many."""
    return np.linspace(0, n - 1, min(n, most)).astype(int)
