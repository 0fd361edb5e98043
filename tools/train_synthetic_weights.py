"""Train the packaged weights: a narrow VGG19 on drawn faces, all targets at once.

    python tools/train_synthetic_weights.py --output skface/features/data

Draws the faces, trains on a photo of each at every epoch, aligned or in the wild at
random and mirrored at random, folds the batch normalisation into the convolutions, and
writes ``synthetic.npz`` (float16) with ``synthetic.json``: its SHA-256, the settings,
and the losses on faces set aside. Runs on any backend of Keras.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path
from time import perf_counter

import keras
import numpy as np

from skface import CelebALoader
from skface.datasets import make_celeba
from skface.features._layers import VGG19_LAYERS
from skface.features._network import caffe
from skface.features._weights import SYNTHETIC_INPUT_SIZE, SYNTHETIC_WIDTH

SUPERVISED = ("block4_pool", "block5_pool")
LOSS_WEIGHTS = {"attributes": 13.0, "landmarks": 2.0, "bbox": 2.0}
MIRRORED_POINTS = [2, 3, 0, 1, 4, 5, 8, 9, 6, 7]  # left and right change places
EPSILON = 1e-3


class Faces(keras.utils.PyDataset):
    """Batches of photos with their targets; one photo a face and epoch."""

    def __init__(self, root, split, batch_size, seed, **kwargs):
        super().__init__(**kwargs)
        size = (SYNTHETIC_INPUT_SIZE,) * 2
        views, self.landmarks = [], []
        for aligned in (True, False):
            loader = CelebALoader(root, "landmarks", image_size=size, aligned=aligned)
            X, landmarks = loader.load(split)
            views.append(np.asarray(X))
            self.landmarks.append(landmarks)
        self.views = views
        self.bbox = CelebALoader(root, "bbox", image_size=size).load(split)[1]
        self.attributes = CelebALoader(root).load(split)[1].astype("float32")
        assert len(self.bbox) == len(self.attributes) == len(views[0])
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.bbox) // self.batch_size)

    def on_epoch_end(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        self.order = rng.permutation(len(self.bbox))
        self.wild = rng.random(len(self.bbox)) < 0.5
        self.mirrored = rng.random(len(self.bbox)) < 0.5
        self.epoch += 1

    def __getitem__(self, batch):
        rows = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        photos, landmarks, bbox = [], [], self.bbox[rows].copy()
        for i, row in enumerate(rows):
            view = int(self.wild[row])
            photo, points = self.views[view][row], self.landmarks[view][row]
            if self.mirrored[row]:
                photo, points = photo[:, ::-1], points[MIRRORED_POINTS].copy()
                points[::2] = 1 - points[::2]
                bbox[i, 0] = 1 - bbox[i, 0] - bbox[i, 2]
            photos.append(photo)
            landmarks.append(points)
        targets = {
            "attributes": self.attributes[rows],
            "landmarks": np.array(landmarks),
            "bbox": bbox,
        }
        # Aligned photos have no box.
        weights = {name: np.ones(len(rows), "float32") for name in targets}
        weights["bbox"] = self.wild[rows].astype("float32")
        names = [(f"{name}_{layer}", name) for layer in SUPERVISED for name in targets]
        return (
            np.array(photos),
            {output: targets[name] for output, name in names},
            {output: weights[name] for output, name in names},
        )


def build():
    """VGG19 of few channels with batch normalisation and heads at two depths."""
    photos = keras.Input((SYNTHETIC_INPUT_SIZE, SYNTHETIC_INPUT_SIZE, 3), dtype="uint8")
    x = caffe(photos)
    outputs = {}
    for layer in VGG19_LAYERS:
        if layer.is_pool:
            x = keras.layers.MaxPooling2D(2, name=layer.name)(x)
        else:
            x = keras.layers.Conv2D(
                int(SYNTHETIC_WIDTH * layer.n_channels),
                3,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=layer.name,
            )(x)
            x = keras.layers.BatchNormalization(
                epsilon=EPSILON, momentum=0.97, name=f"{layer.name}_bn"
            )(x)
            x = keras.layers.ReLU()(x)
        if layer.name in SUPERVISED:
            row = keras.layers.Dropout(0.1)(keras.layers.Flatten()(x))
            for name, n_outputs in (("attributes", 40), ("landmarks", 10), ("bbox", 4)):
                activation = "sigmoid" if name == "attributes" else None
                output = f"{name}_{layer.name}"
                outputs[output] = keras.layers.Dense(
                    n_outputs, activation=activation, name=output, dtype="float32"
                )(row)
    return keras.Model(photos, outputs)


def folded(network):
    """Kernels and biases of the convolutions, batch normalisation included."""
    arrays = {}
    for layer in VGG19_LAYERS:
        if layer.is_pool:
            continue
        (kernel,) = network.get_layer(layer.name).get_weights()
        normalization = network.get_layer(f"{layer.name}_bn")
        gamma, beta, mean, variance = normalization.get_weights()
        scale = gamma / np.sqrt(variance + EPSILON)
        arrays[f"{layer.name}_kernel"] = (kernel * scale).astype(np.float16)
        arrays[f"{layer.name}_bias"] = (beta - mean * scale).astype(np.float16)
    return arrays


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--data", help="a folder of make_celeba; drawn without it")
    parser.add_argument("--n-faces", type=int, default=16_000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=2026)
    args = parser.parse_args()

    keras.utils.set_random_seed(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = args.data or make_celeba(
            Path(folder, "faces"),
            args.n_faces,
            random_state=args.seed,
            n_jobs=-1,
            verbose=1,
        )
        train = Faces(root, "train", args.batch_size, args.seed)
        valid = Faces(root, "valid", 256, args.seed)

    start = perf_counter()
    network = build()
    losses = {
        output: "binary_crossentropy" if "attributes" in output else "mae"
        for output in network.output_names
    }
    network.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                args.learning_rate, args.epochs * len(train)
            )
        ),
        loss=losses,
        loss_weights={
            output: LOSS_WEIGHTS[output.split("_")[0]] / len(SUPERVISED)
            for output in losses
        },
    )
    network.fit(train, epochs=args.epochs, verbose=2)
    measured = network.evaluate(valid, verbose=0, return_dict=True)

    args.output.mkdir(parents=True, exist_ok=True)
    file = args.output / "synthetic.npz"
    np.savez_compressed(file, **folded(network))
    about = {
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "settings": {
            name: value
            for name, value in vars(args).items()
            if name not in {"output", "data"}
        },
        "minutes": round((perf_counter() - start) / 60, 1),
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "losses_on_faces_set_aside": {k: round(v, 4) for k, v in measured.items()},
    }
    file.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")
    print(json.dumps(about, indent=2))


if __name__ == "__main__":
    main()
