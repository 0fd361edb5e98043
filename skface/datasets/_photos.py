"""Photo files to uint8 RGB arrays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import joblib
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from skface.exceptions import ImageError

_WIDTH, _HEIGHT, _ORIENTATION = 0x0100, 0x0101, 0x0112
_N_NAMED = 5


def read_photo(path, image_size):
    """Decode one photo, turn it upright, and resize it without keeping the aspect.

    Parameters
    ----------
    path : str
    image_size : (height, width), in pixels

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        RGB. Transparent pixels are shown on white, 16-bit greys scaled to 8 bits.

    Raises
    ------
    ImageError
        The file is missing, truncated, or no photo.
    """
    height, width = image_size
    with _open(path) as image:
        # JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the cost; twice the wanted
        # side leaves the resize enough pixels to average.
        image.draft(None, (2 * max(image_size),) * 2)
        try:
            rgb = _to_rgb(ImageOps.exif_transpose(image))
            return np.asarray(rgb.resize((width, height), Image.Resampling.BILINEAR))
        except Exception as error:
            raise ImageError(f"{path}: cannot be decoded ({error})", [path]) from error


def photo_size(path) -> tuple[int, int]:
    """Size of a photo, from the file's header.

    Parameters
    ----------
    path : str

    Returns
    -------
    (width, height)
        In pixels, of the upright photo.

    Raises
    ------
    ImageError
        The file is missing, or no photo.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from skface.datasets import photo_size
    >>> path = tempfile.mkdtemp() + "/grey.png"
    >>> Image.new("L", (178, 218)).save(path)
    >>> photo_size(path)
    (178, 218)
    """
    with _open(path) as image:
        # PngImageFile.getexif decodes the pixels to look for a late EXIF chunk.
        exif = Image.Image.getexif(image)
        turned = exif.get(_ORIENTATION, 1) >= 5
        width, height = image.size
        if image.format == "TIFF":
            # Newer Pillow has turned the size already, 10.3 has not.
            width, height = image.tag_v2[_WIDTH], image.tag_v2[_HEIGHT]
        return (height, width) if turned else (width, height)


def map_photos(function, paths, progress=None) -> None:
    """``function(index, path)`` for every path, in threads.

    Raises
    ------
    ImageError
        One for all photos that failed: it counts them and names the first five.

    Examples
    --------
    >>> from skface.datasets import map_photos
    >>> found = {}
    >>> map_photos(found.__setitem__, ["a.jpg", "b.jpg"])
    >>> sorted(found.items())
    [(0, 'a.jpg'), (1, 'b.jpg')]
    """
    failures = []
    photos, taking, stopped = enumerate(paths), Lock(), Event()

    def work():
        while not stopped.is_set():
            with taking:
                photo = next(photos, None)
            if photo is None:
                break
            try:
                function(*photo)
            except ImageError as error:
                failures.append((photo[0], error))
            if progress is not None:
                progress.update()

    # A task a photo would be shorter, but an interrupt while tasks are handed out can
    # leave a lock of the pool taken for ever.
    n_threads = joblib.cpu_count()
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            for worker in [pool.submit(work) for _ in range(n_threads)]:
                worker.result()
        finally:
            stopped.set()  # after an interrupt no other photo is begun
    if failures:
        failures.sort(key=lambda failure: failure[0])
        raise unreadable([error for _, error in failures], len(paths))


def unreadable(errors, n_photos):
    """One ImageError that counts `errors` and quotes the first five."""
    if len(errors) == 1:
        return errors[0]
    named = "\n  ".join(str(error) for error in errors[:_N_NAMED])
    rest = len(errors) - _N_NAMED
    return ImageError(
        f"{len(errors)} of {n_photos} photos cannot be read:\n  {named}"
        + (f"\n  and {rest} more (see the error's `paths`)" if rest > 0 else ""),
        [path for error in errors for path in error.paths],
    )


def _open(path):
    try:
        return Image.open(path)
    except FileNotFoundError as error:
        raise ImageError(f"{path}: no such file", [path]) from error
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{path}: has more pixels than Pillow decodes ({error}); shrink it, or "
            "raise PIL.Image.MAX_IMAGE_PIXELS if you trust it",
            [path],
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: not a photo that Pillow can read", [path]) from error
    except Exception as error:
        raise ImageError(f"{path}: cannot be opened ({error})", [path]) from error


def _to_rgb(image):
    if image.mode == "I" or image.mode.startswith("I;16"):
        grey = np.asarray(image)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError("integer pixels outside 0 to 65535")
        image = Image.fromarray((grey / 257).round().astype(np.uint8))
    elif image.mode == "F":
        raise ValueError("floating-point pixels have no agreed range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(
            Image.new("RGBA", image.size, "white"), image
        ).convert("RGB")
    return image.convert("RGB")
