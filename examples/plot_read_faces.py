"""
Box, landmarks and attributes of one photo
==========================================

Three pipelines read the same photos: where the face is, where its eyes, nose and mouth
are, and which of forty attributes it has.

Without arguments it draws its own faces. On CelebA, and with ImageNet weights::

    python plot_read_faces.py --data CELEBA --weights imagenet
"""

import argparse
import tempfile

import matplotlib.pyplot as plt
from PIL import Image

from skface import (
    CelebALoader,
    FacesDisplay,
    make_attribute_pipeline,
    make_bbox_pipeline,
    make_landmark_pipeline,
)
from skface.datasets import drawn_celeba

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--cache-dir", help="folder that keeps the features")
parser.add_argument("--output", help="a picture file to write")
args = parser.parse_args()

# Of CelebA's forty attributes, some that a picture shows to anyone.
SHOWN = [
    *("Bald", "Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"),
    *("Eyeglasses", "Goatee", "Mustache", "Smiling", "Mouth_Slightly_Open"),
    *("Wearing_Hat", "Wearing_Earrings", "Wearing_Lipstick", "Wearing_Necktie"),
]

# %%
# Boxes belong to photos in the wild, so all three targets are taken from these. The
# three pipelines make the same features of whole photos, which the store keeps: each
# goes through VGG19 once. Box and landmarks then look again at frames of their own.
root = args.data or drawn_celeba(verbose=1)
cache_dir = args.cache_dir or tempfile.mkdtemp()
makers = {
    "bbox": make_bbox_pipeline,
    "landmarks": make_landmark_pipeline,
    "attributes": make_attribute_pipeline,
}
pipes, truths = [], []
for target, maker in makers.items():
    loader = CelebALoader(root, target, aligned=False)
    pipe = maker(weights=args.weights, cache_dir=cache_dir, random_state=0)
    X_val, y_val = loader.load("valid")
    pipe.fit(*loader.load("train"), X_val=X_val, y_val=y_val)
    test = loader.load_bunch("test")
    pipes.append(pipe)
    truths.append(test.target)
    print(f"{target}: {pipe.score(test.images, test.target):.3f}")

# %%
# For each of some attributes the test photo where the pipeline is surest of it; nobody
# there was seen in training. Portraits, so that they stand in one row.
box, landmark, attribute = pipes
columns = [test.target_names.index(name) for name in SHOWN]
probabilities = attribute.predict_proba(test.images)[:, columns]
width, height = test.image_sizes.T
left = probabilities * ((height > width) & (height < 1.3 * width))[:, None]
chosen = []
for name in (
    "Smiling",
    "Eyeglasses",
    "Blond_Hair",
    "Wearing_Hat",
    "Black_Hair",
    "Bald",
):
    chosen.append(left[:, SHOWN.index(name)].argmax())
    left[chosen] = 0

photos = test.images[chosen]
display = FacesDisplay.from_predictions(
    photos,
    [box.predict(photos), landmark.predict(photos), probabilities[chosen]],
    target=list(makers),
    names=SHOWN,
    image_sizes=test.image_sizes[chosen],
)
plt.show()

if args.output:
    display.figure_.savefig(args.output, dpi=100)
    # a palette makes a third of the file
    picture = Image.open(args.output).convert("RGB")
    picture.quantize(256).save(args.output, optimize=True)
