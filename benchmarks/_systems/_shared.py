"""What the experiments share: preset "best"'s features, and its head."""

from sklearn.base import clone
from sklearn.utils import Bunch

from skface import CelebALoader, Frames, make_attribute_pipeline

PARTS = ("train", "valid", "test")
_ROWS = ("images", "target", "image_ids", "image_sizes", "groups")


def attribute_pipeline(args, preset="best"):
    """Not fitted; its features are kept."""
    return make_attribute_pipeline(
        preset, weights=args.weights, cache_dir=args.cache_dir
    )


def load_part(loader, part, args, n_photos=None):
    """The bunch of a part's first photos: ``--share`` of n_photos, or of all."""
    bunch = loader.load_bunch(part)
    rows = slice(round(args.share * (n_photos or len(bunch.target))))
    known = [name for name in _ROWS if bunch[name] is not None]
    return Bunch(**{**bunch, **{name: bunch[name][rows] for name in known}})


def framed_faces(args, part, template, *, random_state, n_photos=None):
    """Photos in the wild through frames near their true points, and these points.

    Returns
    -------
    ImageArray, ndarray of shape (n, 10)
        Points as fractions of the frames.
    """
    loader = CelebALoader(args.points, "landmarks", aligned=False, verbose=0)
    bunch = load_part(loader, part, args, n_photos)
    frames = Frames.from_landmarks(
        bunch.target, bunch.image_sizes, template=template
    ).jittered(random_state)
    points = frames.to_frame(bunch.target, "landmarks")
    return bunch.images.framed(frames), points


def aligned(args):
    """The features of preset "best" of the aligned photos, one side, by split.

    Returns
    -------
    dict of (FeatureArray, Bunch)
    """
    features = attribute_pipeline(args)["features"]
    loader = CelebALoader(args.attributes, "attributes", verbose=0)
    bunches = {part: load_part(loader, part, args) for part in PARTS}
    return {
        part: (features.fit_transform(bunch.images), bunch)
        for part, bunch in bunches.items()
    }


def fitted(head, seed, X, y, X_val, y_val, **params):
    """A clone of a head, with this seed and these parameters."""
    head = clone(head).set_params(random_state=seed, **params)
    return head.fit(X, y, X_val=X_val, y_val=y_val)


def spread(rows, by):
    """Mean and standard deviation over seeds."""
    return rows.groupby(by, sort=False).agg(["mean", "std"]).round(4)
