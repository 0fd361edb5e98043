"""The demo and its command."""

import pytest

import skface
from skface.__main__ import main
from skface.cli import _demo
from skface.datasets import WiderFaceLoader, drawn_celeba, drawn_wider


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Where the demo wrote, with fewer drawn photos than usual."""
    output = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKFACE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(_demo, "_N_FACES", 60)
        patch.setattr(_demo, "_N_GROUPS", 15)
        assert main(["demo", "--output", str(output)]) == 0
        yield output


@pytest.fixture(scope="module")
def groups(ran):
    return list(WiderFaceLoader(drawn_wider(15)).load("val")[0].paths)


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


def test_saved_reader_reads_the_groups(ran, groups):
    faces = skface.load(ran / "reader.skface").read(groups)
    assert set(faces["photo"]) <= set(groups)
    assert len(faces) > 0
    assert "Smiling" in faces


@pytest.mark.filterwarnings("ignore:most photos have another shape")
def test_saved_pipelines_predict_the_named_targets(ran):
    photo = sorted(drawn_celeba(60).glob("Img/img_celeba/*.jpg"))[0]
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
