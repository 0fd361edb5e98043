"""A complete CelebA folder of drawn faces."""

from pathlib import Path

import numpy as np
from joblib import delayed

from skface._validation import as_generator, as_path
from skface.datasets._drawing import Portrait, sample_attributes
from skface.datasets._drawn_folder import (
    check_n_samples,
    draw_all,
    each_task,
    kept_folder,
    new_folder,
)
from skface.targets import ATTRIBUTE_NAMES

_DRAWING_VERSION = 1  # raised when the same seed draws other faces
_MOST_PHOTOS_OF_ONE = 8
_BOX_HEADER = "image_id x_1 y_1 width height"
_LANDMARK_HEADER = (
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
    "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
)


def make_celeba(
    root, n_samples=1500, *, random_state=None, n_jobs=None, verbose=0
) -> Path:
    """Draw faces and write them as a CelebA folder.

    The folder has the official layout: list files in ``Anno`` and ``Eval``,
    in-the-wild photos of varying size in ``Img/img_celeba`` with boxes and
    landmarks, and the same faces aligned, 178 x 218 pixels, in
    ``Img/img_align_celeba``. Several photos show one identity. The partition into
    train, valid and test is 80/10/10 and no identity crosses it.

    Parameters
    ----------
    root : str or path-like
        Folder to write. It must not exist, or be empty.
    n_samples : int, default=1500
        Number of faces. Each is drawn twice, in the wild and aligned.
    random_state : int, RandomState instance or None, default=None
        Seed of everything random. The same int gives the same bytes of every
        file, whatever ``n_jobs`` is.
    n_jobs : int or None, default=None
        Number of processes that draw. ``None`` means 1 unless in a
        :func:`joblib.parallel_config` context, ``-1`` means all cores.
    verbose : int, default=0
        With 1 or more, show a progress bar.

    Returns
    -------
    root : pathlib.Path
        The folder. It appears when it is complete; an interrupted run leaves
        nothing behind.

    Raises
    ------
    ParameterError
        If ``root`` is no path, or ``n_samples`` not a positive integer.
    DatasetError
        If ``root`` is a file or a folder that is not empty, or cannot be written.

    Notes
    -----
    The rates of the attributes and their main correlations are near those of
    CelebA [1]_. All are visible in the picture but "Attractive" and "Young", which
    follow the others with noise.

    References
    ----------
    .. [1] Z. Liu, P. Luo, X. Wang and X. Tang, "Deep Learning Face Attributes in
       the Wild", ICCV 2015.

    Examples
    --------
    >>> import tempfile
    >>> from skface.datasets import make_celeba
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = make_celeba(folder + "/celeba", n_samples=10, random_state=0)
    ...     sorted(path.name for path in root.iterdir())
    ['Anno', 'Eval', 'Img']
    """
    check_n_samples(n_samples)
    root = as_path(root, "root", "a folder")
    with new_folder(root) as unfinished:
        seed = int(as_generator(random_state).randint(np.iinfo(np.int32).max))
        rng = np.random.default_rng(seed)
        identities, partition = _cast(rng, int(n_samples))
        attributes = sample_attributes(rng, identities)
        for folder in ("Anno", "Eval", "Img/img_celeba", "Img/img_align_celeba"):
            (unfinished / folder).mkdir(parents=True)
        tasks = (
            delayed(_draw)(
                unfinished / "Img", task, attributes[task], identities[task], seed
            )
            for task in each_task(n_samples)
        )
        rows = draw_all(tasks, n_samples, "face", n_jobs, verbose)
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        _write_lists(unfinished, attributes, identities, partition, *columns)
    return root


def drawn_celeba(n_samples=1500, *, random_state=0, verbose=0) -> Path:
    """Folder of `make_celeba`'s faces, drawn at the first call and kept.

    Parameters
    ----------
    n_samples : int, default=1500
    random_state : int, default=0
    verbose : int, default=0
        1 shows a bar.

    Returns
    -------
    pathlib.Path
        Below ``~/.cache/skface``, or the folder that the environment variable
        ``SKFACE_CACHE`` names.

    Examples
    --------
    >>> from skface import CelebALoader
    >>> from skface.datasets import drawn_celeba
    >>> X, y = CelebALoader(drawn_celeba(20), "landmarks").load("all")
    >>> y.shape
    (20, 10)
    """
    return kept_folder(
        f"drawn-{_DRAWING_VERSION}-{n_samples}",
        random_state,
        lambda root: make_celeba(
            root, n_samples, random_state=random_state, n_jobs=-1, verbose=verbose
        ),
    )


def _cast(rng, n_samples):
    """Give every photo an identity, and every identity a split.

    Photos are numbered as in CelebA: those of train first, then valid, then test,
    and an identity's photos lie scattered within its split.
    """
    most = np.clip(n_samples // 10, 1, _MOST_PHOTOS_OF_ONE)
    sizes = []
    while sum(sizes) < n_samples:
        sizes.append(min(int(rng.integers(1, most + 1)), n_samples - sum(sizes)))
    held_out = max(round(0.1 * n_samples), 1) if n_samples >= 3 else 0
    room = {1: held_out, 2: held_out}
    members = {0: [], 1: [], 2: []}
    for identity, size in enumerate(sizes):
        split = next((s for s in room if room[s] >= size), 0)
        if split:
            room[split] -= size
        members[split] += [identity] * size
    identities = np.concatenate([rng.permutation(members[s]) for s in members])
    partition = np.repeat([0, 1, 2], [len(members[s]) for s in members])
    return rng.permutation(len(sizes))[identities.astype(int)], partition


def _draw(folder, task, attributes, identities, seed):
    found = []
    for index, row, identity in zip(task, attributes, identities, strict=True):
        has = {name for name, holds in zip(ATTRIBUTE_NAMES, row, strict=True) if holds}
        portrait = Portrait(
            has,
            np.random.SeedSequence(seed, spawn_key=(0, int(identity))),
            np.random.SeedSequence(seed, spawn_key=(1, index)),
        )
        name = _file_name(index)
        (folder / "img_celeba" / name).write_bytes(portrait.wild_photo())
        (folder / "img_align_celeba" / name).write_bytes(portrait.aligned_photo())
        found.append(
            (
                _pixels(portrait.box(portrait.wild_frame)),
                _pixels(portrait.landmarks(portrait.wild_frame)),
                _pixels(portrait.landmarks(portrait.aligned_frame)),
            )
        )
    return found


def _pixels(values):
    return np.rint(values).astype(int).ravel()


def _file_name(index):
    return f"{index + 1:06d}.jpg"


def _write_lists(
    root, attributes, identities, partition, boxes, landmarks, aligned_landmarks
):
    anno = root / "Anno"
    signs = np.where(attributes, 1, -1)
    names = " ".join(ATTRIBUTE_NAMES)
    _write_list(anno / "list_attr_celeba.txt", signs, names)
    _write_list(anno / "list_bbox_celeba.txt", boxes, _BOX_HEADER)
    _write_list(anno / "list_landmarks_celeba.txt", landmarks, _LANDMARK_HEADER)
    _write_list(
        anno / "list_landmarks_align_celeba.txt", aligned_landmarks, _LANDMARK_HEADER
    )
    _write_list(anno / "identity_CelebA.txt", identities[:, None] + 1)
    _write_list(root / "Eval" / "list_eval_partition.txt", partition[:, None])


def _write_list(path, values, header=None):
    """Write one row a photo; with a header, the count and the header come first."""
    lines = [] if header is None else [str(len(values)), header]
    for index, row in enumerate(values):
        lines.append(f"{_file_name(index)} {' '.join(map(str, row))}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")
