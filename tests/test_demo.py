"""The demo and its command."""

import pytest

import skface
from skface.__main__ import main
from skface.datasets import make_celeba


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return make_celeba(tmp_path_factory.mktemp("drawn") / "celeba", 60, random_state=0)


@pytest.fixture(scope="module")
def ran(drawn, tmp_path_factory):
    """Where the demo wrote."""
    output = tmp_path_factory.mktemp("demo")
    assert main(["demo", "--data", str(drawn), "--output", str(output)]) == 0
    return output


def test_demo_writes_pipelines_and_pictures(ran):
    assert {path.name for path in ran.iterdir()} == {
        "attributes.skface",
        "bbox.skface",
        "landmarks.skface",
        "boxes.png",
        "faces.png",
        "search.png",
    }


@pytest.mark.filterwarnings("ignore:most photos have another shape")
def test_saved_pipelines_predict_the_named_targets(ran, drawn):
    photo = sorted(drawn.glob("Img/img_celeba/*.jpg"))[0]
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
