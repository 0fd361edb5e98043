"""The demo and its command."""

import pytest

import skface
from skface import FaceDetector
from skface.__main__ import main
from skface.cli import _demo
from skface.datasets import WiderFaceLoader
from skface.pipelines import MAKERS


def small(maker):
    """The maker of a pipeline, with a head that is soon trained."""
    return lambda **options: maker(**options).set_params(
        head__n_layers=0, head__epochs=5
    )


def small_detector(*args, **options):
    return FaceDetector(*args, **options | {"longest_side": 224, "steps": 40})


@pytest.fixture(scope="module")
def ran(drawn_root, groups_root, tmp_path_factory):
    """Where the demo wrote, after a small search of small heads."""
    output = tmp_path_factory.mktemp("demo")
    makers = {target: small(maker) for target, maker in MAKERS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_demo, "MAKERS", makers)
        patch.setattr(_demo, "FaceDetector", small_detector)
        patch.setattr(_demo, "_N_LAYERS", [0, 1])
        patch.setattr(_demo, "_N_UNITS", [4, 8])
        patch.setattr(_demo, "drawn_celeba", lambda *args, **options: drawn_root)
        patch.setattr(_demo, "drawn_wider", lambda *args, **options: groups_root)
        assert main(["demo", "--output", str(output)]) == 0
    return output


def test_demo_writes_pipelines_and_pictures(ran):
    assert {path.name for path in ran.iterdir()} == {
        "attributes.skface",
        "bbox.skface",
        "landmarks.skface",
        "reader.skface",
        "boxes.png",
        "faces.png",
        "groups.png",
        "search.png",
    }


def test_saved_reader_reads_the_groups(ran, groups_root):
    X, _ = WiderFaceLoader(groups_root).load("val")
    faces = skface.load(ran / "reader.skface").read(X)
    assert len(faces) > 0
    assert set(faces["photo"]) <= set(X.paths)


@pytest.mark.filterwarnings("ignore:most photos have another shape")
def test_saved_pipelines_predict_the_named_targets(ran, drawn_root):
    photo = sorted(drawn_root.glob("Img/img_celeba/*.jpg"))[0]
    for target, n_targets in (("bbox", 4), ("landmarks", 10), ("attributes", 40)):
        pipe = skface.load(ran / f"{target}.skface")
        assert len(pipe.target_names_) == n_targets
        assert pipe.predict([photo]).shape == (1, n_targets)


def test_folder_without_data_is_an_error_in_one_line(tmp_path, capsys):
    assert main(["demo", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        f"skface: error: {tmp_path}: has photos, lists and a partition for"
    )
    assert said.count("\n") == 1
