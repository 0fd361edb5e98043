import json
import multiprocessing
import os
import pickle
import random
import shutil
import signal
import sys
import threading
import time

import lmdb
import numpy as np
import pytest

from skface.exceptions import InputError, ParameterError, StoreError
from skface.store import FeatureStore, _environment, _generations

# One process imports what the others are born with.
METHODS = multiprocessing.get_all_start_methods()
OTHERS = multiprocessing.get_context(
    "forkserver" if "forkserver" in METHODS else "spawn"
)
PARAMETERS = {"layer": "block5_pool", "pooling": None, "n_features": 24}


def digests_of(numbers):
    return [b"%020d" % number for number in numbers]


def rows_of(numbers, n_features=24):
    numbers = np.asarray(list(numbers), np.float16)
    return np.repeat(numbers[:, np.newaxis], n_features, axis=1)


def write(store, numbers, **parameters):
    rows = store.specification({**PARAMETERS, **parameters})
    rows.write(digests_of(numbers), rows_of(numbers, rows.n_features))
    return rows


def data_file(store):
    return os.path.join(store.path, "rows-1", "data.mdb")


def flip_byte(store, row):
    """Change one byte of a row's first copy in the data file."""
    with open(data_file(store), "r+b") as file:
        content = file.read()
        file.seek(content.index(row.tobytes()))
        file.write(bytes([content[file.tell()] ^ 1]))


@pytest.fixture(scope="module", autouse=True)
def imported_once():
    OTHERS.set_forkserver_preload(["pytest", "skface.store"])


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "cache" / "features")


@pytest.fixture
def unprivileged(tmp_path_factory):
    """Run as a user whom file permissions bind; root ignores them."""
    if os.name == "nt":
        pytest.skip("file permissions of POSIX")
    if os.geteuid() != 0:
        yield
        return
    base = tmp_path_factory.getbasetemp()
    ours = ("pytest-", "popen-")  # the folders that pytest makes for root alone
    own = [each for each in (base, *base.parents) if each.name.startswith(ours)]
    modes = [(each, each.stat().st_mode) for each in own]
    for each, mode in modes:
        each.chmod(mode | 0o055)
    os.seteuid(65534)
    yield
    os.seteuid(0)
    for each, mode in modes:
        each.chmod(mode)


@pytest.fixture
def read_only_store(store, tmp_path, request):
    """Rows of a store that may be read but not written."""
    rows = write(store, range(5))
    for folder, _, names in os.walk(store.path):
        os.chmod(folder, 0o555)
        for name in names:
            os.chmod(os.path.join(folder, name), 0o444)
    tmp_path.chmod(0o755)
    request.getfixturevalue("unprivileged")
    return rows


@pytest.fixture
def unprivileged_folder(tmp_path, request):
    tmp_path.chmod(0o555)
    request.getfixturevalue("unprivileged")
    return tmp_path


def test_rows_come_back_bit_for_bit(store):
    expected = np.random.default_rng(0).normal(size=(50, 24)).astype(np.float16)
    rows = store.specification(PARAMETERS)
    rows.write(digests_of(range(50)), expected)
    order = [7, 49, 0, 7]
    np.testing.assert_array_equal(rows.read(digests_of(order)), expected[order])


def test_random_operations_agree_with_a_dict(store):
    random_state = np.random.default_rng(0)
    rows = store.specification(PARAMETERS)
    known = {}
    for _ in range(60):
        numbers = random_state.integers(0, 200, size=8)
        digests = digests_of(numbers)
        expected = [digest in known for digest in digests]
        assert rows.contains(digests).tolist() == expected
        batch = random_state.normal(size=(8, 24)).astype(np.float16)
        rows.write(digests, batch)
        for digest, row in zip(digests, batch, strict=True):
            known.setdefault(digest, row)
        np.testing.assert_array_equal(rows.read(digests), [known[d] for d in digests])
    assert len(store) == len(known)


def test_digests_may_be_an_array(store):
    rows = store.specification(PARAMETERS)
    digests = np.random.default_rng(0).integers(0, 256, (5, 32), dtype=np.uint8)
    digests[0, -1] = 0
    rows.write(digests, rows_of(range(5)))
    assert rows.contains(map(bytes, digests)).all()
    np.testing.assert_array_equal(rows.read(digests), rows_of(range(5)))


