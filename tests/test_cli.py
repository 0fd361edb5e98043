"""The command: what it prints, what it writes, and with which status it ends."""

import csv
import io
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import skface
from skface import (
    CelebALoader,
    DenseHeadClassifier,
    DenseHeadRegressor,
    VGG19Features,
)
from skface.cli import main
from skface.datasets import (
    ATTRIBUTE_NAMES,
    WiderFaceLoader,
    to_pixels,
)
from skface.metrics import attribute_accuracy, iou_score, nme_score
from skface.photos import photo_sizes
from skface.pipelines import AlignedFaces, FacePipeline
from skface.targets import Attributes, Landmarks

COMMANDS = [
    *("demo", "info", "extract", "fit", "search"),
    *("evaluate", "predict", "read", "card", "cache"),
]
FAST = ["--weights", "synthetic", "--set"]
FAST += ["head__n_layers=1", "head__n_units=16", "head__epochs=2"]


@pytest.fixture(scope="module")
def celeba(drawn_root):
    return drawn_root


@pytest.fixture(scope="module")
def photos(celeba):
    """Three photos, with their paths as strings."""
    folder = celeba / "Img" / "img_celeba"
    return [str(folder / f"00000{number}.jpg") for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def box_run(celeba, tmp_path_factory):
    """Folder of a fit of boxes."""
    folder = tmp_path_factory.mktemp("run") / "box"
    arguments = ["fit", "--data", str(celeba), "--target", "bbox", "--looks", "1"]
    arguments += FAST
    assert main([*arguments, "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def points_run(celeba, tmp_path_factory):
    """Folder of a fit of landmarks, which are looked for twice."""
    folder = tmp_path_factory.mktemp("run") / "points"
    arguments = ["fit", "--data", str(celeba), "--target", "landmarks", "--wild", *FAST]
    arguments += ["--set", "n_looks=2", "head__n_layers=0", "second__head__n_layers=1"]
    arguments += ["--random-state", "0"]
    assert main([*arguments, "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def attribute_run(celeba, tmp_path_factory):
    """Folder of a fit of attributes."""
    folder = tmp_path_factory.mktemp("run") / "attributes"
    arguments = ["fit", "--data", str(celeba), "--random-state", "0", *FAST]
    assert main([*arguments, "--output", str(folder)]) == 0
    return folder


@pytest.fixture
def run(capsys):
    """Run the command: exit status, standard output, standard error."""

    def run(*arguments):
        capsys.readouterr()
        status = main(list(map(str, arguments)))
        return status, *capsys.readouterr()

    return run


def rows_of(text):
    return list(csv.reader(io.StringIO(text)))


def bad_photos(folder):
    """A photo that is none, and one that breaks off."""
    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole, "JPEG")
    (folder / "text.jpg").write_text("no photo")
    (folder / "half.jpg").write_bytes(whole.getvalue()[:1500])
    return [str(folder / "text.jpg"), str(folder / "half.jpg")]


@pytest.fixture(scope="module")
def reader_run(groups_root, points_run, attribute_run, tmp_path_factory):
    """Folder of a fit of a reader of all faces."""
    folder = tmp_path_factory.mktemp("run") / "reader"
    arguments = ["fit", "--data", str(groups_root), "--target", "faces"]
    arguments += ["--landmarks", str(points_run / "model.skface")]
    arguments += ["--attributes", str(attribute_run / "model.skface")]
    arguments += ["--weights", "synthetic", "--random-state", "0", "--no-cache"]
    arguments += ["--set", "longest_side=224", "steps=40", "threshold=0.3"]
    assert main([*arguments, "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def groups(groups_root):
    """The val photos, with their paths as strings."""
    return list(map(str, sorted(groups_root.glob("WIDER_val/images/*/*.jpg"))))


# help and errors


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_and_is_listed(command, capsys):
    for arguments in ([command, "--help"], ["--help"]):
        with pytest.raises(SystemExit) as exit:
            main(arguments)
        assert exit.value.code == 0
        assert command in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["cache", "info"]])
def test_help_and_cache_load_no_keras(arguments, tmp_path):
    code = (
        "import sys\nfrom skface.cli import main\n"
        f"try: main({arguments})\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    environment = {**os.environ, "SKFACE_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0
    assert not {"tensorflow", "keras"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["dance"], "invalid choice: 'dance'"),
        (["fit"], "the following arguments are required: --data"),
        (["fit", "--data", ".", "--set", "epochs"], "'epochs' is not NAME=VALUE"),
        (["search", "--data", ".", "--n-units", "0"], "0 is below 1"),
        (["predict", "model.skface"], "arguments are required: PHOTO"),
    ],
)
def test_wrong_usage_ends_with_2(arguments, text, capsys):
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    assert exit.value.code == 2
    assert text in capsys.readouterr().err


def test_error_is_one_line_and_ends_with_1(run, tmp_path):
    status, out, err = run("fit", "--data", tmp_path / "nowhere")
    assert (status, out) == (1, "")
    assert err == f"skface: error: {tmp_path / 'nowhere'}: no such folder\n"


def test_traceback_shows_where_an_error_comes_from(tmp_path):
    with pytest.raises(skface.exceptions.DatasetError):
        main(["fit", "--data", str(tmp_path / "nowhere"), "--traceback"])


def test_interrupt_is_one_line_and_ends_with_130(run, monkeypatch):
    from skface.cli import _cache

    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_cache, "run", interrupted)
    assert run("cache", "info") == (130, "", "skface: interrupted\n")


def test_reader_that_has_seen_enough_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "skface", "cache", "info"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.filterwarnings("default::skface.exceptions.SkfaceWarning")
def test_warning_is_one_line(run, celeba, box_run, tmp_path):
    data = tmp_path / "celeba"
    data.mkdir()
    for name in ("Img", "Eval"):
        (data / name).symlink_to(celeba / name)
    lines = (celeba / "Anno" / "list_bbox_celeba.txt").read_text().splitlines()
    lines[-1] = "000060.jpg 1 1 0 0"
    (data / "list_bbox_celeba.txt").write_text("\n".join(lines))
    _, _, err = run("evaluate", box_run / "model.skface", "--data", data)
    assert "skface: warning: 1 photo is left out: the box has no area" in err


# fit, evaluate, search


def test_fit_writes_a_folder(box_run, attribute_run):
    common = "history.png model.skface report.csv report.json settings.json worst.png"
    for folder, own in (
        (box_run, ["errors.png"]),
        (attribute_run, ["attributes.png", "attributes.csv"]),
    ):
        names = {path.name for path in folder.iterdir()}
        assert names == {*common.split(), *own}


def test_fit_tells_and_pictures_both_looks(points_run, run, celeba, tmp_path):
    names = {path.name for path in points_run.iterdir()}
    assert {"history-first.png", "history-second.png"} <= names
    assert "history.png" not in names
    report = json.loads((points_run / "report.json").read_text())
    assert [look["n_epochs"] for look in report["looks"]] == [2, 2]
    params = json.loads((points_run / "settings.json").read_text())["pipeline"]
    layers = [params[f"{look}__head__n_layers"] for look in ("first", "second")]
    assert (layers, params["n_looks"]) == ([0, 1], 2)
    _, _, err = run(
        *("fit", "--data", celeba, "--target", "bbox", "--looks", 2, *FAST),
        *("--set", "head__n_layers=0", "--output", tmp_path / "box"),
    )
    assert re.search(r"first look: 2 epochs, the best \d\nsecond look: 2 epochs", err)


@pytest.mark.parametrize("command", [["fit", "--data"], ["extract"]])
def test_looks_at_attributes_are_refused(run, celeba, command):
    status, _, err = run(*command, celeba, "--target", "attributes", "--looks", 2)
    assert status == 1
    assert "--looks 2: boxes and landmarks can be looked for more than once" in err


def test_report_is_that_of_the_model_beside_the_baseline(celeba, box_run):
    loader = CelebALoader(celeba, "bbox")
    X, y = loader.load("test")
    mean = np.broadcast_to(loader.load("train")[1].mean(axis=0), y.shape)
    pipe = skface.load(box_run / "model.skface")
    report = pd.read_csv(box_run / "report.csv", index_col="figure").loc["box IoU"]
    assert report["better"] == "higher"
    assert report["skface"] == pytest.approx(iou_score(y, pipe.predict(X)), rel=1e-5)
    assert report["baseline"] == pytest.approx(iou_score(y, mean), rel=1e-5)


def test_attributes_are_reported_one_by_one(attribute_run):
    table = pd.read_csv(attribute_run / "attributes.csv", index_col="attribute")
    assert tuple(table.index) == ATTRIBUTE_NAMES
    report = json.loads((attribute_run / "report.json").read_text())
    assert report["figures"][0]["skface"] == pytest.approx(table["accuracy"].mean())


def test_settings_repeat_the_run(box_run, tmp_path, monkeypatch):
    settings = json.loads((box_run / "settings.json").read_text())
    command = shlex.split(settings["command"])
    assert command[:2] == ["skface", "fit"]
    assert command[-2:] == ["--random-state", str(settings["random_state"])]
    command[command.index("--output") + 1] = str(tmp_path / "again")
    assert main(command[1:]) == 0
    first, again = (
        json.loads((folder / "report.json").read_text())["figures"]
        for folder in (box_run, tmp_path / "again")
    )
    assert first == again


def test_settings_name_every_parameter_of_the_pipeline(box_run):
    params = json.loads((box_run / "settings.json").read_text())["pipeline"]
    assert params["head__n_units"] == 16
    assert params["features__pooling"] == [7, 7]


def test_runs_are_not_mixed(run, celeba, box_run):
    before = sorted(box_run.iterdir())
    status, _, err = run("fit", "--data", celeba, *FAST, "--output", box_run)
    assert status == 1
    assert err == (
        f"skface: error: {box_run}: exists already; name a new folder by --output\n"
    )
    assert sorted(box_run.iterdir()) == before


def test_unknown_parameter_is_refused_with_the_nearest(run, celeba, tmp_path):
    status, _, err = run(
        *("fit", "--data", celeba, "--set", "head__n_layer=2"),
        *("--output", tmp_path / "run"),
    )
    assert status == 1
    assert "--set head__n_layer: the pipeline has no such parameter" in err
    assert "head__n_layers" in err
    assert not (tmp_path / "run").exists()


def test_fit_that_fails_leaves_the_folder_free(run, celeba, tmp_path):
    arguments = ["fit", "--data", celeba, *FAST, "--output", tmp_path / "run"]
    status, _, err = run(*arguments, "--set", "head__loss=least")
    assert status == 1
    assert "'loss' parameter of DenseHeadClassifier" in err
    assert run(*arguments)[0] == 0


def test_evaluate_measures_a_split(run, celeba, attribute_run):
    model = attribute_run / "model.skface"
    status, out, _ = run(
        "evaluate", model, "--data", celeba, "--split", "valid", "--json"
    )
    X, y = CelebALoader(celeba).load("valid")
    report = json.loads(out)
    assert status == 0
    assert (report["n_photos"], report["split"]) == (len(y), "valid")
    assert report["figures"][0]["skface"] == pytest.approx(
        attribute_accuracy(y, skface.load(model).predict(X))
    )


def test_evaluate_prints_what_fit_printed(run, celeba, box_run):
    status, out, err = run("evaluate", box_run / "model.skface", "--data", celeba)
    assert status == 0
    header, first, _ = out.splitlines()
    assert header.split() == ["figure", "better", "baseline", "skface"]
    report = pd.read_csv(box_run / "report.csv", index_col="figure").loc["box IoU"]
    assert float(first.split()[-1]) == pytest.approx(report["skface"], abs=5e-4)
    assert err == f"bbox of 6 photos of {celeba}\n"


def test_evaluate_joins_attributes_by_name(run, celeba, attribute_run, tmp_path):
    data = tmp_path / "celeba"
    data.mkdir()
    for name in ("Img", "Eval"):
        (data / name).symlink_to(celeba / name)
    count, header, *lines = (
        (celeba / "Anno" / "list_attr_celeba.txt").read_text().splitlines()
    )
    turned = [header.split()[::-1]]
    turned += [[name, *values[::-1]] for name, *values in map(str.split, lines)]
    text = "\n".join([count, *map(" ".join, turned)])
    (data / "list_attr_celeba.txt").write_text(text)
    model = attribute_run / "model.skface"
    found = [run("evaluate", model, "--data", root, "-q") for root in (celeba, data)]
    assert found[0] == found[1]

    (data / "list_attr_celeba.txt").write_text(text.replace("Young", "Old"))
    status, _, err = run("evaluate", model, "--data", data)
    assert status == 1
    assert "its list has no Young, which the model tells" in err


def test_search_writes_the_table_and_the_best_model(run, celeba, tmp_path):
    folder = tmp_path / "search"
    status, out, _ = run(
        *("search", "--data", celeba, "--target", "bbox", *FAST, "--random-state", 0),
        *("--looks", 1),
        *("--n-layers", 0, 1, "--n-units", 4, 16, "--output", folder),
    )
    assert status == 0
    table = pd.read_csv(folder / "search.csv")
    assert len(table) == 4
    assert (folder / "search.png").exists()
    best = table.iloc[0]
    assert best["mean_test_score"] == table["mean_test_score"].max()
    head = skface.load(folder / "model.skface")["head"]
    assert (head.n_layers, head.n_units) == (
        best["n_layers"],
        best["n_units"],
    )
    assert "n_units" in out


def test_search_of_nothing_but_failures_tells_the_cause(run, celeba, tmp_path):
    status, _, err = run(
        *("search", "--data", celeba, "--target", "bbox", *FAST, "--looks", 1),
        *("--set", "head__loss=least", "--n-layers", 1, "--output", tmp_path / "run"),
    )
    assert status == 1
    last = err.splitlines()[-1]
    assert last.startswith("skface: error: no candidate could be fitted: ")
    assert "'loss' parameter of DenseHeadRegressor" in last


def test_search_finds_the_head_of_both_looks(run, celeba, tmp_path):
    folder = tmp_path / "search"
    status, _, err = run(
        *("search", "--data", celeba, "--target", "bbox", *FAST, "--random-state", 0),
        *("--n-layers", 0, 1, "--n-units", 4, "--output", folder),
    )
    assert status == 0
    assert "VGG19 on 48 train photos" in err
    best = pd.read_csv(folder / "search.csv").iloc[0]
    look = skface.load(folder / "model.skface")
    heads = look.first_["head"], look.second_["head"]
    assert [head.n_layers for head in heads] == [best["n_layers"]] * 2


# predict


def test_landmarks_of_two_looks_are_told_and_measured(run, points_run, celeba, photos):
    model = points_run / "model.skface"
    _, out, _ = run("predict", model, *photos, "--fractions", "--json")
    found = [list(row.values())[1:] for row in json.loads(out)]
    X, y = CelebALoader(celeba, "landmarks", aligned=False).load("test")
    look = skface.load(model)
    assert look.n_looks == 2
    assert np.array(found) == pytest.approx(look.predict(photos), abs=1e-6)
    status, out, _ = run("evaluate", model, "--data", celeba, "--wild")
    report = pd.read_csv(points_run / "report.csv", index_col="figure")
    assert status == 0
    assert report.loc["landmark NME", "skface"] == pytest.approx(
        nme_score(y, look.predict(X), image_sizes=photo_sizes(X.paths)), rel=1e-5
    )
    assert float(out.splitlines()[1].split()[-1]) == pytest.approx(
        report["skface"].iloc[0], abs=5e-4
    )


@pytest.fixture(scope="module")
def aligned_model(attribute_run, points_run, tmp_path_factory):
    """Attributes behind a step that aligns, and its file."""
    file = tmp_path_factory.mktemp("aligned") / "model.skface"
    pipe = skface.load(attribute_run / "model.skface")
    align = AlignedFaces(skface.load(points_run / "model.skface"))
    skface.save(pipe.behind(align), file)
    return file


@pytest.mark.filterwarnings("error")
def test_faces_are_aligned_before_attributes_are_told(
    run, attribute_run, points_run, aligned_model, photos, tmp_path
):
    model, points = attribute_run / "model.skface", points_run / "model.skface"
    crops = tmp_path / "crops"
    status, out, err = run(
        *("predict", model, *photos, "--proba", "--landmarks", points),
        *("--crops", crops),
    )
    assert status == 0
    assert f"3 faces in {crops}\n" in err
    faces = AlignedFaces(skface.load(points)).fit(photos).transform(photos)
    expected = skface.load(model).predict_proba(faces)
    found = np.array([row[1:] for row in rows_of(out)[1:]], float)
    assert found == pytest.approx(expected, abs=1e-6)
    for photo, face in zip(photos, faces, strict=True):
        with Image.open(crops / os.path.basename(photo)) as crop:
            assert crop.size == (178, 218)
            assert np.abs(np.subtract(crop, face, dtype=int)).mean() < 5
    assert run("predict", aligned_model, *photos, "--proba")[1] == out


@pytest.mark.filterwarnings("default::skface.exceptions.SkfaceWarning")
def test_photos_in_the_wild_are_told_with_the_option_that_aligns(
    run, attribute_run, photos
):
    status, _, err = run("predict", attribute_run / "model.skface", *photos)
    assert status == 0
    assert err.count("skface: warning: ") == 1
    assert "--landmarks MODEL of skface predict" in err


def test_crops_of_boxes_are_1_8_boxes(run, box_run, photos, tmp_path):
    model = box_run / "model.skface"
    status, *_ = run("predict", model, *photos, "--crops", tmp_path / "crops")
    assert status == 0
    boxes = skface.load(model).predict(photos)
    sizes = [Image.open(photo).size for photo in photos]
    frames = skface.Frames.from_boxes(boxes, sizes, margin=0.4)
    expected = skface.ImageArray(photos, 224, frames)
    for photo, face in zip(photos, expected, strict=True):
        with Image.open(tmp_path / "crops" / os.path.basename(photo)) as crop:
            assert np.abs(np.subtract(crop, face, dtype=int)).mean() < 5


def test_crops_of_landmarks_are_aligned_faces(run, points_run, photos, tmp_path):
    model = points_run / "model.skface"
    run("predict", model, photos[0], "--crops", tmp_path / "crops")
    face = AlignedFaces(skface.load(model)).fit(photos).transform(photos[:1])[0]
    with Image.open(tmp_path / "crops" / "000001.jpg") as crop:
        assert np.abs(np.subtract(crop, face, dtype=int)).mean() < 5


def test_options_that_do_not_go_with_the_model_are_refused(
    run, box_run, attribute_run, points_run, aligned_model, photos, tmp_path
):
    box, points = box_run / "model.skface", points_run / "model.skface"
    attributes = attribute_run / "model.skface"
    seen = tmp_path / "seen"
    for model, options, text in (
        (box, ["--landmarks", points], "is for models of attributes"),
        (attributes, ["--landmarks", box], "tells boxes, not the five landmarks"),
        (aligned_model, ["--landmarks", points], "aligns photos by itself"),
        (attributes, ["--crops", seen], "does not tell where the face is; add --land"),
        (box, ["--crops", seen, "--annotate", seen], "is the folder of --annotate too"),
    ):
        status, out, err = run("predict", model, photos[0], *options)
        assert (status, out) == (1, "")
        assert text in err


def test_boxes_are_pixels_of_each_photo(run, box_run, photos):
    model = box_run / "model.skface"
    status, out, _ = run("predict", model, *photos)
    header, *rows = rows_of(out)
    sizes = [Image.open(photo).size for photo in photos]
    expected = to_pixels(skface.load(model).predict(photos), sizes)
    assert status == 0
    assert header == ["photo", "x", "y", "width", "height"]
    assert [row[0] for row in rows] == photos
    assert np.array([row[1:] for row in rows], float) == pytest.approx(
        expected, abs=0.006
    )


def test_fractions_are_what_the_pipeline_predicts(run, box_run, photos):
    model = box_run / "model.skface"
    _, out, _ = run("predict", model, *photos, "--fractions", "--json")
    found = [list(row.values())[1:] for row in json.loads(out)]
    assert np.array(found) == pytest.approx(
        skface.load(model).predict(photos), abs=1e-6
    )


@pytest.mark.filterwarnings("ignore:most photos have another shape")
def test_attributes_are_0_or_1_or_probabilities(run, attribute_run, photos):
    model = attribute_run / "model.skface"
    pipe = skface.load(model)
    _, out, _ = run("predict", model, *photos)
    header, *rows = rows_of(out)
    assert header == ["photo", *ATTRIBUTE_NAMES]
    assert np.array_equal(np.array([r[1:] for r in rows], int), pipe.predict(photos))
    _, out, _ = run("predict", model, *photos, "--proba")
    found = np.array([row[1:] for row in rows_of(out)[1:]], float)
    assert found == pytest.approx(pipe.predict_proba(photos), abs=1e-6)


def test_json_says_the_same_as_csv(run, box_run, photos):
    model = box_run / "model.skface"
    header, *rows = rows_of(run("predict", model, *photos)[1])
    records = json.loads(run("predict", model, *photos, "--json")[1])
    assert [list(record) for record in records] == [header] * 3
    assert [[str(v) for v in list(r.values())[:1]] for r in records] == [
        row[:1] for row in rows
    ]
    assert [list(r.values())[1:] for r in records] == [
        [float(value) for value in row[1:]] for row in rows
    ]


def test_output_goes_to_a_file_in_the_form_of_its_name(run, box_run, photos, tmp_path):
    model = box_run / "model.skface"
    for name in ("boxes.json", "boxes.csv"):
        status, out, _ = run("predict", model, *photos, "--output", tmp_path / name)
        assert (status, out) == (0, "")
    records = json.loads((tmp_path / "boxes.json").read_text())
    table = pd.read_csv(tmp_path / "boxes.csv")
    assert table.to_dict("records") == records


def test_folders_and_patterns_stand_for_their_photos(
    run, box_run, photos, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "notes.txt").write_text("none")
    (tmp_path / "a" / ".hidden.jpg").write_text("none")
    for name in ("a/deep/2.jpg", "a/1.JPG", "b3.jpg"):
        (tmp_path / name).symlink_to(photos[0])
    _, out, err = run("predict", box_run / "model.skface", "a", "b*.jpg", "a/1.JPG")
    found = [row[0] for row in rows_of(out)[1:]]
    assert found == ["a/1.JPG", "a/deep/2.jpg", "b3.jpg"]
    assert err == (
        "left out: 1 hidden file (a/.hidden.jpg)\n"
        "left out: 1 file that is no photo (1 .txt)\n"
        "3 photos\n"
    )


def test_folder_without_photos_is_an_error(run, box_run, tmp_path):
    status, _, err = run("predict", box_run / "model.skface", tmp_path)
    assert status == 1
    assert re.match(rf"skface: error: {tmp_path}: no photo there \(.*BMP, ", err)


@pytest.mark.filterwarnings("ignore:most photos have another shape")
@pytest.mark.parametrize("target", ["bbox", "attributes"])
def test_bad_photos_are_reported_and_the_others_predicted(
    run, box_run, attribute_run, photos, tmp_path, target
):
    folder = box_run if target == "bbox" else attribute_run
    bad = [*bad_photos(tmp_path), str(tmp_path / "nowhere.jpg")]
    given = [bad[0], photos[0], bad[1], photos[1], bad[2]]
    status, out, err = run("predict", folder / "model.skface", *given, "--no-cache")
    alone = run("predict", folder / "model.skface", *photos[:2], "--no-cache")
    assert status == 1
    assert out == alone[1]
    reports = [line for line in err.splitlines() if "error" in line]
    assert sorted(line.split(": ")[2] for line in reports) == sorted(bad)


def test_no_good_photo_prints_nothing(run, box_run, tmp_path):
    bad = bad_photos(tmp_path)
    status, out, err = run("predict", box_run / "model.skface", *bad)
    assert (status, out) == (1, "")
    assert err.count("skface: error: ") == 2


def test_annotated_photos_are_as_large_as_they_were(run, box_run, photos, tmp_path):
    seen = tmp_path / "seen"
    status, *_ = run("predict", box_run / "model.skface", *photos, "--annotate", seen)
    assert status == 0
    assert sorted(path.name for path in seen.iterdir()) == [
        "000001.jpg",
        "000002.jpg",
        "000003.jpg",
    ]
    for photo in photos:
        before = Image.open(photo)
        after = Image.open(seen / os.path.basename(photo))
        assert after.size == before.size
        assert np.abs(np.subtract(after, before, dtype=int)).max() > 60


@pytest.mark.parametrize(("options", "n_opens"), [([], 2), (["--annotate"], 3)])
def test_a_new_photo_is_opened_only_so_often(
    run, box_run, photos, tmp_path, monkeypatch, options, n_opens
):
    photo = tmp_path / "new.png"
    Image.open(photos[0]).save(photo)
    time.sleep(0.06)  # until the clock of a file's times has moved
    opened = []

    def counting(file, *arguments, **options):
        opened.append(str(file))
        return open_file(file, *arguments, **options)

    open_file = open
    monkeypatch.setattr("builtins.open", counting)
    arguments = ["predict", box_run / "model.skface", photo]
    arguments += ["--cache-dir", tmp_path / "store"]
    options = [*options, tmp_path / "seen"] if options else []
    assert run(*arguments, *options)[0] == 0
    assert opened.count(str(photo)) == n_opens


def test_annotated_photos_of_one_name_are_numbered(
    run, attribute_run, celeba, photos, tmp_path
):
    aligned = str(celeba / "Img" / "img_align_celeba" / "000001.jpg")
    seen = tmp_path / "seen"
    run(
        *("predict", attribute_run / "model.skface", photos[0], aligned),
        *("--annotate", seen),
    )
    assert sorted(path.name for path in seen.iterdir()) == [
        "000001-2.jpg",
        "000001.jpg",
    ]
    assert Image.open(seen / "000001-2.jpg").width == Image.open(aligned).width


def test_photos_are_never_annotated_in_their_own_folder(run, box_run, photos):
    folder = os.path.dirname(photos[0])
    before = sorted(os.listdir(folder))
    status, _, err = run(
        "predict", box_run / "model.skface", photos[0], "--annotate", folder
    )
    assert status == 1
    assert f"--annotate {folder}: holds the photos; name another folder" in err
    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize("option", ["--annotate", "--crops"])
def test_no_file_that_is_there_is_drawn_over(run, box_run, photos, tmp_path, option):
    (tmp_path / "linked").mkdir()
    link = tmp_path / "linked" / "000001.jpg"
    link.symlink_to(photos[0])
    (tmp_path / "other").mkdir()
    shutil.copy(photos[1], tmp_path / "other" / "000001.jpg")
    before = [path.read_bytes() for path in map(pathlib.Path, photos)]
    for given, folder, text in (
        (link, "linked", "holds the photos"),
        (photos[0], "linked", "holds 000001.jpg already"),
        (photos[0], "other", "holds 000001.jpg already"),
    ):
        status, _, err = run(
            "predict", box_run / "model.skface", given, option, tmp_path / folder
        )
        assert status == 1
        assert text in err
    assert [path.read_bytes() for path in map(pathlib.Path, photos)] == before


def test_output_never_takes_the_place_of_a_photo_or_the_model(run, box_run, photos):
    model = box_run / "model.skface"
    for output, text in ((photos[1], "is a photo"), (model, "is the model")):
        before = pathlib.Path(output).read_bytes()
        status, _, err = run("predict", model, photos[0], "--output", output)
        assert status == 1
        assert f"--output {output}: {text}; name another file" in err
        assert pathlib.Path(output).read_bytes() == before


def test_a_model_that_is_missing_is_named_whatever_the_output_is(run, photos, tmp_path):
    (tmp_path / "out.csv").touch()
    model = tmp_path / "none.skface"
    status, _, err = run("predict", model, photos[0], "--output", tmp_path / "out.csv")
    assert status == 1
    assert str(model) in err


def test_points_of_ones_own_choice_are_measured(run, celeba, tmp_path):
    eyes = ("left_eye", "right_eye")
    target = Landmarks(eyes, (eyes,), eyes)
    loader = CelebALoader(celeba, target, aligned=False, verbose=0)
    head = DenseHeadRegressor(0, target=target, epochs=1, random_state=0)
    pipe = FacePipeline([("features", VGG19Features("synthetic")), ("head", head)])
    X, y = loader.load("train")
    skface.save(pipe.fit(X[:8], y[:8]), tmp_path / "model.skface")
    status, out, _ = run(
        *("evaluate", tmp_path / "model.skface", "--data", celeba, "--wild", "--json")
    )
    assert status == 0
    bunch = loader.load_bunch("test")
    nme = -target.scores(
        bunch.target, pipe.predict(bunch.images), bunch.image_sizes
    ).mean()
    figures = {each["figure"]: each["skface"] for each in json.loads(out)["figures"]}
    assert figures["landmark NME"] == pytest.approx(nme)


def test_coordinates_beside_attributes_are_pixels(run, photos, tmp_path):
    target = Attributes(("Big", "Small")), "bbox"
    head = DenseHeadClassifier(0, target=target, epochs=1, random_state=0)
    pipe = FacePipeline([("features", VGG19Features("synthetic")), ("head", head)])
    y = np.array([[0, 1, 0.25, 0.25, 0.5, 0.5], [1, 0, 0.25, 0.25, 0.5, 0.5]] * 3)
    pipe.fit(photos * 2, y)
    skface.save(pipe, tmp_path / "model.skface")
    _, out, _ = run("predict", tmp_path / "model.skface", photos[0])
    row = dict(zip(*rows_of(out), strict=True))
    (width, height) = photo_sizes(photos[:1])[0]
    found = pipe.predict(photos[:1])[0]
    expected = found[2:] * [width, height, width, height]
    told = [float(row[name]) for name in ("x", "y", "width", "height")]
    assert told == pytest.approx(expected, abs=0.01)
    assert float(row["Big"]) == found[0]


@pytest.mark.filterwarnings("ignore:most photos have another shape")
def test_four_attributes_are_told_and_drawn_as_attributes(
    run, attribute_run, celeba, photos, tmp_path
):
    names = ["Smiling", "Male", "Bald", "Eyeglasses"]
    bunch = CelebALoader(celeba).load_bunch("train")
    pipe = skface.load(attribute_run / "model.skface")
    y = bunch.target[:, [bunch.target_names.index(name) for name in names]]
    pipe.fit(bunch.images, y)
    model = tmp_path / "four.skface"
    skface.save(pipe, model, target_names=names)
    seen = tmp_path / "seen"
    status, out, _ = run("predict", model, photos[0], "--annotate", seen)
    header, row = rows_of(out)
    assert (status, header) == (0, ["photo", *names])
    assert set(row[1:]) <= {"0", "1"}
    before, after = Image.open(photos[0]), Image.open(seen / "000001.jpg")
    assert after.width == before.width
    assert after.height > before.height  # by the strip with their names
    report = json.loads(run("evaluate", model, "--data", celeba, "--json")[1])
    assert report["target"] == "attributes"
    assert [each["attribute"] for each in report["attributes"]] == names


def test_probabilities_of_boxes_are_refused(run, box_run, photos):
    status, _, err = run("predict", box_run / "model.skface", *photos, "--proba")
    assert status == 1
    assert "--proba is for attributes" in err


def test_fractions_of_attributes_are_refused(run, attribute_run, photos):
    model = attribute_run / "model.skface"
    status, _, err = run("predict", model, *photos, "--fractions")
    assert status == 1
    assert "--fractions is for boxes and landmarks" in err


def test_head_without_features_is_refused(run, box_run, photos, tmp_path):
    head = skface.load(box_run / "model.skface")["head"]
    skface.save(head, tmp_path / "head.skface")
    status, _, err = run("predict", tmp_path / "head.skface", *photos)
    assert status == 1
    assert "head" in err
    assert err.count("\n") == 1


def test_quiet_says_nothing_beside_the_data(run, box_run, photos):
    _, out, err = run("predict", box_run / "model.skface", *photos, "--quiet")
    assert err == ""
    assert len(out.splitlines()) == 4


def test_a_photo_whose_name_is_a_formula_is_told_by_another_path(
    run, box_run, photos, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name in ("=1+1.jpg", "@me.jpg"):
        (tmp_path / name).symlink_to(photos[0])
    arguments = ["predict", box_run / "model.skface", "=1+1.jpg", "@me.jpg"]
    found = [row[0] for row in rows_of(run(*arguments)[1])[1:]]
    assert found == [os.path.join(".", "=1+1.jpg"), os.path.join(".", "@me.jpg")]
    records = json.loads(run(*arguments, "--json")[1])
    assert [record["photo"] for record in records] == ["=1+1.jpg", "@me.jpg"]


def test_control_characters_of_a_name_are_escaped_in_errors(run, box_run):
    name = "a\x1b]0;owned\x07\nskface: error: b.jpg"
    status, _, err = run("predict", box_run / "model.skface", name)
    assert status == 1
    assert r"skface: error: a\x1b]0;owned\x07\nskface: error: b.jpg: no such" in err


# the store


def test_extracted_photos_are_not_sent_through_the_network_again(
    run, celeba, box_run, tmp_path, monkeypatch
):
    store = tmp_path / "store"
    arguments = ["--target", "bbox", "--weights", "synthetic", "--cache-dir", store]
    arguments += ["--looks", "1"]
    status, out, _ = run("extract", celeba, *arguments)
    assert status == 0
    assert out.startswith("120 new rows, 120 in all, in ")  # both sides

    def fail(*args):
        raise AssertionError("the network was built")

    monkeypatch.setattr("skface.features._network._build", fail)
    assert run("extract", celeba, *arguments)[1].startswith("0 new rows, 120 in all")
    folder = celeba / "Img" / "img_celeba"
    status, out, _ = run(
        "predict", box_run / "model.skface", folder, "--cache-dir", store
    )
    assert status == 0
    assert len(rows_of(out)) == 61


def test_extract_of_known_photos_loads_no_keras(run, photos, tmp_path):
    arguments = ["extract", photos[0], "--weights", "synthetic", "--looks", "1"]
    arguments += ["--cache-dir", str(tmp_path / "store")]
    run(*arguments)
    # where a GPU's driver is loaded, Keras is asked what the GPU can do
    code = f"""\
import sys
from skface.cli import main
from skface.features import _device
_device._has_gpu = lambda: False
print(main({arguments}), "keras" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("0 new rows, 2 in all")
    assert done.stdout.endswith("0 False\n")


def test_extract_takes_every_target_of_a_celeba_folder(run, celeba, tmp_path):
    options = ["--weights", "synthetic", "--cache-dir", tmp_path / "store"]
    status, out, _ = run("extract", celeba, *options, "--looks", 1)
    assert status == 0
    assert out.startswith("240 new rows")  # in the wild, and aligned; both sides


def test_extract_takes_the_targets_that_a_preset_has(run, celeba, tmp_path):
    options = "--weights", "synthetic", "--cache-dir", tmp_path / "store"
    status, out, _ = run("extract", celeba, *options, "--preset", "finest")
    assert status == 0
    assert out.startswith("366 new rows")  # 108 of attributes, and as below


def test_frames_of_a_second_look_are_extracted_from_a_celeba_folder(
    run, celeba, tmp_path, monkeypatch
):
    store = ["--weights", "synthetic", "--cache-dir", tmp_path / "store"]
    status, out, _ = run("extract", celeba, "--target", "bbox", *store)
    assert status == 0
    assert out.startswith("258 new rows")  # 60 photos, four times 48 frames and 6
    assert run("extract", celeba, "--target", "bbox", *store)[1].startswith("0 new")
    X, y = CelebALoader(celeba, "bbox").load("train")
    X_val, y_val = CelebALoader(celeba, "bbox").load("valid")
    look = skface.make_bbox_pipeline(weights="synthetic", cache_dir=store[-1])
    look.set_params(head__epochs=1, head__n_layers=0)
    monkeypatch.setattr("skface.features._vgg19.get_network", None)
    look.fit(X, y, X_val=X_val, y_val=y_val)


def test_extract_skips_bad_photos(run, photos, tmp_path):
    bad = bad_photos(tmp_path)
    status, out, err = run(
        *("extract", photos[0], *bad, "--target", "bbox", "--weights", "synthetic"),
        *("--looks", 1),
        *("--cache-dir", tmp_path / "store"),
    )
    assert status == 1
    assert out.startswith("2 new rows")  # both sides
    assert err.count("skface: error: ") == 2


def test_cache_is_counted_checked_and_pruned(run, photos, tmp_path):
    where = ["--cache-dir", tmp_path / "store", "--json"]
    assert json.loads(run("cache", "info", *where)[1])["n_rows"] == 0
    assert not (tmp_path / "store").exists()
    skface.VGG19Features("synthetic", cache_dir=tmp_path / "store").transform(photos)
    info = json.loads(run("cache", "info", *where)[1])
    assert info["n_rows"] == 3
    (specification,) = info["specifications"]
    assert specification["parameters"]["layers"] == ["block5_pool"]

    status, out, _ = run("cache", "verify", *where)
    assert (status, json.loads(out)) == (0, {"n_checked": 3, "bad": []})
    status, _, err = run("cache", "prune", *where)
    assert status == 1
    assert "name specifications" in err
    out = run("cache", "prune", specification["digest"][:8], *where)[1]
    assert json.loads(out) == {"n_removed": 3}
    assert json.loads(run("cache", "prune", "--all", *where)[1]) == {"n_removed": 0}
    status, _, err = run("cache", "verify", "--all", *where)
    assert status == 1
    assert "cache verify: all is for cache prune" in err


def test_damaged_rows_end_with_1(run, photos, tmp_path, monkeypatch):
    skface.VGG19Features("synthetic", cache_dir=tmp_path / "store").transform(photos)
    monkeypatch.setattr("skface.store._store.is_intact", lambda key, value: False)
    where = ["--cache-dir", tmp_path / "store"]
    assert run("cache", "verify", *where)[:2] == (1, "3 rows checked, 3 damaged\n")
    run("cache", "verify", "--delete", *where)
    assert "0 rows" in run("cache", "info", *where)[1]


def test_info_tells_versions_cache_and_weights(run, tmp_path):
    status, out, _ = run("info", "--json", "--cache-dir", tmp_path / "none")
    info = json.loads(out)
    assert status == 0
    assert info["skface"] == skface.__version__
    assert info["packages"]["numpy"] == np.__version__
    assert info["cache"] == {"path": str(tmp_path / "none"), "rows": 0, "bytes": 0}
    assert info["compute dtype"] in ("bfloat16", "float32")
    assert f"skface: {skface.__version__}\n" in run("info")[1]


# the card


def test_card_tells_the_training_photos_from_the_run(run, celeba, box_run, tmp_path):
    status, *_ = run(
        *("card", box_run / "model.skface", "--data", celeba),
        *("--groups", "Male", "--output", tmp_path / "box"),
    )
    assert status == 0
    text = (tmp_path / "box.md").read_text()
    assert "48 photos of celeba, the official train split" in text
    assert "| Male=1 |" in text
    report = json.loads((box_run / "report.json").read_text())["figures"][0]
    assert f"| {report['baseline']:.3f} | {report['skface']:.3f} |" in text
    assert (tmp_path / "box.html").exists()


def test_card_of_photos_in_the_wild_opens_no_others(run, celeba, box_run, tmp_path):
    folder = shutil.copytree(celeba, tmp_path / "celeba")
    for aligned in (folder / "Img" / "img_align_celeba").iterdir():
        aligned.write_bytes(b"")
    status, _, err = run(
        *("card", box_run / "model.skface", "--data", folder, "--wild"),
        *("--groups", "Male", "--output", tmp_path / "box"),
    )
    assert (status, err.count("error")) == (0, 0)
    assert "| Male=1 |" in (tmp_path / "box.md").read_text()


def test_card_refuses_groups_that_the_folder_lacks(run, celeba, box_run, tmp_path):
    status, _, err = run(
        *("card", box_run / "model.skface", "--data", celeba),
        *("--groups", "Rich", "--output", tmp_path / "box"),
    )
    assert status == 1
    assert "--groups Rich: " in err
    assert "has the attributes 5_o_Clock_Shadow" in err


# read


def test_fit_of_faces_writes_a_reader_with_its_figures(reader_run, groups):
    names = {path.name for path in reader_run.iterdir()}
    assert {"model.skface", "report.csv", "settings.json", "precision.png"} <= names
    report = json.loads((reader_run / "report.json").read_text())
    assert report["n_photos"] == len(groups)
    figures = {row["figure"]: row["skface"] for row in report["figures"]}
    assert list(figures) == [
        "average precision",
        "average precision, faces of 0.1 of the height",
        "precision at score 0.3",
        "recall at score 0.3",
    ]
    X, boxes = WiderFaceLoader(reader_run_data(reader_run)).load("val")
    detector = skface.load(reader_run / "model.skface").detector
    assert figures["average precision"] == detector.score(X, boxes)


def reader_run_data(folder):
    return json.loads((folder / "settings.json").read_text())["data"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--target", "faces"], "--target faces needs --landmarks MODEL, a file of"),
        (["--landmarks", "points.skface"], "--landmarks: is for --target faces"),
    ],
)
def test_models_of_a_reader_go_with_faces(run, groups_root, options, text):
    status, _, said = run("fit", "--data", groups_root, *options)
    assert status == 1
    assert text in said


def test_read_writes_what_the_reader_reads(run, reader_run, groups):
    status, text, said = run("read", reader_run / "model.skface", *groups)
    table = pd.read_csv(io.StringIO(text))
    expected = skface.load(reader_run / "model.skface").read(groups)
    assert status == 0
    assert len(expected) > 0
    assert list(table) == list(expected)
    assert table["photo"].tolist() == expected["photo"].tolist()
    np.testing.assert_allclose(table["x"], expected["x"], atol=0.006)
    np.testing.assert_allclose(table["Smiling"], expected["Smiling"], atol=6e-5)
    n_photos = expected["photo"].nunique()
    assert f"{len(expected)} faces in {n_photos} photo" in said


def test_faces_as_json_are_those_of_the_csv(run, reader_run, groups):
    _, text, _ = run("read", reader_run / "model.skface", *groups)
    _, as_json, _ = run("read", reader_run / "model.skface", *groups, "--json")
    of_csv = pd.read_csv(io.StringIO(text)).to_dict("records")
    assert json.loads(as_json) == of_csv


def test_photos_without_a_face_and_bad_ones_are_named(
    run, reader_run, groups, tmp_path
):
    black = tmp_path / "black.png"
    Image.new("RGB", (300, 200)).save(black)
    bad = bad_photos(tmp_path)
    reader = skface.load(reader_run / "model.skface")
    # A detector of a hundred steps may see a face in a black photo: it has to be surer.
    (found,) = reader.detector.set_params(threshold=0.0).predict([black])
    threshold = float(np.nextafter(found[:, 4].max(initial=0.3), 1))
    reader.detector.set_params(threshold=threshold)
    skface.save(reader, tmp_path / "surer.skface")
    photos = [*groups, black, *bad]
    status, text, said = run("read", tmp_path / "surer.skface", *photos)
    assert status == 1
    assert {row[0] for row in rows_of(text)[1:]} <= set(groups)
    (line,) = [line for line in said.splitlines() if "without a face" in line]
    assert str(black) in line
    assert all(f"skface: error: {photo}" in said for photo in bad)


def test_every_photo_is_annotated_and_every_face_cut_out(
    run, reader_run, groups, tmp_path
):
    Image.new("RGB", (300, 200)).save(tmp_path / "black.png")
    seen, faces = tmp_path / "seen", tmp_path / "faces"
    photos = [*groups, tmp_path / "black.png"]
    options = ["--annotate", seen, "--crops", faces]
    _, text, _ = run("read", reader_run / "model.skface", *photos, *options)
    table = pd.read_csv(io.StringIO(text))
    assert len(list(seen.iterdir())) == len(photos)
    for photo in photos:
        with Image.open(seen / f"{pathlib.Path(photo).stem}.jpg") as image:
            assert image.size == Image.open(photo).size
    names = {
        f"{pathlib.Path(photo).stem}-{face}.jpg"
        for photo, face in zip(table["photo"], table["face"], strict=True)
    }
    assert {path.name for path in faces.iterdir()} == names
    assert Image.open(faces / min(names)).size == (178, 218)


def test_what_was_read_before_an_interrupt_is_written(
    run, reader_run, groups, tmp_path, monkeypatch
):
    read_in_parts = skface.FaceReader.read_in_parts

    def interrupted(reader, photos):
        yield next(read_in_parts(reader, photos[:1]))
        raise KeyboardInterrupt

    monkeypatch.setattr(skface.FaceReader, "read_in_parts", interrupted)
    output = tmp_path / "faces.csv"
    model = reader_run / "model.skface"
    status, _, _ = run("read", model, *groups, "--output", output)
    assert status == 130
    assert set(pd.read_csv(output)["photo"]) <= {groups[0]}


@pytest.mark.parametrize("command", ["read", "predict"])
def test_output_is_made_room_for_before_work(
    run, reader_run, box_run, photos, tmp_path, command
):
    model = {"read": reader_run, "predict": box_run}[command] / "model.skface"
    status, _, said = run(command, model, *photos, "--output", tmp_path)
    assert status == 1
    assert f"--output {tmp_path}: is a folder; name a file" in said
    output = tmp_path / "new" / "found.csv"
    assert run(command, model, *photos, "--output", output)[0] == 0
    assert output.exists()


@pytest.mark.parametrize("option", ["--output", "--annotate", "--crops"])
def test_where_nothing_can_be_written_is_found_before_work(
    run, reader_run, photos, tmp_path, option, monkeypatch
):
    monkeypatch.setattr("skface.detection.FaceReader.read_in_parts", None)
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "found"
    status, _, said = run("read", reader_run / "model.skface", *photos, option, place)
    assert status == 1
    assert f"{option} {place}: cannot be written (" in said


def test_a_reader_is_made_of_models_of_the_right_kind(
    run, groups_root, attribute_run, points_run, tmp_path
):
    good, bad = points_run / "model.skface", attribute_run / "model.skface"
    options = ["--target", "faces", "--weights", "synthetic", "--output", tmp_path]
    for landmarks, attributes, text in [
        (bad, bad, f"--landmarks {bad}: a reader takes no such model"),
        (good, good, f"--attributes {good}: a reader takes no such model"),
    ]:
        models = ["--landmarks", landmarks, "--attributes", attributes]
        status, _, said = run("fit", "--data", groups_root, *options, *models)
        assert status == 1
        assert text in said


def test_models_of_one_face_and_of_all_are_told_apart(run, reader_run, box_run, photos):
    status, _, said = run("read", box_run / "model.skface", *photos)
    assert status == 1
    assert "is a FacePipeline; skface read takes a FaceReader, skface predict" in said
    status, _, said = run("predict", reader_run / "model.skface", *photos)
    assert status == 1
    assert "is a FaceReader, for photos with any number of faces; skface read" in said


def test_info_of_a_damaged_cache_tells_the_fault(run, tmp_path):
    (tmp_path / "skface-store.json").write_text("{")
    status, out, _ = run("info", "--cache-dir", tmp_path)
    assert status == 0
    assert "fault" in out
    assert "skface: " in out


@pytest.mark.filterwarnings("default::skface.exceptions.SkfaceWarning")
def test_a_broken_train_photo_costs_no_evaluation(celeba, box_run, run, tmp_path):
    root = tmp_path / "celeba"
    shutil.copytree(celeba, root)
    first = sorted((root / "Img" / "img_celeba").iterdir())[0]
    first.write_bytes(b"broken")
    status, _, err = run("evaluate", box_run / "model.skface", "--data", root)
    assert status == 0
    assert "the baseline is that of the photos evaluated" in err
