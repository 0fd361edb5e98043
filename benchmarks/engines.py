"""VGG19 up to block 4 on the engines of Keras 3: photos a second, and what is lost.

Each engine runs in a process of its own, one after the other, on the same decoded
photos. What is lost is told by the features of preset "best" beside those of
TensorFlow's float32: the least cosine of a photo. Engines that are not installed are
left out; ``pip install ai-edge-litert jax torch openvino`` brings all of them. ::

    python benchmarks/engines.py --data CELEBA --weights FILE
"""

import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from _common import alone, arguments, load_photos

# backend, dtype, whether Keras compiles (None leaves it to Keras)
ENGINES = [
    ("tensorflow", "float32", None),
    ("tensorflow", "float32", True),
    ("tensorflow", "bfloat16", None),
    ("tensorflow", "bfloat16", True),
    ("jax", "float32", None),
    ("jax", "bfloat16", None),
    ("torch", "float32", None),
    ("torch", "bfloat16", None),
    ("litert", "int8", None),
    ("openvino", "float32", None),
    ("openvino", "bfloat16", None),
]


def main():
    parser = arguments(__doc__, n_photos=256)
    parser.add_argument("--rounds", type=int, default=3, help="%(default)s")
    args = parser.parse_args()
    X, _ = load_photos(args)
    rows, exact = [], None
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos.npy")
        np.save(photos, np.asarray(X.resized((224, 224))))
        for backend, dtype, compiled in ENGINES:
            row = {"engine": backend, "dtype": dtype, "jit_compile": compiled or ""}
            try:
                features, rate = alone(
                    run, backend, dtype, compiled, args.weights, photos, args.rounds
                )
            except Exception as error:
                print(f"{backend}, {dtype}: {str(error).splitlines()[0]}", flush=True)
                continue
            exact = features if exact is None else exact
            cosines = (features * exact).sum(axis=1)
            rows.append({**row, "photos/s": rate, "least cosine": cosines.min()})
            print(rows[-1], flush=True)
    print(pd.DataFrame(rows).round(5).to_string(index=False))


def run(backend, dtype, compiled, weights, photos, rounds):
    """Features of photos, and photos a second at best, in this new process."""
    is_exported = backend in ("litert", "openvino")
    os.environ["KERAS_BACKEND"] = "tensorflow" if is_exported else backend
    if backend == "tensorflow" and compiled:
        os.environ["TF_XLA_FLAGS"] = "--tf_xla_cpu_global_jit"
    from skface import VGG19Features
    from skface.features._network import get_network

    photos = np.load(photos)
    features = VGG19Features(
        weights, layer="block4_pool", pooling=(7, 7), normalize="sqrt_l2"
    ).fit(photos)
    network = get_network(features._specification(), dtype)
    predict = network.predict_on_batch
    if backend == "openvino":
        predict = exported(network, dtype)
    elif compiled:
        network.compile(jit_compile=True)
    batches = np.split(photos, range(32, len(photos), 32))
    rows = np.concatenate([np.asarray(predict(batch)) for batch in batches])
    times = []
    for _ in range(rounds):
        start = perf_counter()
        for batch in batches:
            predict(batch)
        times.append(perf_counter() - start)
    return rows, len(photos) / min(times)


def exported(network, dtype):
    """The network as Keras exports it, run by OpenVINO."""
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, verbose=False)
        model = openvino.convert_model(folder)
    precision = {"float32": "f32", "bfloat16": "bf16"}[dtype]
    compiled = openvino.compile_model(
        model, "CPU", {"INFERENCE_PRECISION_HINT": precision}
    )
    return lambda batch: compiled(batch)[0]


if __name__ == "__main__":
    sys.exit(main())