def test_a_known_row_is_kept(store):
    rows = write(store, [1])
    assert rows.write(digests_of([1, 2]), rows_of([5, 2])) == 1
    np.testing.assert_array_equal(rows.read(digests_of([1, 2])), rows_of([1, 2]))


def test_out_of_another_dtype_is_filled(store):
    out = np.empty((3, 24), np.float32)
    assert write(store, range(3)).read(digests_of(range(3)), out) is out
    np.testing.assert_array_equal(out, rows_of(range(3)))


def test_specifications_do_not_mix(store):
    first, second = write(store, [1]), write(store, [2], layer="block4_pool")
    assert first.digest != second.digest
    assert first.contains(digests_of([1, 2])).tolist() == [True, False]
    assert second.contains(digests_of([1, 2])).tolist() == [False, True]


def test_digest_ignores_the_order_of_the_parameters(store):
    reordered = dict(reversed(PARAMETERS.items()))
    digest = store.specification(PARAMETERS).digest
    assert store.specification(reordered).digest == digest


def test_a_missing_row_is_counted(store):
    with pytest.raises(StoreError, match="2 of 3 rows are missing"):
        write(store, [1]).read(digests_of([1, 2, 3]))


@pytest.mark.parametrize("n_features", [None, 0, 2.0, "3"])
def test_n_features_must_be_a_count(store, n_features):
    with pytest.raises(ParameterError, match="n_features"):
        store.specification({"n_features": n_features})


def test_a_specification_must_be_json(store):
    with pytest.raises(ParameterError, match="must be JSON"):
        store.specification({"n_features": 3, "layer": object()})


def test_rows_of_a_wrong_shape_are_refused(store):
    rows = store.specification(PARAMETERS)
    with pytest.raises(InputError, match=r"shape \(2, 24\), not \(2, 23\)"):
        rows.write(digests_of([1, 2]), rows_of([1, 2], 23))


def test_digests_of_a_wrong_dtype_are_refused(store):
    with pytest.raises(InputError, match="uint8"):
        store.specification(PARAMETERS).contains(np.zeros((2, 20)))


def test_no_digests_give_no_rows(store):
    rows = store.specification(PARAMETERS)
    assert rows.write([], np.empty((0, 24))) == 0
    assert rows.read([]).shape == (0, 24)
    assert rows.contains([]).shape == (0,)


def test_another_process_finds_the_rows(store):
    rows = write(store, range(3))
    np.testing.assert_array_equal(rows.read(digests_of([2])), rows_of([2]))


def test_pickles_by_path(store):
    rows = write(store, range(3))
    data = pickle.dumps((store, rows))
    assert len(data) < 500
    store, rows = pickle.loads(data)
    assert len(store) == 3
    np.testing.assert_array_equal(rows.read(digests_of([2])), rows_of([2]))


def test_unpickling_touches_no_disk(tmp_path):
    path = tmp_path / "moved"
    data = pickle.dumps(FeatureStore(path))
    path.rename(tmp_path / "away")
    pickle.loads(data)
    assert not path.exists()


def test_the_map_grows_with_the_rows(store, monkeypatch):
    monkeypatch.setattr(_environment, "_FIRST_MAP", 2**16)
    rows = store.specification({"n_features": 20_000})
    for start in range(0, 60, 20):
        numbers = range(start, start + 20)
        rows.write(digests_of(numbers), rows_of(numbers, 20_000))
    last = rows.read(digests_of([59]))
    np.testing.assert_array_equal(last, rows_of([59], 20_000))


def test_disk_use_follows_the_rows(store):
    write(store, range(10))
    assert store.info().n_bytes < 2**20


def test_reading_keeps_the_memory_small(store):
    rows = write(store, range(400), n_features=50_000)
    before = resident_bytes()
    out = np.empty((10, 50_000), np.float16)
    for start in range(0, 400, 10):
        rows.read(digests_of(range(start, start + 10)), out)
    assert resident_bytes() - before < 16 * 2**20


def resident_bytes():
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_threads_share_a_store(store, monkeypatch):
    monkeypatch.setattr(_environment, "_FIRST_MAP", 2**16)
    errors = []

    def work(first):
        try:
            for number in range(first, first + 20):
                rows = write(store, [number], n_features=2000)
                row = rows.read(digests_of([number]))
                np.testing.assert_array_equal(row, rows_of([number], 2000))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(20 * i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store) == 120


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_writes_too(store):
    rows = write(store, [1])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            write(store, [2])
            code = 0
        finally:
            os._exit(code)
    write(store, [3])
    assert os.waitpid(child, 0)[1] == 0
    assert rows.contains(digests_of([1, 2, 3])).all()


