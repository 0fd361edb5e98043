"""Block 5 of VGG19 that learns in front of the dense layers."""

import numpy as np
import pytest
from sklearn.base import clone

import skface
from skface import (
    CelebALoader,
    DenseHeadClassifier,
    DenseHeadRegressor,
    VGG19Features,
    make_attribute_pipeline,
    make_cost_aware_scorer,
    make_landmark_pipeline,
)
from skface._card._making import _how
from skface.exceptions import (
    InputError,
    ParameterError,
    SavedFileError,
    SkfaceWarning,
    WeightsError,
)
from skface.heads._architecture import Architecture
from skface.heads._tail import tail_weights
from skface.photos import CELEBA_FACE

N_TAIL = 8  # arrays: four kernels, four biases
SETTINGS = {
    "n_layers": 0,
    "input_scale": 10.0,
    "tail": "synthetic",
    "epochs": 3,
    "early_stopping": False,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def photos(drawn_root):
    return CelebALoader(drawn_root, "attributes", verbose=0).load("train")


@pytest.fixture(scope="module")
def maps(photos):
    X, _ = photos
    return VGG19Features("synthetic", layer="block4_pool").fit_transform(X)


@pytest.fixture(scope="module")
def y(photos):
    return photos[1]


@pytest.fixture(scope="module")
def head(maps, y):
    return DenseHeadClassifier(**SETTINGS).fit(maps, y)


def tail_of(head):
    return head.model_.get_weights()[:N_TAIL]


def test_a_tail_that_hardly_moves_gives_the_features_of_its_weights(photos, maps, y):
    head = DenseHeadClassifier(**SETTINGS, tail_learning_rate=1e-12).fit(maps, y)
    for learnt, trained in zip(tail_of(head), tail_weights("synthetic"), strict=True):
        np.testing.assert_allclose(learnt, trained, atol=1e-9)
    features = VGG19Features(
        "synthetic",
        layer=["block4_pool", "block5_conv4"],
        pooling=(3, 3),
        normalize="sqrt_l2",
        input_size=96,  # whose maps of 6 x 6 have no edge that cells of 2 x 2 leave out
    )
    flat = VGG19Features("synthetic", layer="block4_pool", input_size=96)
    rows = clone(features).fit_transform(photos[0][:8])
    maps = flat.fit_transform(photos[0][:8])
    head = DenseHeadClassifier(**SETTINGS, tail_learning_rate=1e-12).fit(maps, y[:8])
    read = head.model_.layers[-2].output / 10
    ours = np.asarray(
        type(head.model_)(head.model_.input, read)(maps.astype(np.float32))
    )
    cosines = (ours * rows).sum(axis=1)
    assert cosines.min() > 0.99


def test_block_5_learns_as_well_as_the_dense_layers(head):
    moved = [
        np.abs(learnt - trained).max()
        for learnt, trained in zip(
            tail_of(head), tail_weights("synthetic"), strict=True
        )
    ]
    assert min(moved) > 1e-5
    assert head.history_["loss"][-1] < head.history_["loss"][0]


def test_the_tail_has_a_learning_rate_of_its_own(maps, y):
    """The first step of Adam is as long as its rate, whatever the gradient."""
    head = DenseHeadClassifier(
        **{**SETTINGS, "epochs": 1}, batch_size=64, tail_learning_rate=3e-5
    ).fit(maps, y)
    kernel, start = tail_of(head)[0], tail_weights("synthetic")[0]
    assert np.abs(kernel - start).max() == pytest.approx(3e-5, rel=0.02)
    assert np.abs(head.model_.get_weights()[-1]).max() == pytest.approx(1e-3, rel=0.02)


def test_the_same_seed_gives_the_same_tail(head, maps, y):
    again = clone(head).fit(maps, y)
    for ours, theirs in zip(tail_of(head), tail_of(again), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_coordinates_are_learnt_with_a_tail_too(maps):
    y = np.random.default_rng(0).uniform(0.3, 0.7, (48, 4))
    settings = {**SETTINGS, "n_layers": 1, "n_units": 8}
    head = DenseHeadRegressor(**settings, target="bbox").fit(maps, y)
    assert head.predict(maps).shape == (48, 4)
    assert head.history_["loss"][-1] < head.history_["loss"][0]


def test_a_killed_fit_of_a_tail_goes_on_exactly(head, maps, y, tmp_path, monkeypatch):
    path = tmp_path / "fit.npz"
    fit = clone(head).set_params(checkpoint_path=path)
    epoch = skface.heads._training._Trainer.epoch

    def killed(trainer, number, *args):
        if number == 2:
            raise KeyboardInterrupt
        return epoch(trainer, number, *args)

    monkeypatch.setattr(skface.heads._training._Trainer, "epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        clone(fit).fit(maps, y)
    monkeypatch.undo()
    fit.fit(maps, y)
    assert fit.n_epochs_ == 3
    for ours, theirs in zip(tail_of(head), tail_of(fit), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_saved_pipeline_carries_its_tail(photos, tmp_path):
    X, y = photos
    pipe = make_attribute_pipeline("finest", weights="synthetic", random_state=0)
    pipe.set_params(head__epochs=1).fit(X[:32], y[:32])
    skface.save(pipe, tmp_path / "model.skface")
    loaded = skface.load(tmp_path / "model.skface")
    np.testing.assert_array_equal(
        loaded.predict_proba(X[:8]), pipe.predict_proba(X[:8])
    )


@pytest.mark.parametrize("kind", [tuple, list, np.array])
def test_a_face_is_not_cut_out_of_photos_in_the_wild_without_a_word(drawn_root, kind):
    wild = CelebALoader(drawn_root, "attributes", aligned=False, verbose=0)
    X, y = wild.load("train")
    pipe = make_attribute_pipeline("finest", weights="synthetic", random_state=0)
    with pytest.warns(SkfaceWarning, match="most photos are not 1.22 times as high as"):
        pipe.set_params(
            features__crop=kind(CELEBA_FACE), head__epochs=1, mirror=False
        ).fit(X[:32], y[:32])


def test_rows_that_are_no_maps_are_refused():
    with pytest.raises(InputError, match="X has 100 features, but tail reads square"):
        DenseHeadClassifier(**SETTINGS).fit(
            np.ones((8, 100)), np.tile([[0, 1]], (8, 1))
        )


def test_rows_that_were_scaled_are_refused(maps, y):
    with pytest.raises(InputError, match="no value of X is above 1, but tail reads"):
        DenseHeadClassifier(**SETTINGS).fit(maps / np.max(maps), y)


def test_weights_of_a_tail_are_missed_before_photos_are_read(photos, no_network):
    pipe = make_attribute_pipeline("finest", weights="synthetic")
    with pytest.raises(WeightsError, match=r"nowhere\.h5: no such weights file"):
        pipe.set_params(head__tail="nowhere.h5").fit(*photos)


def test_no_tail_begins_from_weights_that_nobody_trained():
    with pytest.raises(ParameterError, match="give weights='imagenet'"):
        make_attribute_pipeline("finest", weights=None)


def test_a_saved_network_that_no_map_fits_is_refused():
    fields = Architecture(600, 4, 0, 8, "sigmoid", 1.0, 0.0, 0.0, 128)._asdict()
    with pytest.raises(SavedFileError, match="its network cannot be: X has 600"):
        Architecture.checked(fields)


@pytest.fixture(scope="module")
def look(drawn_root):
    """Of landmarks; block 5 has learnt in its second look."""
    look = make_landmark_pipeline("finest", weights="synthetic", random_state=0)
    look.set_params(head__epochs=1, n_frames=1)
    X, y = CelebALoader(drawn_root, "landmarks", verbose=0).load("train")
    return look.fit(X[:32], y[:32])


def test_block_5_learns_in_the_second_look_of_finest_landmarks_alone(look):
    n_weights = [
        len(each["head"].model_.get_weights()) for each in (look.first_, look.second_)
    ]
    assert n_weights[1] == n_weights[0] + N_TAIL


def test_a_saved_second_look_predicts_by_what_its_block_5_has_learnt(
    look, drawn_root, tmp_path
):
    X, _ = CelebALoader(drawn_root, "landmarks", verbose=0).load("test")
    skface.save(look, tmp_path / "look.skface")
    loaded = skface.load(tmp_path / "look.skface")
    np.testing.assert_array_equal(loaded.predict(X), look.predict(X))


def test_finest_landmarks_are_not_of_one_look():
    with pytest.raises(ParameterError, match="'finest' is finer in the second look"):
        make_landmark_pipeline("finest", looks=1)


def test_a_card_says_which_part_of_vgg19_has_learnt():
    said = {
        preset: " ".join(_how(make_attribute_pipeline(preset, weights="synthetic")))
        for preset in ("best", "finest")
    }
    text = "The last block of VGG19 is not frozen: it has learnt with that network."
    assert text in said["finest"]
    assert text not in said["best"]


def test_a_tail_costs_its_kernels_at_every_cell(head, maps, y):
    scorer = make_cost_aware_scorer(
        "attribute_accuracy", target=1, cost="multiply_adds", exponent=-1
    )
    quality = head.score(maps, y)
    # four kernels of 3 x 3 x 128 x 128 on 7 x 7 cells, then 2 x 3 x 3 x 128 inputs
    expected = 4 * 9 * 128**2 * 49 + 2 * 9 * 128 * y.shape[1]
    assert quality / scorer(head, maps, y) == pytest.approx(expected)
