"""What importing skface costs."""

import subprocess
import sys
from pathlib import Path

import skface


def loaded_by(code):
    """The modules a fresh interpreter has after running `code`."""
    listing = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_loads_neither_tensorflow_nor_matplotlib():
    modules = loaded_by("import skface")
    assert not modules & {"tensorflow", "keras", "matplotlib", "pandas", "sklearn"}


def test_features_and_loader_load_no_keras():
    modules = loaded_by(
        "from skface import CelebALoader, ImageArray, VGG19Features; VGG19Features()"
    )
    assert not modules & {"tensorflow", "keras"}


def test_importing_keras_and_predicting_say_nothing_on_the_terminal():
    saved = Path(__file__).parent / "data" / "saved-1.skface"
    code = (
        "import numpy as np, skface\n"
        "skface.DenseHeadRegressor\n"
        f"pipe = skface.load({str(saved)!r})\n"
        "pipe.predict(np.zeros((1, 32, 32, 3), np.uint8))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == done.stdout == ""


def test_every_public_name_exists():
    for name in skface.__all__:
        assert getattr(skface, name) is not None