def write_batches(path, first, n_batches, done=None):
    store = FeatureStore(path)
    for start in range(first, first + 10 * n_batches, 10):
        write(store, range(start, start + 10), n_features=1500)
        if done is not None:
            os.write(done, b"%d\n" % start)


def test_two_processes_write_at_once(store):
    processes = [
        OTHERS.Process(target=write_batches, args=(store.path, first, 20))
        for first in (0, 100)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(store) == 300
    numbers = list(range(300))
    rows = store.specification({**PARAMETERS, "n_features": 1500})
    np.testing.assert_array_equal(
        rows.read(digests_of(numbers)), rows_of(numbers, 1500)
    )


def write_until_killed(path, first, log):
    done = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    write_batches(path, first, 1000, done)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_writers_lose_nothing_that_was_done(store, tmp_path):
    rows = store.specification({**PARAMETERS, "n_features": 1500})
    random_state = random.Random(0)
    for kill in range(3):
        logs = [tmp_path / f"{kill}-{writer}" for writer in range(2)]
        firsts = [10_000 * writer for writer in range(2)]
        writers = [
            OTHERS.Process(
                target=write_until_killed, args=(store.path, first, str(log))
            )
            for first, log in zip(firsts, logs, strict=True)
        ]
        for writer in writers:
            writer.start()
        while not all(log.exists() and log.stat().st_size for log in logs):
            time.sleep(0.001)
        time.sleep(random_state.uniform(0, 0.1))
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            writer.join()
        done = [int(line) for log in logs for line in log.read_text().split()]
        done = [number for start in done for number in range(start, start + 10)]
        expected = rows_of(done, 1500)
        np.testing.assert_array_equal(rows.read(digests_of(done)), expected)
        assert store.verify().bad == []
        assert len(store) % 10 == 0


def test_info_names_every_specification(store):
    write(store, range(1200))
    write(store, range(5), layer="block4_pool", n_features=3)
    info = store.info()
    assert info.n_rows == len(store) == 1205
    counts = {each.parameters["layer"]: each.n_rows for each in info.specifications}
    assert counts == {"block5_pool": 1200, "block4_pool": 5}
    assert str(info).startswith(f"{store.path}: 1,205 rows, ")
    assert str(info).count("\n") == 2
    line = "1,200 rows, 0.1 MB  layer=block5_pool, n_features=24, pooling=None"
    assert line in str(info)


def test_verify_counts_the_rows(store):
    write(store, range(30))
    assert str(store.verify()) == "30 rows checked, 0 damaged"


def test_verify_finds_a_flipped_byte(store):
    rows = write(store, range(30))
    flip_byte(store, rows_of([7])[0])
    expected = [(rows.digest, digests_of([7])[0].hex())]
    assert store.verify().bad == expected


def test_a_damaged_row_is_never_given(store):
    rows = write(store, range(30))
    flip_byte(store, rows_of([7])[0])
    with pytest.raises(StoreError, match=r"1 of 30 rows are damaged.*verify\(delete"):
        rows.read(digests_of(range(30)))


def test_verify_makes_room_for_a_good_row(store):
    rows = write(store, range(30))
    flip_byte(store, rows_of([7])[0])
    store.verify(delete=True)
    assert not rows.contains(digests_of([7]))[0]
    assert rows.write(digests_of([7]), rows_of([7])) == 1
    assert store.verify().bad == []


def test_a_damaged_record_leaves_the_rows(store):
    rows = write(store, range(3))
    flip_byte(store, np.frombuffer(b'"block5_pool"', np.uint8))
    assert store.info().specifications[0].parameters == {}
    assert len(rows.read(digests_of(range(3)))) == 3
    write(store, [4])
    assert store.info().specifications[0].parameters == PARAMETERS


def test_prune_removes_by_the_start_of_a_digest(store):
    kept, pruned = write(store, range(5)), write(store, range(2000), layer="fc1")
    assert store.prune(pruned.digest[:8]) == 2000
    assert len(store) == 5
    assert kept.contains(digests_of(range(5))).all()
    assert [each.digest for each in store.info().specifications] == [kept.digest]


def test_prune_keeps_what_it_is_told(store):
    kept = write(store, range(5))
    write(store, range(2), layer="fc1")
    write(store, range(2), layer="fc2")
    assert store.prune(keep=[kept.digest]) == 4
    assert len(store) == 5


def test_prune_gives_the_space_back(store):
    write(store, range(5))
    big = write(store, range(500), n_features=2000)
    before = store.info().n_bytes
    store.prune(big.digest)
    assert before > 2e6
    assert store.info().n_bytes < 0.3e6


def test_prune_refuses_an_unknown_digest(store):
    digest = write(store, [1]).digest[:12]
    with pytest.raises(ParameterError, match=f"fits 0 specifications.*{digest}"):
        store.prune("xyz")


def test_prune_must_be_told_something(store):
    with pytest.raises(ParameterError, match="either specifications or keep"):
        store.prune()


def test_clear_removes_everything(store):
    rows = write(store, range(500), n_features=2000)
    store.clear()
    assert len(store) == 0
    assert not rows.contains(digests_of([1]))[0]
    assert store.info().n_bytes < 0.3e6


def test_what_a_killed_compaction_left_is_removed(store):
    write(store, [1])
    for name in (".rows-1", ".rows-3"):
        os.makedirs(os.path.join(store.path, name, "half"))
    store.clear()
    write(store, [1])
    store.clear()
    assert sorted(os.listdir(store.path)) == ["rows-3", "skface-store.json"]


def prune_and_write(path, first):
    store = FeatureStore(path)
    for round_ in range(10):
        write(store, range(first, first + 10))
        pruned = write(store, [first], layer=f"other {first} {round_}")
        store.prune(pruned.digest)
        first += 10


def test_rows_written_during_a_compaction_are_kept(store):
    firsts = (0, 100, 200)
    processes = [
        OTHERS.Process(target=prune_and_write, args=(store.path, first))
        for first in firsts
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    rows = store.specification(PARAMETERS)
    np.testing.assert_array_equal(
        rows.read(digests_of(range(300))), rows_of(range(300))
    )
    assert len(store) == 300


def test_a_store_whose_folder_was_removed_begins_anew(store, tmp_path):
    write(store, [1])
    os.rename(store.path, tmp_path / "away")
    write(store, [2])
    assert len(store) == 1


def test_a_store_that_another_process_made_anew_gets_the_rows(store):
    write(store, [1])
    shutil.rmtree(store.path)
    other = OTHERS.Process(target=write_batches, args=(store.path, 10, 1))
    other.start()
    other.join()
    rows = write(store, [2])
    assert rows.contains(digests_of([1, 2])).tolist() == [False, True]
    assert len(store) == 11


def test_a_store_removed_while_a_writer_waits_gets_its_rows(store, monkeypatch):
    write(store, [1])
    guard_length = _environment._guard_length

    def remade_meanwhile(env, data):
        monkeypatch.setattr(_environment, "_guard_length", guard_length)
        os.rename(store.path, store.path + "-away")
        os.mkdir(store.path)

    monkeypatch.setattr(_environment, "_guard_length", remade_meanwhile)
    rows = write(store, [2])
    assert rows.contains(digests_of([1, 2])).tolist() == [False, True]


def test_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(StoreError, match="this is a file"):
        FeatureStore(path)


def test_a_file_as_parent_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="a file in the place of a folder"):
        FeatureStore(tmp_path / "file" / "store")


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "photo.jpg").write_text("")
    with pytest.raises(StoreError, match="holds other files"):
        FeatureStore(tmp_path)
    assert os.listdir(tmp_path) == ["photo.jpg"]


