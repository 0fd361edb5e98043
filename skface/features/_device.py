"""What the hardware can do."""

from functools import cache
from pathlib import Path

from skface._keras import import_keras

_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
_GPU_DRIVERS = [Path("/dev", name) for name in ("nvidiactl", "kfd", "dxg")]


COMPUTE_DTYPES = ("auto", "float32", "bfloat16", "float16", "int8")


def known_dtype(compute_dtype) -> str:
    """One of `COMPUTE_DTYPES`, the fastest float in place of "auto"."""
    return fastest_dtype() if compute_dtype == "auto" else compute_dtype


@cache
def fastest_dtype() -> str:
    """ "bfloat16" where the hardware computes in it, "float32" elsewhere.

    Processors are asked through Linux' ``/proc/cpuinfo``; a GPU that Keras' backend
    computes on, be it TensorFlow, JAX or PyTorch, counts as able.
    """
    return "bfloat16" if processor_has_bfloat16() or _has_gpu() else "float32"


def processor_has_bfloat16() -> bool:
    """Whether the processor has instructions for it; False where Linux does not say."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(
        _BFLOAT16_FLAGS.intersection(line.split())
        for line in cpuinfo.splitlines()
        if line.lower().startswith(("flags", "features"))
    )


def _has_gpu():
    # Keras is asked only where a driver is loaded: it takes seconds to import.
    if not any(driver.exists() for driver in _GPU_DRIVERS):
        return False
    # Where its arrays lie: list_devices fails on PyTorch, and on JAX without a GPU.
    device = str(import_keras().ops.zeros(()).device).lower()
    return any(name in device for name in ("gpu", "cuda", "rocm"))
