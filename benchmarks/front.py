"""What quality costs: figures on test photos against photos a second.

Attributes on aligned photos, boxes and landmarks in the wild: the presets, and what
lies between them by input size, precision, looks and sides. A row's photos a second are
those of `predict` on photos that no store knows, networks being built. ::

    python benchmarks/front.py --attributes CELEBA --points MTFL --weights FILE \\
        --cache-dir FOLDER [--only attributes] [--presets fast best] \\
        [--dtypes auto int8] [--plot FOLDER]

Without arguments it draws its own faces.
"""

import warnings
from itertools import product
from pathlib import Path
from time import perf_counter

import pandas as pd
from _common import Passes, figures, parsed, study

from skface import CelebALoader, SearchDisplay
from skface.pipelines import MAKERS, PRESETS

SIZES = {"fast": (96, 112, 160, 192), "best": (224, 288), "finest": (224,)}
READ = ["preset", "input size", "dtype", "looked"]
SIDES = {"one side": "fit", "both sides": "fit+predict"}


def main():
    parser = study(__doc__)
    parser.add_argument("--only", nargs="+", default=list(MAKERS), choices=MAKERS)
    parser.add_argument("--presets", nargs="+", default=list(SIZES), choices=SIZES)
    parser.add_argument("--sizes", nargs="+", type=int, help="those of each preset")
    parser.add_argument("--dtypes", nargs="+", default=["auto"], help="%(default)s")
    parser.add_argument("--n-timed", type=int, default=32, help="%(default)s")
    parser.add_argument("--plot", type=Path, help="folder for a picture a target")
    args = parsed(parser)
    warnings.simplefilter("ignore")
    passes = Passes()
    for target in args.only:
        start = perf_counter()
        table = front(target, args, passes)
        shown = table.groupby(READ, sort=False)
        print(f"{target}, {perf_counter() - start:.0f} s")
        print(f"{shown.agg(['mean', 'std']).round(4).to_string()}\n", flush=True)
        if args.plot:
            draw(target, table, args.plot)


def front(target, args, passes):
    """A row for each way of reading test photos, and each seed."""
    root = args.attributes if target == "attributes" else args.points
    loader = CelebALoader(root, target, verbose=0)
    train, valid, test = map(loader.load_bunch, ("train", "valid", "test"))
    rows = []
    for preset in (name for name in args.presets if name in PRESETS[target]):
        for size in sizes(preset, args):
            for dtype, seed in product(args.dtypes, range(args.n_seeds)):
                model = MAKERS[target](
                    preset,
                    weights=args.weights,
                    cache_dir=args.cache_dir,
                    random_state=seed,
                ).set_params(features__input_size=size, features__compute_dtype=dtype)
                if size < 112:  # a map of block 4 has a cell for 16 pixels
                    model.set_params(features__pooling=(size // 16,) * 2)
                start = perf_counter()
                model.fit(
                    train.images, train.target, X_val=valid.images, y_val=valid.target
                )
                fit_seconds = perf_counter() - start
                for looked, params in ways(model).items():
                    model.set_params(**params)
                    found = figures(model, test, train.target).set_index("figure")
                    is_error = found["better"].iloc[0] == "lower"
                    if not rows:
                        constant = "constant answer", 0, "", ""
                        rows.append(row(*constant, found["baseline"]))
                    rows.append(
                        row(preset, size, dtype, looked, found["skface"])
                        | {"seconds of the fit": fit_seconds}
                        | timed(model, test.images, passes, args.n_timed)
                    )
    table = pd.DataFrame(rows)
    table.attrs["is error"] = is_error  # the first figure
    return table


def sizes(preset, args):
    """The input sizes of a preset that are asked for."""
    if args.weights == "synthetic":
        return (112,)
    return [size for size in SIZES[preset] if size in (args.sizes or SIZES[preset])]


def ways(model):
    """Parameters by which a fitted model reads photos once or more often."""
    if hasattr(model, "n_looks"):
        numbers = range(1, model.n_looks + 1)
        return {f"{n} look{'s' * (n > 1)}": {"n_looks": n} for n in numbers}
    return {name: {"mirror": mirror} for name, mirror in SIDES.items()}


def row(preset, size, dtype, looked, found):
    return dict(zip(READ, (preset, size, dtype, looked), strict=True)) | dict(found)


def timed(model, photos, passes, n):
    """Passes a photo and photos a second, nothing being known."""
    looks = [model.first_, model.second_] if hasattr(model, "first_") else [model]
    folders = [look["features"].cache_dir for look in looks]
    for look in looks:
        look.set_params(features__cache_dir=None)
    model.predict(photos[:2])
    before, start = passes.n_photos, perf_counter()
    model.predict(photos[:n])
    seconds, n_passes = perf_counter() - start, passes.n_photos - before
    for look, folder in zip(looks, folders, strict=True):
        look.set_params(features__cache_dir=folder)
    n = len(photos[:n])
    return {"passes a photo": n_passes / n, "photos a second": n / seconds}


def draw(target, table, folder):
    """The first figure against seconds a photo, a line a preset."""
    measured = table[table["passes a photo"].notna()]
    means = measured.groupby(READ, sort=False).mean().reset_index()
    how = means["input size"].astype(str) + " px, " + means["looked"]
    if means["dtype"].nunique() > 1:
        how += ", " + means["dtype"]
    scores = means.iloc[:, len(READ)]
    best = scores.idxmin() if table.attrs["is error"] else scores.idxmax()
    results = {
        "params": [
            {"preset": preset, "read": read}
            for preset, read in zip(means["preset"], how, strict=True)
        ],
        "param_preset": means["preset"].to_numpy(),
        "param_read": how.to_numpy(),
        "mean_test_score": scores.to_numpy(),
        "mean_fit_time": (1 / means["photos a second"]).to_numpy(),
    }
    display = SearchDisplay(
        results, rows="preset", columns="read", score_name=scores.name, best_index=best
    ).plot(kind="time")
    display.ax_.set(xlabel="seconds a photo", ylabel=scores.name)
    display.ax_.get_legend().texts[-1].set_text("the best figure")  # no preset
    folder.mkdir(parents=True, exist_ok=True)
    display.figure_.savefig(folder / f"front_{target}.png", bbox_inches="tight")


if __name__ == "__main__":
    main()