def test_a_newer_format_is_refused(store):
    with open(os.path.join(store.path, "skface-store.json"), "w") as file:
        json.dump({"format": 2}, file)
    with pytest.raises(StoreError, match=r"format 2.*knows format 1. Upgrade skface"):
        FeatureStore(store.path)


@pytest.mark.parametrize("content", ["", "{}", '{"format": null}', "\0"])
def test_a_damaged_marker_is_refused(store, content):
    with open(os.path.join(store.path, "skface-store.json"), "w") as file:
        file.write(content)
    with pytest.raises(StoreError, match=r"store.json is damaged. Delete the folder"):
        FeatureStore(store.path)


def test_garbage_is_refused(store):
    write(store, range(10))
    with open(data_file(store), "r+b") as file:
        file.write(np.random.default_rng(0).bytes(2**15))
    with pytest.raises(StoreError, match=r"is damaged.*Delete the folder"):
        FeatureStore(store.path)


def test_verify_finds_damage_of_the_database(store):
    pytest.importorskip("lmdb.verify", reason="lmdb < 3")
    write(store, range(500))
    with open(data_file(store), "r+b") as file:
        file.seek(2**14)
        file.write(bytes(2**14))
    with pytest.raises(StoreError, match=r"is damaged.*Delete the folder"):
        store.verify()


