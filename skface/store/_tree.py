"""LMDB's data file, read without LMDB.

LMDB maps the file into memory, where a damaged page, or one that is written anew
under a reader without a lock, ends Python. Here pages are read as bytes and checked.
No lock is needed: transaction N + 3 is the first that may write over a page of commit
N, and commit N + 2 before it writes over N's meta page. While the meta page is what
it was, all that was read beneath it is right.

The layout is that of LMDB 0.9 on a 64-bit machine, in the machine's byte order.
"""

import os
import struct
from bisect import bisect_left, bisect_right
from itertools import islice

from lmdb import CorruptedError

# Magic, version, size of a page; depth, number of entries, root; transaction.
_META_AT, _META = 16, struct.Struct("=II16xI44x6xH24xQQ8xQ")
_PAGE = struct.Struct("=QHHHH")
_EXTENT = struct.Struct("=QHHI")
_NODE = struct.Struct("=HHHH")
_SHORT, _LONG = struct.Struct("=H"), struct.Struct("=Q")
_MAGIC, _VERSION = 0xBEEFC0DE, 1
_BRANCH, _LEAF, _OVERFLOW = 1, 2, 4
_MAX_DEPTH = 32
_PAGE_SIZES = [2**power for power in range(8, 17)]


class Tree:
    """What the last commit left in a data file.

    Parameters
    ----------
    file : file
        Open for binary reading, unbuffered. An empty one has no keys.

    Raises
    ------
    lmdb.CorruptedError
        By this and by every method, where a page is not what it must be. If the tree
        does not hold, the file is sound, and was only written to meanwhile.
    """

    def __init__(self, file):
        self._file = file
        self._branches = {}
        self._meta_at, self._meta = _META_AT, self._read(_META_AT, _META.size)
        self.n_entries = self._depth = 0
        if self._meta:
            self._load()

    def _load(self):
        first = self._parsed(self._meta)
        self._page_size = first[2]
        if self._page_size not in _PAGE_SIZES:
            raise CorruptedError(f"a page of {self._page_size} bytes")
        at = self._page_size + _META_AT
        second = self._read(at, _META.size)
        if self._parsed(second)[-1] > first[-1]:
            self._meta_at, self._meta = at, second
        *_, self._depth, self.n_entries, self._root, _ = self._parsed(self._meta)
        if self._depth > _MAX_DEPTH:
            raise CorruptedError(f"a tree of {self._depth} levels")
        self._size = self._file.seek(0, os.SEEK_END)

    def holds(self):
        """Tell whether all that was read so far is what the commit wrote."""
        return self._read(self._meta_at, len(self._meta)) == self._meta

    def get(self, key):
        """The key's value as bytes, or None."""
        for found, page, at, size, flags in self._nodes(key):
            return self._value(page, at, size, flags) if found == key else None

    def has(self, key):
        return self.keys(key, 1) == [key]

    def keys(self, start, n_keys):
        """The first keys from `start` on."""
        return [node[0] for node in islice(self._nodes(start), n_keys)]

    def items(self):
        """Yield every key with its value."""
        for key, page, at, size, flags in self._nodes(b""):
            yield key, self._value(page, at, size, flags)

    def _nodes(self, start):
        nodes = self._beneath(self._root, self._depth, start) if self._depth else ()
        last = None
        for node in nodes:
            key = node[0]
            if key < start or (last is not None and key <= last):
                raise CorruptedError("keys out of order")
            last = key
            yield node

    def _beneath(self, number, depth, start):
        def key(index):
            return self._node(page, index)[0]

        page, n_nodes = self._page(number, _BRANCH if depth > 1 else _LEAF)
        if depth > 1:
            # The first key of a branch stands for all that come before the second.
            first = bisect_right(range(1, n_nodes), start, key=key)
            for index in range(first, n_nodes):
                _, _, child, flags = self._node(page, index)
                yield from self._beneath(child | flags << 32, depth - 1, start)
        else:
            for index in range(bisect_left(range(n_nodes), start, key=key), n_nodes):
                found, at, size, flags = self._node(page, index)
                yield found, page, at, size, flags

    def _page(self, number, kind):
        if number in self._branches:
            return self._branches[number]
        page = self._read(self._place(number), self._page_size)
        if len(page) < self._page_size:
            raise CorruptedError(f"page {number} is missing")
        own, _, flags, lower, upper = _PAGE.unpack_from(page)
        n_nodes = (lower - _PAGE.size) // 2
        if (
            own != number
            or not flags & kind
            or not _PAGE.size < lower <= upper <= self._page_size
        ):
            raise CorruptedError(f"page {number} is no page of its kind")
        if kind == _BRANCH:
            self._branches[number] = page, n_nodes
        return page, n_nodes

    def _node(self, page, index):
        (at,) = _SHORT.unpack_from(page, _PAGE.size + 2 * index)
        if at > self._page_size - _NODE.size:
            raise CorruptedError("an entry beyond its page")
        low, high, flags, key_size = _NODE.unpack_from(page, at)
        at += _NODE.size
        end = at + key_size
        if end > self._page_size:
            raise CorruptedError("a key beyond its page")
        return page[at:end], end, low | high << 16, flags

    def _value(self, page, at, size, flags):
        if flags == 0 and at + size <= self._page_size:
            return page[at : at + size]
        if flags != 1 or at + _LONG.size > self._page_size:
            raise CorruptedError("a value beyond its page")
        (number,) = _LONG.unpack_from(page, at)
        place = self._place(number)
        header = self._read(place, _EXTENT.size)
        n_pages = (_EXTENT.size - 1 + size) // self._page_size + 1
        if len(header) < _EXTENT.size:
            raise CorruptedError(f"page {number} is missing")
        own, _, flags, pages = _EXTENT.unpack(header)
        if own != number or not flags & _OVERFLOW or pages != n_pages:
            raise CorruptedError(f"page {number} does not begin this value")
        value = self._read(place + _EXTENT.size, size)
        if len(value) < size:
            raise CorruptedError(f"the end of page {number} is missing")
        return value

    def _place(self, number):
        place = number * self._page_size
        if place >= self._size:
            raise CorruptedError(f"page {number} lies beyond the end of the file")
        return place

    def _read(self, place, size):
        self._file.seek(place)
        return self._file.read(size)

    def _parsed(self, meta):
        if len(meta) < _META.size:
            raise CorruptedError("its beginning is missing")
        fields = _META.unpack(meta)
        if fields[:2] != (_MAGIC, _VERSION):
            raise CorruptedError("it is no data file of LMDB 0.9")
        return fields
