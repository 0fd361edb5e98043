"""
Every face in the photo
=======================

A reader finds all faces of a photo, and tells of each where its eyes, nose and mouth
are and which of forty attributes it has. It learns from three kinds of data: photos
with the boxes of all their faces, photos in the wild with points, aligned photos with
attributes.

Without arguments it draws its own people. On WIDER FACE and CelebA, and with ImageNet
weights::

    python plot_read_faces.py --wider WIDER --data CELEBA --weights imagenet
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image

from skface import CelebALoader, GroupDisplay, make_face_reader
from skface.datasets import WiderFaceLoader, drawn_celeba, drawn_wider
from skface.photos import photo_sizes

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--wider", help="a WIDER FACE folder; drawn groups without it")
parser.add_argument("--data", help="a CelebA folder; drawn faces without it")
parser.add_argument("--weights", default="synthetic", help="imagenet, or a file")
parser.add_argument("--cache-dir", help="folder that keeps features and maps")
parser.add_argument("--output", help="a picture file to write")
args = parser.parse_args()

# Of CelebA's forty attributes, some that a picture shows to anyone.
SHOWN = [
    *("Bald", "Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"),
    *("Eyeglasses", "Goatee", "Mustache", "Smiling", "Mouth_Slightly_Open"),
    *("Wearing_Hat", "Wearing_Earrings", "Wearing_Lipstick", "Wearing_Necktie"),
]

# %%
# CelebA's points are taken from its photos in the wild: faces in photos of groups are
# seen as there.
wider = WiderFaceLoader(args.wider or drawn_wider(80, verbose=1))
celeba = args.data or drawn_celeba(750, verbose=1)
train = CelebALoader(celeba, "attributes").load_bunch("train")

reader = make_face_reader(
    weights=args.weights, cache_dir=args.cache_dir, random_state=0, verbose=1
)
reader.set_params(detector__threshold=0.8)  # rather miss a face than invent one
reader.fit(
    boxes=wider.load("train"),
    landmarks=CelebALoader(celeba, "landmarks", aligned=False).load("train"),
    attributes=(
        train.images,
        pd.DataFrame(train.target, columns=train.target_names),
    ),
)

# %%
# One row a face. Nobody in these photos was seen in training.
X, boxes = wider.load("val")
faces = reader.read(X)
print(f"{len(faces)} faces found in {len(X)} photos; {sum(map(len, boxes))} are there")
print(faces[["photo", "face", "score", "x", "y", "width", "height"]].round(2).head())

# %%
# The largest groups in wide photos. At each face stand its most probable attributes.
width, height = photo_sizes(X.paths).T
largest = np.lexsort([[-len(each) for each in boxes], width < height])
shown = X.paths[largest[:4]]
columns = [name for name in faces if name in SHOWN or name not in train.target_names]
display = GroupDisplay.from_reading(
    faces.loc[faces["photo"].isin(shown), columns], n_columns=2
)
plt.show()

if args.output:
    display.figure_.savefig(args.output, dpi=100)
    # a palette makes a third of the file
    picture = Image.open(args.output).convert("RGB")
    picture.quantize(256).save(args.output, optimize=True)
