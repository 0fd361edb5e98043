"""A complete WIDER FACE folder of drawn people."""

from pathlib import Path

import numpy as np
import pandas as pd
from joblib import delayed

from skface._validation import as_generator, as_path
from skface.datasets._drawing import Scene
from skface.datasets._drawn_folder import (
    check_n_samples,
    draw_all,
    each_task,
    kept_folder,
    new_folder,
)
from skface.targets import ATTRIBUTE_NAMES, BBOX_NAMES, LANDMARKS

_DRAWING_VERSION = 1  # raised when the same seed draws other photos
_EVENT = "0--Drawn"
_TRAIN, _VAL = "train", "val"
_HEAVILY_HIDDEN, _HIDDEN = 0.3, 0.03  # shares of a face
_ASLANT = np.deg2rad(25)
_BLURRY = ATTRIBUTE_NAMES.index("Blurry")


def make_wider(
    root, n_samples=500, *, random_state=None, n_jobs=None, verbose=0
) -> Path:
    """Draw photos of groups of people and write them as a WIDER FACE folder.

    The folder has the official layout: ``wider_face_split`` with the lists, and
    ``WIDER_train/images`` and ``WIDER_val/images``, 80/20. A photo shows people in
    rows for a group photo, or near and far as they happen to stand; some are cut off
    by the border, and a few photos show nobody. Beside each list lies a table of
    everything else that is known about the faces, as ``wider_face_train_faces.csv``.

    Parameters
    ----------
    root : str or path-like
        Folder to write. It must not exist, or be empty.
    n_samples : int, default=500
        Number of photos, with four faces each on average.
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

    See Also
    --------
    skface.datasets.make_celeba : One face a photo.

    Notes
    -----
    Boxes reach from the hairline to the chin and from ear to ear, as those of
    `make_celeba`, and end at the border of the photo. No face is hidden by more than
    about a third. Of WIDER's columns, blur is 1 in blurry photos, occlusion 1 or 2 of
    faces that are hidden or cut off a little or by more than 30 %, pose 1 of those that
    are turned by more than 25 degrees; the others are 0.

    The csv has one row a face, in the order of the list: ``photo``, ``face`` (its
    number in the photo), the box and the five landmarks in pixels, where a landmark of
    a face at the border may lie outside of the photo, and the forty attributes in
    {0, 1}.

    Examples
    --------
    >>> import tempfile
    >>> from skface.datasets import make_wider
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = make_wider(folder + "/wider", n_samples=4, random_state=0)
    ...     sorted(path.name for path in root.iterdir())
    ['WIDER_train', 'WIDER_val', 'wider_face_split']
    """
    check_n_samples(n_samples)
    root = as_path(root, "root", "a folder")
    with new_folder(root) as unfinished:
        seed = int(as_generator(random_state).randint(np.iinfo(np.int32).max))
        n_val = n_samples // 5
        splits = [_TRAIN] * (n_samples - n_val) + [_VAL] * n_val
        for split in (_TRAIN, _VAL):
            (unfinished / f"WIDER_{split}" / "images" / _EVENT).mkdir(parents=True)
        tasks = (
            delayed(_draw)(unfinished, task, [splits[k] for k in task], seed)
            for task in each_task(n_samples)
        )
        photos = draw_all(tasks, n_samples, "photo", n_jobs, verbose)
        lists = unfinished / "wider_face_split"
        lists.mkdir()
        for split in (_TRAIN, _VAL):
            of_split = [
                (_file_name(k), faces)
                for k, faces in enumerate(photos)
                if splits[k] == split
            ]
            _write_list(lists / f"wider_face_{split}_bbx_gt.txt", of_split)
            _write_table(lists / f"wider_face_{split}_faces.csv", of_split)
    return root


def drawn_wider(n_samples=500, *, random_state=0, verbose=0) -> Path:
    """Folder of `make_wider`'s photos, drawn at the first call and kept.

    Parameters
    ----------
    n_samples : int, default=500
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
    >>> from skface.datasets import WiderFaceLoader, drawn_wider
    >>> X, boxes = WiderFaceLoader(drawn_wider(5)).load("train")
    >>> len(X), len(boxes)
    (4, 4)
    """
    return kept_folder(
        f"drawn-wider-{_DRAWING_VERSION}-{n_samples}",
        random_state,
        lambda root: make_wider(
            root, n_samples, random_state=random_state, n_jobs=-1, verbose=verbose
        ),
    )


def _draw(root, task, splits, seed):
    """The faces of each photo of a task."""
    found = []
    for index, split in zip(task, splits, strict=True):
        scene = Scene(np.random.SeedSequence(seed, spawn_key=(index,)))
        content, faces = scene.take()
        (root / f"WIDER_{split}" / "images" / _file_name(index)).write_bytes(content)
        found.append(faces)
    return found


def _file_name(index):
    return f"{_EVENT}/0_Drawn_{index + 1:05d}.jpg"


def _pixels(values):
    return np.rint(values).astype(int).ravel().tolist()


def _write_list(path, photos):
    lines = []
    for name, faces in photos:
        lines += [name, len(faces), *map(_row, faces)]
        if not faces:
            lines.append(" ".join(10 * "0"))
    path.write_text(
        "".join(f"{line}\n" for line in lines), encoding="ascii", newline="\n"
    )


def _row(face):
    blur, pose = int(face.attributes[_BLURRY]), int(abs(face.roll) > _ASLANT)
    occlusion = int(face.hidden > _HIDDEN) + int(face.hidden > _HEAVILY_HIDDEN)
    return " ".join(map(str, [*_pixels(face.box), blur, 0, 0, 0, occlusion, pose]))


def _write_table(path, photos):
    rows = [
        [
            name,
            number,
            *_pixels(face.box),
            *_pixels(face.landmarks),
            *face.attributes.astype(int),
        ]
        for name, faces in photos
        for number, face in enumerate(faces)
    ]
    columns = ["photo", "face", *BBOX_NAMES, *LANDMARKS.columns(), *ATTRIBUTE_NAMES]
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(path, index=False, lineterminator="\n")