def test_a_truncated_store_gives_no_wrong_row(store):
    rows = write(store, range(100), n_features=5000)
    os.truncate(data_file(store), os.path.getsize(data_file(store)) // 2)
    wrong = 0
    for number in range(100):
        try:
            row = rows.read(digests_of([number]))
            wrong += not (row == number).all()
        except StoreError:
            continue
    assert wrong == 0


def test_a_flipped_bit_in_the_tree_gives_no_wrong_row(store):
    written = [write(store, range(60), n_features=size) for size in (1500, 24)]
    with open(data_file(store), "rb") as file:
        content = file.read()
    starts = range(0, len(content), 4096)
    pages = [at for at in starts if content[at + 10] in (1, 2, 8)]  # not of rows
    random_state = random.Random(0)
    n_told = 0
    for _ in range(120):
        damaged = bytearray(content)
        place = random_state.choice(pages) + random_state.randrange(4096)
        damaged[place] ^= 1 << random_state.randrange(8)
        with open(data_file(store), "r+b") as file:
            file.write(damaged)
        for rows in written:
            try:
                store.info()
                found = rows.read(digests_of(range(60)))
            except StoreError:
                n_told += 1
            else:
                np.testing.assert_array_equal(
                    found, rows_of(range(60), rows.n_features)
                )
    assert n_told > 50


def test_a_row_that_would_lie_beyond_the_end_is_refused(store):
    rows = write(store, [7], n_features=5000)
    with open(data_file(store), "r+b") as file:
        content = file.read()
        # In the leaf, the number of the row's first page follows its key.
        place = content.index(digests_of([7])[0]) + 20
        number = int.from_bytes(content[place : place + 8], "little")
        assert content[4096 * number + 16 :].startswith(rows_of([7], 5000).tobytes())
        file.seek(place)
        file.write((number + 1).to_bytes(8, "little"))
    with pytest.raises(StoreError, match=r"is damaged \(page .* Delete the folder"):
        rows.read(digests_of([7]))


def read_for(path, seconds):
    """Exit with what went wrong: 0 is nothing, 3 is a wrong row, 4 is none at all."""
    rows = FeatureStore(path).specification({**PARAMETERS, "n_features": 1500})
    numbers = list(range(3000))
    n_read, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        known = np.flatnonzero(rows.contains(digests_of(numbers)))
        if not (rows.read(digests_of(known)) == known[:, np.newaxis]).all():
            sys.exit(3)
        n_read += len(known)
    sys.exit(0 if n_read else 4)


def test_readers_without_a_lock_see_no_wrong_row_beside_a_writer(store):
    write(store, [0], n_features=1500)
    readers = [
        OTHERS.Process(target=read_for, args=(store.path, 1.0)) for _ in range(2)
    ]
    for reader in readers:
        reader.start()
    number = 1
    while any(reader.is_alive() for reader in readers):
        if number < 2000:
            write(store, range(number, number + 8), n_features=1500)
            number += 8
        pruned = write(store, range(4), n_features=700)
        store.prune(pruned.digest)
    assert [reader.exitcode for reader in readers] == [0, 0]


def test_reading_makes_no_file_and_takes_no_lock(store):
    rows = write(store, range(5))
    lock = os.path.join(store.path, "rows-1", "lock.mdb")
    os.remove(lock)
    np.testing.assert_array_equal(rows.read(digests_of([3])), rows_of([3]))
    assert store.info().n_rows == 5
    assert not os.path.exists(lock)


def test_a_process_of_the_same_number_in_another_container_is_waited_for(
    store, monkeypatch
):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(_environment, "_PATIENCE", 0.05)
    rows = write(store, [1])
    held, hold = os.pipe()
    done, end = os.pipe()
    other = os.fork()
    if other == 0:
        # As LMDB does for a process of this number.
        with open(os.path.join(store.path, "rows-1", "lock.mdb"), "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX, 1, os.getppid())
            os.write(hold, b"1")
            os.read(done, 1)
            os._exit(0)
    os.read(held, 1)
    with pytest.raises(StoreError, match="same number, in another container"):
        write(store, [2])
    np.testing.assert_array_equal(rows.read(digests_of([1])), rows_of([1]))
    os.write(end, b"1")
    os.waitpid(other, 0)
    write(store, [2])
    assert len(store) == 2


def modes(path):
    found = {os.path.basename(path): os.stat(path).st_mode & 0o777}
    for folder, folders, names in os.walk(path):
        for name in folders + names:
            found[name] = os.stat(os.path.join(folder, name)).st_mode & 0o777
    return found


@pytest.mark.skipif(os.name == "nt", reason="file permissions of POSIX")
def test_a_store_is_the_users_alone(store):
    write(store, [1])
    pruned = write(store, [1], layer="fc1")
    store.prune(pruned.digest)
    assert modes(store.path) == {
        "features": 0o700,
        "rows-2": 0o700,
        "skface-store.json": 0o600,
        "data.mdb": 0o600,
        "lock.mdb": 0o600,
    }


@pytest.mark.skipif(os.name == "nt", reason="file permissions of POSIX")
def test_a_folder_that_is_open_to_others_stays_so(tmp_path):
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o755)
    write(FeatureStore(path), [1])
    found = modes(path)
    assert found["shared"] == found["rows-1"] == 0o755
    assert found["data.mdb"] == found["skface-store.json"] == 0o644


def test_a_read_only_store_is_read(read_only_store):
    row = read_only_store.read(digests_of([3]))
    np.testing.assert_array_equal(row, rows_of([3]))
    store = FeatureStore(read_only_store.path)
    assert len(store) == store.verify().n_checked == 5


def test_a_read_only_store_is_not_written(read_only_store):
    with pytest.raises(StoreError, match=r"cannot be written.*another cache_dir"):
        read_only_store.write(digests_of([9]), rows_of([9]))


def test_an_unwritable_folder_is_named(unprivileged_folder):
    with pytest.raises(StoreError, match=r"cannot be written.*write permission"):
        FeatureStore(unprivileged_folder / "store")


def test_a_full_disk_keeps_the_rows_before(store, full_disk):
    write(store, range(3))
    with pytest.raises(StoreError, match=r"disk is full.*rows written before are safe"):
        write(store, range(3, 100), n_features=5000)
    assert len(store) == 3
    assert store.verify().bad == []


def test_prune_makes_room_on_a_full_disk(store, full_disk):
    kept = write(store, range(3))

    def fill(store):
        for number in range(1000):
            write(store, [number], n_features=1000)

    with pytest.raises(StoreError, match="disk is full"):
        fill(store)
    before = len(store)
    assert store.prune(keep=kept.digest) == before - 3 > 50
    assert write(store, range(3, 40), n_features=1000).n_features == 1000
    np.testing.assert_array_equal(kept.read(digests_of(range(3))), rows_of(range(3)))
    assert store.verify().bad == []


@pytest.mark.parametrize("name", ["data.mdb", "lock.mdb"])
def test_a_file_that_lmdb_maps_is_not_made_on_a_full_disk(store, monkeypatch, name):
    write(store, [1])
    os.remove(os.path.join(store.path, "rows-1", name))
    monkeypatch.setattr(_generations, "free_bytes", lambda path: 0)
    with pytest.raises(StoreError, match="disk is full"):
        write(store, [2])
    assert not os.path.exists(os.path.join(store.path, "rows-1", name))


def test_no_store_is_made_on_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(_generations, "free_bytes", lambda path: 0)
    with pytest.raises(StoreError, match="disk is full"):
        FeatureStore(tmp_path / "store")


def test_a_limit_of_address_space_is_named(store, monkeypatch):
    def fail(*args, **options):
        raise lmdb.MemoryError("mdb_env_open: Cannot allocate memory")

    monkeypatch.setattr(lmdb, "open", fail)
    with pytest.raises(StoreError, match="ulimit -v"):
        write(store, [2])


def test_an_empty_store_is_no_lack_of_a_store(store):
    assert store
    assert len(store) == 0


def test_rows_are_shown_with_their_store_and_specification(store):
    rows = write(store, [1])
    assert repr(rows) == f"StoreRows({store.path!r}, {rows.digest[:12]!r})"
