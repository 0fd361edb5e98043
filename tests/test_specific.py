"""Attributes told together, and again by the crops that show them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skface
from skface import Frames, ImageArray, make_attribute_pipeline, make_landmark_pipeline
from skface._naming import names_told_by
from skface.exceptions import InputError, ParameterError, SavedFileError
from skface.systems import FACE_CROPS, GeneralToSpecific
from skface.systems._regressions import chosen

N, N_VAL = 60, 30
CROPS = {"left": (0, 0, 0.25, 1), "right": (0.75, 0, 0.25, 1)}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Photos with a mark on the left, by the first attribute; noise elsewhere."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    y = rng.integers(0, 2, (N + N_VAL, 2))
    paths = [folder / f"{number}.png" for number in range(len(y))]
    for path, (left, _) in zip(paths, y, strict=True):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        pixels[24:40, 2:12] = [200, 40, 40] if left else [40, 40, 200]
        Image.fromarray(pixels).save(path)
    X = ImageArray(paths)
    return {"X": X[:N], "y": y[:N], "X_val": X[N:], "y_val": y[N:]}


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    pipe = make_attribute_pipeline(
        weights="synthetic", cache_dir=tmp_path_factory.mktemp("store"), random_state=0
    ).set_params(
        features__layer="block2_pool",
        features__pooling=(2, 2),
        features__input_size=32,
        head__epochs=2,
        mirror=False,
    )
    model = GeneralToSpecific(pipe, crops=CROPS, crop_size=32, cv=2, C=1.0)
    return model.fit(**data)


def test_an_attribute_is_told_by_the_crop_that_shows_it(model, data):
    assert model.choices_[0] == "left"
    general = model.general_.predict(data["X_val"])
    found = model.predict(data["X_val"])
    y = data["y_val"]
    assert (found == y)[:, 0].mean() >= 0.95 > (general == y)[:, 0].mean()


def test_probabilities_are_those_of_the_regressions(model, data):
    p = np.clip(model.general_.predict_proba(data["X_val"]).astype(float), 1e-6, None)
    decision = np.log(p / (1 - p)) @ model.coef_[0] + model.intercept_[0]
    left = Frames.whole(N_VAL).cropped(CROPS["left"])
    features = model.crop_features().transform(data["X_val"].framed(left))
    decision += np.asarray(features) @ model.crop_coef_[0]
    np.testing.assert_allclose(
        model.predict_proba(data["X_val"])[:, 0], 1 / (1 + np.exp(-decision)), rtol=1e-4
    )


def test_only_crops_that_were_chosen_take_passes(model, data, monkeypatch):
    assert clone(model).n_passes == 3
    one = pickle.loads(pickle.dumps(model))
    one.choices_ = ["left", "general"]
    assert one.n_passes == 2
    boxes, features = [], GeneralToSpecific._features
    monkeypatch.setattr(
        GeneralToSpecific,
        "_features",
        lambda self, X, box: boxes.append(box) or features(self, X, box),
    )
    one.predict(data["X_val"])
    assert boxes == [CROPS["left"]]


def test_without_crops_attributes_are_told_by_each_other(model, data):
    alone = clone(model).set_params(crops={}).fit(**data)
    assert set(alone.choices_) <= {"general", "attributes"}
    assert not alone.crop_coef_.any()
    assert alone.n_passes == 1


def test_a_choice_that_gains_no_standard_error_is_not_made():
    rng = np.random.default_rng(0)
    first = rng.uniform(0.4, 0.6, (100, 3))
    hardly = first + rng.normal(0, 0.5, (100, 3)) * [1, 1, 0] - [0.001, 0.3, 0.1]
    assert chosen(np.stack([first, hardly])).tolist() == [0, 1, 1]


def test_an_attribute_without_labels_on_validation_photos_is_left_to_stage_1():
    losses = np.ones((2, 10, 2)) * [[[1.0]], [[0.5]]]
    losses[:, :, 0] = np.nan
    assert chosen(losses).tolist() == [0, 1]


def test_missing_labels_are_left_out(model, data):
    y = data["y"].astype(float)
    y[::7, 1] = np.nan
    fitted = clone(model).set_params(crops={}).fit(**data | {"y": y})
    assert np.isfinite(fitted.predict_proba(data["X_val"])).all()


def test_photos_are_set_aside_where_none_are_given_to_validate_on(model, data):
    fitted = clone(model).set_params(crops={}).fit(data["X"], data["y"])
    again = clone(model).set_params(crops={}).fit(data["X"], data["y"])
    np.testing.assert_array_equal(fitted.coef_, again.coef_)
    assert fitted.score(data["X"], data["y"]) > 0.4


def test_validation_labels_are_read_by_their_names(model, data):
    table, table_val = (
        pd.DataFrame(data[name], columns=["a", "b"]) for name in ("y", "y_val")
    )
    swapped = table_val[["b", "a"]]
    fitted = clone(model).set_params(crops={})
    fitted.fit(**data | {"y": table, "y_val": swapped})
    plain = clone(model).set_params(crops={}).fit(**data)
    np.testing.assert_array_equal(fitted.coef_, plain.coef_)


def test_a_fit_that_fails_leaves_the_one_before(model, data, monkeypatch):
    fitted = clone(model).set_params(crops={}).fit(**data)
    before = vars(fitted).copy()
    monkeypatch.setattr(GeneralToSpecific, "_fit_specific", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fitted.fit(**data)
    assert vars(fitted) == before


def test_features_are_kept_nowhere_after_a_fit_without_a_store(model, data):
    alone = clone(model).set_params(crops={}, general__features__cache_dir=None)
    alone.fit(**data)
    assert alone.general_["features"].cache_dir is None


def test_crops_of_aligned_faces_lie_in_their_frames(model, data):
    look = make_landmark_pipeline("fast", looks=1, weights="synthetic", random_state=0)
    look.set_params(features__pooling=(2, 2), features__input_size=32)
    look.set_params(head__epochs=1, head__n_layers=0, mirror=False)
    face = [0.4, 0.4, 0.6, 0.4, 0.5, 0.5, 0.42, 0.6, 0.58, 0.6]
    look.fit(data["X"], np.tile(face, (N, 1)))
    pipe = clone(model.general)
    pipe.steps.insert(0, ("align", skface.AlignedFaces(look)))
    fitted = clone(model).set_params(general=pipe).fit(**data)
    aligned, box = fitted.general_.aligned(data["X_val"]), CROPS["left"]
    crops = ImageArray(data["X_val"].paths, frames=aligned.frames.cropped(box))
    np.testing.assert_allclose(
        fitted._features(aligned, box),
        fitted.crop_features().transform(crops),
        atol=0.1,
    )


def test_it_predicts_the_same_when_it_is_saved_and_loaded(model, data, tmp_path):
    skface.save(model, tmp_path / "model.skface", target_names=["a", "b"])
    loaded = skface.load(tmp_path / "model.skface")
    assert loaded.target_names_ == ["a", "b"]
    assert loaded.choices_ == model.choices_
    assert not hasattr(loaded.general[-1], "model_")
    np.testing.assert_array_equal(
        loaded.predict_proba(data["X_val"]), model.predict_proba(data["X_val"])
    )


def test_a_choice_that_is_no_crop_is_not_saved(model, tmp_path):
    other = pickle.loads(pickle.dumps(model))
    other.choices_ = ["left", "nowhere"]
    with pytest.raises(SavedFileError, match="choices must be 2 of"):
        skface.save(other, tmp_path / "model.skface")


def test_it_is_used_only_when_fitted(model, data):
    with pytest.raises(NotFittedError):
        clone(model).predict(data["X"])


@pytest.mark.parametrize(
    ("crops", "text"),
    [
        ({"left": (0, 0, 0, 1)}, r"crops\['left'\] must have an area"),
        ({"left": "all"}, r"crops\['left'\] must hold numbers"),
        ({"general": (0, 0, 1, 1)}, "names other than 'general' and 'attributes'"),
    ],
)
def test_crops_that_are_none_are_refused(model, data, no_network, crops, text):
    with pytest.raises(ParameterError, match=text):
        clone(model).set_params(crops=crops).fit(**data)


def test_more_folds_than_photos_are_refused(model, data, no_network):
    with pytest.raises(InputError, match="60 photos, of which 12 are set aside"):
        clone(model).set_params(cv=49).fit(data["X"], data["y"])
    with pytest.raises(InputError, match="0 are set aside: too few for cv=61 folds"):
        clone(model).set_params(cv=61).fit(**data)


def test_a_pipeline_of_landmarks_is_refused(data, no_network):
    model = GeneralToSpecific(make_landmark_pipeline(looks=1))
    with pytest.raises(ParameterError, match="must end in VGG19Features and a Dense"):
        model.fit(**data)


def test_one_column_of_labels_is_refused(model, data, no_network):
    with pytest.raises(InputError, match="one column an attribute"):
        clone(model).fit(data["X"], data["y"][:, 0])


def test_the_crops_of_a_face_lie_within_the_photo():
    boxes = np.array(list(FACE_CROPS.values()))
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= 1).all()


def test_labels_are_read_in_the_order_of_the_heads_target(model, data):
    general = clone(model.general)
    general.set_params(head__target=skface.targets.Attributes(("a", "b")))
    table, table_val = (
        pd.DataFrame(data[name], columns=["a", "b"])[["b", "a"]]
        for name in ("y", "y_val")
    )
    named = clone(model).set_params(general=general)
    named.fit(data["X"], table, X_val=data["X_val"], y_val=table_val)
    assert named.choices_[0] == "left"
    np.testing.assert_array_equal(named.coef_, model.coef_)


def test_what_stage_1_is_left_to_tell_it_tells_as_it_would_alone(model, data):
    general = clone(model.general).set_params(
        head__calibration="sigmoid", head__threshold="balanced_accuracy"
    )
    plain = clone(model).set_params(general=general, crops={}).fit(**data)
    plain.choices_ = ["general", "general"]
    X = data["X_val"]
    np.testing.assert_array_equal(plain.predict(X), plain.general_.predict(X))
    p = plain.general_.predict_proba(X)
    np.testing.assert_allclose(plain.predict_proba(X), p, atol=1e-6)


def test_photos_in_the_order_of_their_labels_are_mixed_in_the_folds(model, data):
    y = data["y"].astype(float)
    y[N // 2 :, 1] = np.nan  # of a second data set, which does not tell it
    clone(model).fit(data["X"], y, X_val=data["X_val"], y_val=data["y_val"])


def test_a_label_that_a_fold_would_miss_is_told_before_the_fit(model, data):
    y = data["y"].astype(float)
    y[1:, 1] = np.nan
    with pytest.raises(InputError, match="column 1 of y has labels of so few photos"):
        clone(model).check_fit(data["X"], y, X_val=data["X_val"], y_val=data["y_val"])


def test_crops_are_those_of_the_fit(model, data):
    one = pickle.loads(pickle.dumps(model))
    expected = one.predict_proba(data["X_val"])
    one.set_params(crops={}, crop_size=64)
    np.testing.assert_array_equal(one.predict_proba(data["X_val"]), expected)
    assert one.n_passes == model.n_passes


def test_a_fit_forgets_the_names_of_its_file(model, data):
    again = clone(model).set_params(crops={})
    again.target_names_ = ["a", "b"]
    again.fit(**data)
    assert names_told_by(again) is None


def test_the_crops_of_the_fit_are_saved(model, data, tmp_path):
    one = pickle.loads(pickle.dumps(model)).set_params(
        crops=dict.fromkeys(CROPS, (0.4, 0.4, 0.2, 0.2)), crop_size=64
    )
    skface.save(one, tmp_path / "model.skface")
    again = skface.load(tmp_path / "model.skface")
    assert again.crops_ == model.crops_
    np.testing.assert_array_equal(
        again.predict_proba(data["X_val"]), model.predict_proba(data["X_val"])
    )
