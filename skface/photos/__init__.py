"""Photos: files and arrays of them, and the frames through which they are seen."""

from skface.photos._frames import CELEBA_FACE, TEMPLATES, Frames, frame_keys
from skface.photos._image_array import (
    ImageArray,
    as_image_size,
    map_photos,
    photo_sizes,
    unreadable,
)
from skface.photos._inputs import (
    as_images,
    as_whole_photos,
    cropped,
    files_of,
    framed,
    frames_seen,
    known_keys,
    of_size,
    read_keys,
    row_keys,
    seen_from,
    size_of,
    sizes_of,
    with_mirror_images,
)
from skface.photos._looking import seen_in_array
from skface.photos._reading import (
    INSTALL_HEIC,
    check_photo,
    photo_size,
    read_photo,
)
from skface.photos._recognising import is_photo, photo_formats
from skface.photos._units import to_fractions, to_pixels

__all__ = [
    "CELEBA_FACE",
    "INSTALL_HEIC",
    "TEMPLATES",
    "Frames",
    "ImageArray",
    "as_image_size",
    "as_images",
    "as_whole_photos",
    "check_photo",
    "cropped",
    "files_of",
    "frame_keys",
    "framed",
    "frames_seen",
    "is_photo",
    "known_keys",
    "map_photos",
    "of_size",
    "photo_formats",
    "photo_size",
    "photo_sizes",
    "read_keys",
    "read_photo",
    "row_keys",
    "seen_from",
    "seen_in_array",
    "size_of",
    "sizes_of",
    "to_fractions",
    "to_pixels",
    "unreadable",
    "with_mirror_images",
]
