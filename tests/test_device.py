"""Which precision "auto" is, and what a GPU needs."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from skface.features import _device


@pytest.fixture
def hardware(monkeypatch, tmp_path):
    """Says which processor and driver there are, and where Keras' arrays lie."""

    def hardware(bfloat16, driver, device):
        _device.fastest_dtype.cache_clear()
        array = SimpleNamespace(device=device)
        keras = SimpleNamespace(ops=SimpleNamespace(zeros=lambda shape: array))
        drivers = [tmp_path if driver else tmp_path / "absent"]
        monkeypatch.setattr(_device, "_GPU_DRIVERS", drivers)
        monkeypatch.setattr(_device, "import_keras", lambda: keras)
        monkeypatch.setattr(_device, "processor_has_bfloat16", lambda: bfloat16)

    yield hardware
    _device.fastest_dtype.cache_clear()


def test_a_system_that_does_not_tell_has_no_bfloat16(monkeypatch):
    def unreadable(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", unreadable)
    assert not _device.processor_has_bfloat16()


@pytest.mark.parametrize(
    "device",
    [
        "/job:localhost/replica:0/task:0/device:GPU:0",  # TensorFlow
        "cuda:0",  # JAX, PyTorch
        "rocm:0",
    ],
)
def test_a_gpu_computes_in_half_precision(hardware, device):
    hardware(bfloat16=False, driver=True, device=device)
    assert _device.fastest_dtype() == "bfloat16"


@pytest.mark.parametrize(
    "device", ["/job:localhost/replica:0/task:0/device:CPU:0", "TFRT_CPU_0", "cpu"]
)
def test_a_gpu_that_keras_does_not_use_does_not_count(hardware, device):
    hardware(bfloat16=False, driver=True, device=device)
    assert _device.fastest_dtype() == "float32"


def test_keras_is_not_asked_where_there_is_no_driver(hardware):
    hardware(bfloat16=False, driver=False, device="cuda:0")
    assert _device.fastest_dtype() == "float32"


def test_keras_is_not_asked_where_the_processor_is_able(hardware, monkeypatch):
    hardware(bfloat16=True, driver=True, device="cpu")
    monkeypatch.setattr(_device, "import_keras", None)
    assert _device.fastest_dtype() == "bfloat16"


@pytest.mark.parametrize(("user", "expected"), [(None, "true"), ("false", "false")])
def test_memory_of_a_gpu_grows_unless_the_user_says_otherwise(user, expected):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_FORCE")}
    if user:
        environment["TF_FORCE_GPU_ALLOW_GROWTH"] = user
    code = (
        "import os, sys, types; sys.modules['keras'] = types.ModuleType('keras');"
        "from skface._keras import import_keras; import_keras();"
        "print(os.environ['TF_FORCE_GPU_ALLOW_GROWTH'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected
