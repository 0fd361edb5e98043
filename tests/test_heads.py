"""The dense heads."""

import json
import logging
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from skface import DenseHeadClassifier, DenseHeadRegressor
from skface.exceptions import (
    CheckpointError,
    InputError,
    ParameterError,
    SkfaceWarning,
)
from skface.features import FeatureArray, FeatureStore
from skface.heads import _training
from skface.heads._architecture import Architecture
from skface.heads._checkpoint import Checkpoint
from skface.heads._training import Samples
from skface.metrics import attribute_balanced_accuracy, iou_score, nme_score

FAST = {"n_layers": 1, "n_units": 16, "learning_rate": 0.01, "random_state": 0}


@pytest.fixture(scope="session")
def features():
    return np.random.default_rng(0).normal(size=(300, 12)).astype(np.float16)


@pytest.fixture(scope="session")
def attributes(features):
    return (features[:, :5] > [0, 0.5, -0.5, 1, 0]).astype(int)


@pytest.fixture(scope="session")
def boxes(features):
    return (0.4 + 0.1 * features[:, :4].clip(-2, 2)).astype(np.float32)


@pytest.fixture(scope="session")
def classifier(features, attributes):
    return DenseHeadClassifier(**FAST, epochs=30).fit(features, attributes)


@pytest.fixture(scope="session")
def regressor(features, boxes):
    return DenseHeadRegressor(**FAST, target="bbox", epochs=30).fit(features, boxes)


def same_weights(a, b):
    return all(
        np.array_equal(x, y)
        for x, y in zip(a.model_.get_weights(), b.model_.get_weights(), strict=True)
    )


def test_classifier_learns_attributes(classifier, features, attributes):
    majority = np.maximum(attributes.mean(0), 1 - attributes.mean(0)).mean()
    assert classifier.score(features, attributes) > majority + 0.15


def test_regressor_learns_boxes(regressor, features, boxes):
    mean_box = np.tile(boxes.mean(0), (len(boxes), 1))
    assert regressor.score(features, boxes) > iou_score(boxes, mean_box) + 0.1


def test_heads_tell_scikit_learn_what_they_are():
    assert is_classifier(DenseHeadClassifier())
    assert is_regressor(DenseHeadRegressor())


@pytest.mark.parametrize("n_rows", [1, 2, 33])
def test_predict_proba_keeps_two_dimensions(classifier, features, n_rows):
    assert classifier.predict_proba(features[:n_rows]).shape == (n_rows, 5)


def test_predictions_do_not_depend_on_the_rows_beside(classifier, features):
    together = classifier.predict_proba(features)
    alone = np.vstack([classifier.predict_proba(row[None]) for row in features[:20]])
    assert np.array_equal(together[:20], alone)


def test_minus_one_is_refused_for_attributes(features, attributes):
    with pytest.raises(InputError, match=r"holds -1 in row.*y == 1"):
        DenseHeadClassifier(**FAST).fit(features, 2 * attributes - 1)


def test_strings_are_refused_for_attributes(features, attributes):
    with pytest.raises(InputError, match="attributes must be 0 or 1"):
        DenseHeadClassifier(**FAST).fit(features, np.where(attributes, "yes", "no"))


def test_one_column_of_attributes_keeps_its_column(features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=1).fit(features, attributes[:, :1])
    assert head.predict(features).shape == (300, 1)
    assert head.predict_proba(features).shape == (300, 1)


def test_labels_of_one_dimension_come_back(features, attributes):
    labels = np.where(attributes[:, 0], "smiling", "serious")
    head = DenseHeadClassifier(**FAST, epochs=20).fit(features, labels)
    assert list(head.classes_) == ["serious", "smiling"]
    assert head.predict_proba(features).shape == (300, 2)
    assert np.mean(head.predict(features) == labels) > 0.9


def test_rows_that_sum_to_one_stay_attributes(features):
    exclusive = np.eye(3, dtype=int)[np.argmax(features[:, :3], axis=1)]
    head = DenseHeadClassifier(**FAST, epochs=5).fit(features, exclusive)
    assert head.predict_proba(features).shape == (300, 3)
    assert not np.allclose(head.predict_proba(features).sum(axis=1), 1, atol=0.01)


def test_classifier_score_is_mean_attribute_accuracy(classifier, features, attributes):
    right = classifier.predict(features) == attributes
    assert classifier.score(features, attributes) == pytest.approx(right.mean())


def test_regressor_scores_landmarks_by_minus_nme(features):
    y = np.tile(np.linspace(0.2, 0.8, 10), (300, 1))
    head = DenseHeadRegressor(**FAST, target="landmarks", epochs=2).fit(features, y)
    assert head.score(features, y) == -nme_score(y, head.predict(features))


def test_pixels_are_refused_under_a_sigmoid(features, boxes):
    with pytest.raises(InputError, match="fractions of the photo's width and height"):
        DenseHeadRegressor(**FAST).fit(features, 200 * boxes)


def test_head_without_hidden_layers_is_linear(features, boxes):
    head = DenseHeadRegressor(n_layers=0, epochs=1, random_state=0).fit(features, boxes)
    assert [w.shape for w in head.model_.get_weights()] == [(12, 4), (4,)]


def test_same_seed_gives_the_same_weights(classifier, features, attributes):
    again = clone(classifier).fit(features, attributes)
    assert same_weights(classifier, again)


def test_reused_trainer_equals_a_fresh_one(features, attributes):
    def fit():
        head = DenseHeadClassifier(**FAST, dropout=0.5, epochs=3)
        return head.fit(features, attributes)

    _training._trainers.clear()
    fresh = fit()
    DenseHeadClassifier(**FAST | {"random_state": 1}, dropout=0.5, epochs=2).fit(
        features, attributes
    )
    assert same_weights(fresh, fit())


def test_large_trainers_are_dropped(features, attributes, untraced, monkeypatch):
    monkeypatch.setattr(_training, "_MAX_CACHED_PARAMETERS", 400)
    for n_units in (16, 17):
        head = DenseHeadClassifier(**FAST | {"n_units": n_units}, epochs=1)
        head.fit(features, attributes)
    assert len(_training._trainers) == 1


def test_trainers_of_many_small_heads_are_dropped(
    features, attributes, untraced, monkeypatch
):
    monkeypatch.setattr(_training, "_MAX_CACHED_TRAINERS", 2)
    for n_units in (1, 2, 3):
        head = DenseHeadClassifier(**FAST | {"n_units": n_units}, epochs=1)
        head.fit(features, attributes)
    assert len(_training._trainers) == 2


def test_heads_of_many_shapes_are_silent(features, attributes, capfd):
    logger = logging.getLogger("tensorflow")
    handler = logging.StreamHandler()  # on the stderr that capfd sees
    logger.addHandler(handler)
    for n_features in range(1, 7):
        head = DenseHeadClassifier(n_layers=0, epochs=1, batch_size=300)
        head.fit(features[:, :n_features], attributes)
    logger.removeHandler(handler)
    assert "retracing" not in capfd.readouterr().err


def test_weights_of_the_best_epoch_are_kept(features, attributes):
    noise = np.random.default_rng(1).integers(0, 2, attributes.shape)
    head = DenseHeadClassifier(**FAST, epochs=30).fit(
        features[:200], noise[:200], X_val=features[200:], y_val=noise[200:]
    )
    proba = head.predict_proba(features[200:]).clip(1e-7, 1 - 1e-7)
    truth = noise[200:]
    loss = -np.mean(truth * np.log(proba) + (1 - truth) * np.log(1 - proba))
    assert loss == pytest.approx(min(head.history_["val_loss"]), rel=1e-4)
    assert head.best_epoch_ == np.argmin(head.history_["val_loss"])


def test_training_stops_after_patience_epochs_without_progress(features, attributes):
    noise = np.random.default_rng(1).integers(0, 2, attributes.shape)
    head = DenseHeadClassifier(**FAST, patience=2, epochs=100).fit(features, noise)
    assert head.n_epochs_ == head.best_epoch_ + 3
    assert len(head.history_["val_loss"]) == head.n_epochs_


def test_without_early_stopping_all_epochs_run(features, attributes):
    head = DenseHeadClassifier(**FAST, early_stopping=False, epochs=4)
    head.fit(features, attributes)
    assert head.n_epochs_ == 4
    assert set(head.history_) == {"loss", "binary_accuracy"}


def test_x_val_without_y_val_is_refused(features, attributes):
    with pytest.raises(InputError, match="give both or none"):
        DenseHeadClassifier(**FAST).fit(features, attributes, X_val=features)


def test_sample_weight_two_is_the_row_twice_but_for_rounding(features, attributes):
    settings = FAST | {"early_stopping": False, "epochs": 3, "batch_size": 600}
    weight = np.repeat([2.0, 1.0], 150)
    weighted = DenseHeadClassifier(**settings).fit(features, attributes, weight)
    rows = np.repeat(np.arange(300), weight.astype(int))
    repeated = DenseHeadClassifier(**settings).fit(features[rows], attributes[rows])
    np.testing.assert_allclose(
        weighted.predict_proba(features), repeated.predict_proba(features), atol=1e-5
    )


def test_sample_weight_zero_leaves_rows_out(features, attributes):
    settings = FAST | {"early_stopping": False, "epochs": 3, "batch_size": 300}
    weight = np.ones(300)
    weight[150:] = 0
    weighted = DenseHeadClassifier(**settings).fit(features, attributes, weight)
    halved = DenseHeadClassifier(**settings).fit(features[:150], attributes[:150])
    np.testing.assert_allclose(
        weighted.predict_proba(features), halved.predict_proba(features), atol=1e-5
    )


def test_diverging_training_names_the_learning_rate(features, boxes):
    head = DenseHeadRegressor(
        **FAST | {"learning_rate": 1e30}, output_activation="linear", epochs=3
    )
    with pytest.raises(ParameterError, match="lower learning_rate=1e\\+30"):
        head.fit(features, boxes)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("n_layers", -1), ("n_units", 0), ("dropout", 1.0), ("loss", "hinge")],
)
def test_bad_parameters_are_named(features, boxes, parameter, value):
    with pytest.raises(ParameterError, match=f"'{parameter}' parameter"):
        DenseHeadRegressor(**{parameter: value}).fit(features, boxes)


def test_pickle_predicts_bit_for_bit(classifier, features):
    loaded = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(
        classifier.predict_proba(features), loaded.predict_proba(features)
    )


def test_float16_features_are_cast_batch_by_batch(features, boxes, monkeypatch):
    seen = []
    monkeypatch.setattr(
        _training.Samples,
        "batch",
        spy(_training.Samples.batch, lambda args, out: seen.append(out[0].nbytes)),
    )
    head = DenseHeadRegressor(**FAST, early_stopping=False, batch_size=8, epochs=1)
    head.fit(features, boxes)
    assert max(seen) == 8 * 12 * 4


def spy(function, look):
    def spied(*args):
        out = function(*args)
        look(args, out)
        return out

    return spied


def test_cross_validation_and_grid_search_run(features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=5)
    assert len(cross_val_score(head, features, attributes, cv=2)) == 2
    search = GridSearchCV(head, {"n_layers": [0, 1], "n_units": [16]}, cv=2)
    assert search.fit(features, attributes).best_score_ > 0.6


@pytest.fixture
def interrupted_after(monkeypatch):
    """Makes a training die at the start of the given epoch."""

    def interrupt(n_epochs):
        run_epoch = _training._Trainer.epoch

        def epoch(self, number, *args):
            if number == n_epochs:
                raise KeyboardInterrupt
            return run_epoch(self, number, *args)

        monkeypatch.setattr(_training._Trainer, "epoch", epoch)

    return interrupt


def checkpointed(path, **params):
    return DenseHeadClassifier(
        **FAST, dropout=0.3, epochs=8, checkpoint_path=path, **params
    )


@pytest.mark.parametrize(
    "params",
    [
        {},
        {
            "attribute_weight": "dynamic",
            "threshold": "adaptive",
            "branches": [[0, 2], [1]],
        },
    ],
)
def test_killed_fit_goes_on_and_ends_as_if_undisturbed(
    features, attributes, tmp_path, interrupted_after, monkeypatch, params
):
    undisturbed = checkpointed(None, **params).fit(features, attributes)
    interrupted_after(5)
    with pytest.raises(KeyboardInterrupt):
        checkpointed(tmp_path / "best.npz", **params).fit(features, attributes)
    monkeypatch.undo()
    resumed = checkpointed(tmp_path / "best.npz", **params).fit(features, attributes)
    assert same_weights(undisturbed, resumed)
    assert undisturbed.history_ == resumed.history_
    assert np.array_equal(undisturbed.thresholds_, resumed.thresholds_)


def test_killed_fit_does_not_train_its_epochs_again(
    features, attributes, tmp_path, interrupted_after, monkeypatch
):
    interrupted_after(5)
    with pytest.raises(KeyboardInterrupt):
        checkpointed(tmp_path / "best.npz").fit(features, attributes)
    monkeypatch.undo()
    epochs = []
    run_epoch = _training._Trainer.epoch
    monkeypatch.setattr(
        _training._Trainer,
        "epoch",
        spy(run_epoch, lambda args, out: epochs.append(args[1])),
    )
    checkpointed(tmp_path / "best.npz").fit(features, attributes)
    assert epochs[0] == 5


def test_killed_fit_without_a_seed_goes_on_with_the_one_it_drew(
    features, attributes, tmp_path, interrupted_after, monkeypatch
):
    unseeded = checkpointed(tmp_path / "best.npz").set_params(random_state=None)
    interrupted_after(5)
    with pytest.raises(KeyboardInterrupt):
        clone(unseeded).fit(features, attributes)
    monkeypatch.undo()
    with np.load(tmp_path / "best.npz") as file:
        before = json.loads(str(file["about"]))
    clone(unseeded).fit(features, attributes)
    with np.load(tmp_path / "best.npz") as file:
        after = json.loads(str(file["about"]))
    assert after["seed"] == before["seed"]
    n_kept = before["epoch"] + 1
    assert after["history"]["loss"][:n_kept] == before["history"]["loss"]


def test_finished_checkpoint_holds_the_best_weights(features, attributes, tmp_path):
    head = checkpointed(tmp_path / "best.npz").fit(features, attributes)
    with np.load(tmp_path / "best.npz") as file:
        assert np.array_equal(file["weight_0"], head.model_.get_weights()[0])


def test_a_finished_checkpoint_does_not_hold_up_another_fit(
    features, attributes, tmp_path
):
    checkpointed(tmp_path / "best.npz").fit(features, attributes)
    other = checkpointed(tmp_path / "best.npz", l2=0.1).fit(features, attributes)
    assert same_weights(other, checkpointed(None, l2=0.1).fit(features, attributes))


def test_checkpoint_of_another_unfinished_fit_is_refused(
    features, attributes, tmp_path, interrupted_after, monkeypatch
):
    interrupted_after(2)
    with pytest.raises(KeyboardInterrupt):
        checkpointed(tmp_path / "best.npz").fit(features, attributes)
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match=r"best.npz: holds the unfinished fit"):
        checkpointed(tmp_path / "best.npz", l2=0.1).fit(features, attributes)


SHAPES = [(2, 1), (1,)]
FIGURES = ["loss", "binary_accuracy"]


@pytest.fixture
def unfinished(tmp_path):
    """A checkpoint of two epochs, and what its file holds."""
    checkpoint = Checkpoint(tmp_path / "best.npz", {"data": 1})
    zeros = [np.zeros(shape, np.float32) for shape in SHAPES]
    adam = [np.zeros((), np.int64), np.zeros((), np.float32)]
    history = {name: [0.5, 0.25] for name in FIGURES}
    moments = [zeros[0], zeros[0], zeros[1], zeros[1]]
    checkpoint.save(_training.State(0, 1, zeros, [*adam, *moments], history))
    with np.load(checkpoint.path) as file:
        return checkpoint, dict(file)


def test_a_sound_checkpoint_is_read(unfinished):
    state = unfinished[0].load(SHAPES, FIGURES)
    assert (state.seed, state.epoch) == (0, 1)
    assert [len(state.weights), len(state.optimizer)] == [2, 6]


def test_damaged_checkpoint_is_named(features, attributes, tmp_path):
    (tmp_path / "best.npz").write_bytes(b"no zip")
    with pytest.raises(CheckpointError, match=r"best.npz: is no checkpoint"):
        checkpointed(tmp_path / "best.npz").fit(features, attributes)


@pytest.mark.parametrize("about", ["{", "3", "[]", "[" * 10**5, '{"finished": false}'])
def test_a_checkpoint_that_says_nothing_is_named(unfinished, about):
    checkpoint, content = unfinished
    np.savez(checkpoint.path, **content | {"about": about})
    with pytest.raises(CheckpointError, match=r"best.npz: is no checkpoint"):
        checkpoint.load(SHAPES, FIGURES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", "0"),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", None),
        ("epoch", 1.5),
        ("epoch", -1),
        ("epoch", 2**40),
        ("epoch", 2),
        ("history", []),
        ("history", {}),
        ("history", {"loss": [0.5, 0.25]}),
        ("history", {"loss": [0.5, 0.25], "binary_accuracy": [0.5]}),
        ("history", {"loss": [0.5, "x"], "binary_accuracy": [0.5, 0.5]}),
        ("history", {"loss": [0.5, float("nan")], "binary_accuracy": [0.5, 0.5]}),
        ("history", {"loss": 3, "binary_accuracy": [0.5, 0.5]}),
    ],
)
def test_a_checkpoint_with_other_numbers_is_named(unfinished, name, value):
    checkpoint, content = unfinished
    about = json.dumps(json.loads(str(content["about"])) | {name: value})
    np.savez(checkpoint.path, **content | {"about": about})
    with pytest.raises(CheckpointError, match=r"best.npz: is no checkpoint"):
        checkpoint.load(SHAPES, FIGURES)


@pytest.mark.parametrize("name", ["weight_0", "optimizer_0", "optimizer_5"])
@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 3), np.float32),
        np.array("text"),
        np.zeros(10**5),
        np.array(np.nan),
        np.zeros((2, 1), complex),
        None,
    ],
)
def test_a_checkpoint_with_other_arrays_is_named(unfinished, name, array):
    checkpoint, content = unfinished
    del content[name]
    np.savez(checkpoint.path, **content | ({} if array is None else {name: array}))
    with pytest.raises(CheckpointError, match=r"best.npz: is no checkpoint"):
        checkpoint.load(SHAPES, FIGURES)


def test_a_checkpoint_with_a_weight_that_is_not_finite_is_named(unfinished):
    checkpoint, content = unfinished
    np.savez(checkpoint.path, **content | {"weight_1": np.full(1, np.inf)})
    with pytest.raises(CheckpointError, match="weight 1 holds NaN or infinity"):
        checkpoint.load(SHAPES, FIGURES)


def test_a_checkpoint_that_is_a_folder_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="it is no regular file"):
        Checkpoint(tmp_path, {}).load(SHAPES, FIGURES)


def test_a_checkpoint_of_other_rows_is_another_fit(
    features, attributes, tmp_path, interrupted_after, monkeypatch
):
    """The first row is the same."""
    other = features.copy()
    other[-1] += 1
    interrupted_after(2)
    with pytest.raises(KeyboardInterrupt):
        checkpointed(tmp_path / "best.npz").fit(features, attributes)
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="or of other data"):
        checkpointed(tmp_path / "best.npz").fit(other, attributes)


def test_checkpoint_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    checkpoint = Checkpoint(tmp_path / "file" / "best.npz", {})
    with pytest.raises(CheckpointError, match="cannot be written"):
        checkpoint.save(_training.State(0, 0, [], [], {}))


@pytest.mark.parametrize(
    ("n_outputs", "n_trainable"), [(40, 14_442_024), (4, 14_423_556)]
)
def test_paper_head_counts_as_many_parameters_as_the_paper(n_outputs, n_trainable):
    head = DenseHeadClassifier()
    architecture = Architecture(
        25_088, n_outputs, head.n_layers, head.n_units, "sigmoid", 1.0, 0.0, 0.0
    )
    assert architecture.build().count_params() == n_trainable


@pytest.fixture
def stored(features, tmp_path):
    """The features as a FeatureArray, left in a store."""
    rows = FeatureStore(tmp_path / "store").specification({"n_features": 12})
    digests = [index.to_bytes(16, "big") for index in range(len(features))]
    rows.write(digests, features)
    return FeatureArray(rows, digests)


def test_fit_on_stored_features_equals_fit_in_memory(stored, features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=3)
    in_memory = clone(head).fit(features, attributes)
    from_store = head.fit(stored, attributes)
    assert same_weights(in_memory, from_store)
    assert np.array_equal(in_memory.predict(features), from_store.predict(stored))


def test_stored_features_are_read_a_batch_at_a_time(stored, attributes, monkeypatch):
    n_read = []
    read = type(stored.store_rows).read
    monkeypatch.setattr(
        type(stored.store_rows),
        "read",
        spy(read, lambda args, out: n_read.append(len(out))),
    )
    head = DenseHeadClassifier(**FAST, batch_size=8, early_stopping=False, epochs=1)
    head.fit(stored, attributes)
    assert max(n_read) == 8


def test_y_of_another_length_than_stored_features_is_refused(stored, attributes):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        DenseHeadClassifier(**FAST).fit(stored, attributes[:10])


def test_rows_of_a_group_set_aside_for_validation_are_not_trained_on():
    """Only the first row of a group set aside is looked at, and only to validate."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 6)), (rng.random((40, 2)) < 0.5).astype(int)
    head = DenseHeadClassifier(n_layers=0, epochs=3, random_state=0)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    aside = np.random.default_rng(seed).permutation(40)[:4]
    others = [X.copy(), X.copy(), X.copy()]
    others[1][aside] += 100
    others[2][np.setdiff1d(np.arange(40), aside)[0]] += 100
    rows = np.tile(np.arange(40), 2)
    first, same, different = (
        clone(head)
        .fit(np.concatenate([X, other]), y[rows], groups=rows)
        .predict_proba(X)
        for other in others
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, different)


def test_groups_of_another_number_of_rows_are_refused():
    X, y = np.zeros((6, 3)), np.tile([[0, 1]], (6, 1))
    with pytest.raises(InputError, match=r"groups must have the shape \(6,\), got"):
        DenseHeadClassifier(n_layers=0).fit(X, y, groups=np.arange(5))


def test_a_checkpoint_of_other_weights_is_another_fit(tmp_path):
    X, y = np.zeros((6, 3)), np.tile([[0, 1]], (6, 1))
    plain = Samples(X, y.astype(np.float32))
    head = DenseHeadClassifier(checkpoint_path=tmp_path / "fit.npz", random_state=0)
    files = [
        head._checkpoint(samples, None).identity
        for samples in (plain, plain.weighted(np.arange(1.0, 7.0)))
    ]
    assert files[0] != files[1]


@pytest.mark.parametrize("head_class", [DenseHeadClassifier, DenseHeadRegressor])
def test_head_is_a_keras_model_trained_by_keras(
    features, attributes, boxes, head_class
):
    settings = FAST | {"batch_size": 300, "epochs": 4, "early_stopping": False}
    head = head_class(**settings)
    y = attributes if head_class is DenseHeadClassifier else boxes
    head.fit(features, y)

    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    plain = keras.models.clone_model(head.model_)
    plain.set_weights(head._architecture.initial_weights(np.random.default_rng(seed)))
    plain.compile(keras.optimizers.Adam(0.01), loss=head.loss)
    losses = []
    for _ in range(4):
        plain.reset_metrics()
        losses.append(plain.train_on_batch(features.astype(np.float32), y))
    np.testing.assert_allclose(head.history_["loss"], losses, rtol=1e-4)
    for ours, theirs in zip(
        head.model_.get_weights(), plain.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


# Missing labels


@pytest.fixture(scope="session")
def half_labelled(attributes):
    """The attributes without three labels in ten."""
    y = attributes.astype(float)
    y[np.random.default_rng(0).uniform(size=y.shape) < 0.3] = np.nan
    return y


def test_missing_labels_are_learnt_around(features, attributes, half_labelled):
    head = DenseHeadClassifier(**FAST, epochs=30).fit(features, half_labelled)
    majority = np.maximum(attributes.mean(0), 1 - attributes.mean(0)).mean()
    assert head.score(features, attributes) > majority + 0.15


def test_rows_without_labels_are_as_if_they_were_not_there(features, attributes):
    y = attributes.astype(float)
    y[::3] = np.nan
    labelled = np.arange(300) % 3 > 0
    head = DenseHeadClassifier(**FAST, class_weight="balanced", epochs=4)
    with_them = clone(head).fit(features, y)
    without = head.fit(features[labelled], attributes[labelled])
    assert same_weights(with_them, without)
    assert with_them.history_ == without.history_


def test_validation_loss_is_the_mean_over_its_labels(features, half_labelled):
    X_val, y_val = features[200:], half_labelled[200:]
    head = DenseHeadClassifier(**FAST, epochs=2)
    head.fit(features[:200], half_labelled[:200], X_val=X_val, y_val=y_val)
    proba = head.predict_proba(X_val).astype(float)
    known = ~np.isnan(y_val)
    losses = -np.log(np.where(y_val == 1, proba, 1 - proba))[known]
    right = ((proba > 0.5) == y_val)[known]
    best = head.best_epoch_
    assert head.history_["val_loss"][best] == pytest.approx(losses.mean(), rel=1e-4)
    assert head.history_["val_binary_accuracy"][best] == pytest.approx(right.mean())


def test_score_leaves_missing_labels_out(classifier, features, half_labelled):
    known = ~np.isnan(half_labelled)
    right = classifier.predict(features) == half_labelled
    by_attribute = right.sum(axis=0) / known.sum(axis=0)
    score = classifier.score(features, half_labelled)
    assert score == pytest.approx(by_attribute.mean())


def test_missing_labels_may_be_those_of_pandas(features, half_labelled):
    head = DenseHeadClassifier(**FAST, epochs=1)
    y = pd.DataFrame(half_labelled).astype("Int64")
    from_pandas = clone(head).fit(features, y, X_val=features, y_val=y)
    head.fit(features, half_labelled, X_val=features, y_val=half_labelled)
    assert same_weights(head, from_pandas)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(np.asarray, "column 2 of y holds"), (pd.DataFrame, r"column 2 \(Bald\) of y")],
)
def test_column_without_labels_is_named(features, attributes, kind, text):
    y = pd.DataFrame(attributes, columns=["a", "b", "Bald", "c", "d"]).astype(float)
    y["Bald"] = np.nan
    with pytest.raises(InputError, match=text):
        DenseHeadClassifier(**FAST).fit(features, kind(y))


def test_validation_without_any_label_is_refused(features, attributes):
    y_val = np.full(attributes.shape, np.nan)
    with pytest.raises(InputError, match="y_val holds no label"):
        DenseHeadClassifier(**FAST).fit(
            features, attributes, X_val=features, y_val=y_val
        )


def test_missing_label_of_one_dimension_is_refused(features, half_labelled):
    with pytest.raises(ValueError, match="NaN"):
        DenseHeadClassifier(**FAST).fit(features, half_labelled[:, 0])


def test_search_splits_attributes_with_missing_labels(features, half_labelled):
    head = DenseHeadClassifier(**FAST, epochs=2)
    search = GridSearchCV(head, {"l2": [0, 0.01]}, cv=KFold(2), error_score="raise")
    search.fit(features, half_labelled)
    assert 0.5 < search.best_score_ < 1


# Weights of the classes


def test_balanced_weights_find_a_rare_attribute(features):
    rng = np.random.default_rng(0)
    y = (features[:, :2] + rng.normal(size=(300, 2)) > 2.2).astype(int)
    head = DenseHeadClassifier(**FAST | {"n_layers": 0}, epochs=40, patience=40)
    plain, balanced = (
        clone(head).set_params(class_weight=weight).fit(features, y)
        for weight in (None, "balanced")
    )
    scores = [
        attribute_balanced_accuracy(y, each.predict(features))
        for each in (plain, balanced)
    ]
    assert scores[1] > scores[0] + 0.1


def test_class_weights_shift_the_labels_of_one_dimension(features, attributes):
    labels = np.where(attributes[:, 1], "smiling", "serious")
    head = DenseHeadClassifier(**FAST, epochs=5)
    plain = clone(head).fit(features, labels).predict_proba(features)
    head.set_params(class_weight={"smiling": 10.0}).fit(features, labels)
    assert np.all(head.predict_proba(features)[:, 1] > plain[:, 1])


def test_class_weights_of_one_change_nothing(classifier, features, attributes):
    ones = [{0: 1.0, 1: 1.0}] * 5
    head = clone(classifier).set_params(class_weight=ones).fit(features, attributes)
    assert same_weights(classifier, head)


def test_class_weights_belong_to_the_checkpointed_fit(
    features, attributes, tmp_path, interrupted_after, monkeypatch
):
    interrupted_after(2)
    with pytest.raises(KeyboardInterrupt):
        checkpointed(tmp_path / "best.npz").fit(features, attributes)
    monkeypatch.undo()
    weighted = checkpointed(tmp_path / "best.npz", class_weight=[{np.int64(1): 2}] * 5)
    with pytest.raises(CheckpointError, match="unfinished fit of another head"):
        weighted.fit(features, attributes)


# Thresholds and calibration


@pytest.fixture(scope="session")
def tuned(features, half_labelled):
    """A head with thresholds and calibration, validated on the last 100 rows."""
    head = DenseHeadClassifier(
        **FAST,
        epochs=10,
        class_weight="balanced",
        calibration="sigmoid",
        threshold="balanced_accuracy",
    )
    return head.fit(
        features[:200],
        half_labelled[:200],
        X_val=features[200:],
        y_val=half_labelled[200:],
    )


def test_thresholds_are_the_best_on_the_validation_labels(
    tuned, features, half_labelled
):
    probabilities = tuned.predict_proba(features[200:])
    for column, threshold in enumerate(tuned.thresholds_):
        y = half_labelled[200:, column]
        y, p = y[~np.isnan(y)], probabilities[~np.isnan(y), column]
        best = max(balanced_accuracy_score(y, p > each) for each in [0.5, 0, *p])
        assert balanced_accuracy_score(y, p > threshold) == pytest.approx(best)


def test_predict_goes_by_the_thresholds(tuned, features):
    expected = tuned.predict_proba(features) > tuned.thresholds_
    assert np.array_equal(tuned.predict(features), expected)


def test_calibrated_probabilities_mean_the_prevalence(tuned, features, half_labelled):
    probabilities = tuned.predict_proba(features[200:])
    assert probabilities.dtype == np.float32
    known = ~np.isnan(half_labelled[200:])
    expected = np.where(known, probabilities, 0).sum(axis=0) / known.sum(axis=0)
    prevalence = np.nanmean(half_labelled[200:], axis=0)
    # Platt's targets keep off 0 and 1, so that the means differ a little.
    np.testing.assert_allclose(expected, prevalence, atol=0.03)


def test_calibration_moves_the_probabilities_of_the_network(tuned, features):
    slope, intercept = tuned.calibration_.T
    raw = tuned.outputs(features).astype(float)
    logits = slope * np.log(raw / (1 - raw)) + intercept
    np.testing.assert_allclose(
        tuned.predict_proba(features), 1 / (1 + np.exp(-logits)), atol=1e-6
    )


def test_pickle_and_clone_keep_and_forget_what_was_tuned(tuned, features):
    loaded = pickle.loads(pickle.dumps(tuned))
    assert np.array_equal(loaded.predict(features), tuned.predict(features))
    assert np.array_equal(loaded.thresholds_, tuned.thresholds_)
    assert np.array_equal(loaded.calibration_, tuned.calibration_)
    assert clone(tuned).get_params() == tuned.get_params()
    assert not hasattr(clone(tuned), "thresholds_")


def test_thresholds_can_be_given(classifier, features, attributes):
    thresholds = [0.1, 0.3, 0.5, 0.7, 0.9]
    head = clone(classifier).set_params(threshold=thresholds)
    head.fit(features, attributes)
    assert head.thresholds_.tolist() == thresholds
    expected = classifier.predict_proba(features) > thresholds
    assert np.array_equal(head.predict(features), expected)


def test_threshold_of_labels_of_one_dimension(features, attributes):
    labels = np.where(attributes[:, 0], "smiling", "serious")
    head = DenseHeadClassifier(**FAST, epochs=2, threshold=0.3).fit(features, labels)
    expected = head.predict_proba(features)[:, 1] > 0.3
    assert head.thresholds_.tolist() == [0.3]
    assert np.array_equal(head.predict(features) == "smiling", expected)


def test_without_validation_data_rows_are_set_aside_for_thresholds(
    features, attributes
):
    settings = FAST | {"early_stopping": False, "validation_fraction": 0.5}
    head = DenseHeadClassifier(**settings, epochs=2, threshold="f1")
    head.fit(features, attributes)
    assert len(head.history_["val_loss"]) == 2
    plain = clone(head).set_params(threshold=0.5).fit(features, attributes)
    assert "val_loss" not in plain.history_


def test_stored_features_tune_the_same_thresholds(stored, features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=3, threshold="f1", calibration="sigmoid")
    in_memory = clone(head).fit(features, attributes)
    assert np.array_equal(
        head.fit(stored, attributes).thresholds_, in_memory.thresholds_
    )


@pytest.mark.parametrize(
    "threshold", [[0.5], [0.1, 0.2, 0.3, 0.4, 1.5], [[0.5] * 5], [np.nan] * 5]
)
def test_thresholds_for_other_attributes_are_refused(features, attributes, threshold):
    with pytest.raises(ParameterError, match="threshold must hold 5 probabilities"):
        DenseHeadClassifier(**FAST, threshold=threshold).fit(features, attributes)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("threshold", "recall"),
        ("threshold", 1.1),
        ("calibration", "isotonic"),
        ("class_weight", "rare"),
        ("learning_rate_schedule", "linear"),
    ],
)
def test_bad_parameters_of_attributes_are_named(features, attributes, parameter, value):
    with pytest.raises(ParameterError, match=f"'{parameter}' parameter"):
        DenseHeadClassifier(**{parameter: value}).fit(features, attributes)


# Losses and the learning rate


@pytest.mark.parametrize("loss", ["huber", "wing"])
def test_losses_of_coordinates_train(features, boxes, loss):
    head = DenseHeadRegressor(**FAST, target="bbox", loss=loss, epochs=30)
    head.fit(features, boxes)
    mean_box = np.tile(boxes.mean(0), (len(boxes), 1))
    assert head.score(features, boxes) > iou_score(boxes, mean_box) + 0.1


def test_cosine_of_one_epoch_is_that_epoch(features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=1)
    plain = clone(head).fit(features, attributes)
    head.set_params(learning_rate_schedule="cosine").fit(features, attributes)
    assert same_weights(plain, head)


def test_killed_fit_goes_on_with_the_learning_rate_of_its_epoch(
    features, attributes, tmp_path, interrupted_after, monkeypatch
):
    schedule = {"learning_rate_schedule": "cosine"}
    undisturbed = checkpointed(None, **schedule).fit(features, attributes)
    interrupted_after(5)
    with pytest.raises(KeyboardInterrupt):
        checkpointed(tmp_path / "best.npz", **schedule).fit(features, attributes)
    monkeypatch.undo()
    longer = checkpointed(tmp_path / "best.npz", **schedule).set_params(epochs=9)
    with pytest.raises(CheckpointError, match="unfinished fit of another head"):
        longer.fit(features, attributes)
    resumed = checkpointed(tmp_path / "best.npz", **schedule)
    assert same_weights(undisturbed, resumed.fit(features, attributes))
    assert undisturbed.history_ == resumed.history_


def test_weights_that_explode_on_validation_rows_are_no_fit():
    """One batch an epoch: its loss is that of the weights before the step."""
    rng = np.random.default_rng(0)
    X, y = 1e3 * rng.normal(size=(40, 5)), rng.random((40, 4))
    head = DenseHeadRegressor(
        2, 64, learning_rate=1e6, output_activation="linear", batch_size=64
    )
    with pytest.raises(ParameterError, match=r"'val_loss': inf.*lower learning_rate"):
        head.fit(X, y)


def test_a_validation_label_that_is_in_no_row_is_refused(features, attributes):
    labels = np.where(attributes[:, 1], "smiling", "serious")
    with pytest.raises(InputError, match="y_val has the label 'sad', which y has not"):
        DenseHeadClassifier(**FAST).fit(
            features, labels, X_val=features[:1], y_val=np.array(["sad"])
        )


def test_a_weight_of_two_tunes_thresholds_as_the_row_twice(features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=2, threshold="balanced_accuracy")
    head.fit(features, attributes)
    weight = np.where(attributes[:, 0] == 1, 2.0, 1.0)
    rows = np.repeat(np.arange(300), weight.astype(int))
    labels = head._fit_targets(attributes, None)(attributes)
    head._fit_decisions(Samples(features, labels).weighted(weight))
    weighted = head.thresholds_
    head._fit_decisions(Samples(features[rows], labels[rows]))
    np.testing.assert_allclose(weighted, head.thresholds_)
    head._fit_decisions(Samples(features, labels))
    assert not np.allclose(weighted, head.thresholds_)


def test_a_head_is_trained_by_fit_alone():
    for name in ("partial_fit", "initialize"):
        assert not hasattr(DenseHeadClassifier(), name)


# Somebody else's settings


@pytest.fixture
def settings_of_keras():
    """Sets some of them; all are put back."""
    config = keras.config
    names = ("dtype_policy", "floatx", "epsilon", "image_data_format")
    before = {name: getattr(config, name)() for name in names}

    def set_(**settings):
        for name, value in settings.items():
            getattr(config, f"set_{name}")(value)

    yield set_
    set_(**before)


@pytest.mark.parametrize(
    "settings",
    [
        {"dtype_policy": "mixed_float16"},
        {"dtype_policy": "mixed_bfloat16"},
        {"dtype_policy": "float64"},
        {"floatx": "float16"},
        {"floatx": "float64"},
        {"epsilon": 0.1},
    ],
    ids=str,
)
def test_settings_of_keras_change_no_number(
    features, attributes, settings_of_keras, settings
):
    head = DenseHeadClassifier(n_layers=0, epochs=1, batch_size=300, random_state=0)
    expected = clone(head).fit(features, attributes)
    probabilities = expected.predict_proba(features)
    settings_of_keras(**settings)
    _training._trainers.clear()
    there = clone(head).fit(features, attributes)
    assert there.history_ == expected.history_
    for fitted in (there, pickle.loads(pickle.dumps(expected))):
        found = fitted.predict_proba(features)
        assert found.dtype == np.float32
        assert np.array_equal(found, probabilities)
    ((name, value),) = settings.items()  # they are still somebody's
    left = getattr(keras.config, name)()
    assert getattr(left, "name", left) == value
    settings_of_keras(dtype_policy="float32", floatx="float32", epsilon=1e-7)
    assert same_weights(clone(head).fit(features, attributes), expected)


def test_what_numpy_does_with_errors_changes_nothing(tuned, features):
    expected = tuned.predict_proba(features)
    with np.errstate(all="raise"):
        assert np.array_equal(tuned.predict_proba(features), expected)


# Numbers that are none


def test_features_beyond_float32_are_refused_by_their_row(regressor, features, boxes):
    X = features.astype(float)
    X[7, 2] = -1e39
    with pytest.raises(InputError, match=r"row 7 of X reaches 1e\+39 in size"):
        regressor.predict(X)
    with pytest.raises(InputError, match="row 7 of X reaches"):
        DenseHeadRegressor(**FAST).fit(X, boxes)
    with pytest.raises(InputError, match="row 7 of X_val reaches"):
        DenseHeadRegressor(**FAST).fit(features, boxes, X_val=X, y_val=boxes)


def test_an_output_that_is_not_finite_is_refused_by_its_row(features, boxes):
    head = DenseHeadRegressor(0, epochs=1, output_activation="linear", random_state=0)
    X = features.astype(np.float32)
    head.fit(X, boxes)
    X[5] = 3e38
    with pytest.raises(InputError, match="row 5 of X is so large"):
        head.predict(X)


def test_weights_that_explode_in_the_last_step_are_no_fit(features, boxes):
    """The loss is that of the weights before the step."""
    head = DenseHeadRegressor(
        0, learning_rate=1e39, early_stopping=False, epochs=1, batch_size=300
    )
    with pytest.raises(ParameterError, match="weights, that are not finite"):
        head.fit(features, boxes)


def test_a_training_that_explodes_later_keeps_the_epoch_before_and_says_so(features):
    y = 0.5 + 0.1 * features[:, :4].astype(np.float32)
    head = DenseHeadRegressor(
        0,
        learning_rate=1e20,
        early_stopping=False,
        batch_size=300,
        output_activation="linear",
    )
    with pytest.warns(SkfaceWarning, match="not finite: the weights of epoch 0 are"):
        head.fit(features, y)
    assert head.best_epoch_ == 0


# While it is fitted again


def test_who_predicts_during_a_fit_is_answered_by_the_fit_before(
    features, attributes, monkeypatch
):
    head = DenseHeadClassifier(**FAST, epochs=2, calibration="sigmoid")
    before = head.fit(features, attributes).predict_proba(features)
    during, run_epoch = [], _training._Trainer.epoch

    def epoch(*args):
        during.append(head.predict_proba(features))
        return run_epoch(*args)

    monkeypatch.setattr(_training._Trainer, "epoch", epoch)
    head.set_params(random_state=1).fit(features[:, ::-1], 1 - attributes)
    assert len(during) == 2
    assert all(np.array_equal(each, before) for each in during)
    assert not np.array_equal(head.predict_proba(features), before)


def test_a_fit_during_a_prediction_does_not_reach_it(features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=1, threshold=0.0)
    now = head.fit(features, attributes).snapshot()
    outputs = now.outputs(features)
    head.set_params(threshold=1.0).fit(features, attributes)
    assert now.predictions(outputs).all()
    assert not head.predictions(outputs).any()


def test_a_fit_that_fails_leaves_the_one_before(features, attributes):
    head = DenseHeadClassifier(**FAST, epochs=1).fit(features, attributes)
    expected = head.predict_proba(features)
    with pytest.raises(InputError):
        head.fit(features[:, :3], 2 * attributes)
    assert head.n_features_in_ == 12
    assert np.array_equal(head.predict_proba(features), expected)


# Columns by name


NAMES = ["Bald", "Male", "Smiling", "Young", "Hat"]


@pytest.fixture(scope="session")
def named(attributes):
    return pd.DataFrame(attributes, columns=NAMES)


@pytest.fixture(scope="session")
def named_head(features, named):
    return DenseHeadClassifier(**FAST, epochs=2).fit(features, named)


def test_names_of_y_are_remembered(named_head, classifier):
    assert named_head.target_names_in_.tolist() == NAMES
    assert not hasattr(classifier, "target_names_in_")


def test_a_y_in_another_order_is_read_by_name(named_head, features, named):
    score = named_head.score(features, named)
    assert named_head.score(features, named[NAMES[::-1]]) == score
    assert named_head.score(features, named.to_numpy()) == score


def test_validation_labels_in_another_order_are_read_by_name(features, named):
    head = DenseHeadClassifier(**FAST, epochs=2)
    expected, found = (
        clone(head).fit(features, named, X_val=features, y_val=y_val).history_
        for y_val in (named, named[NAMES[::-1]])
    )
    assert found == expected


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda y: y.drop(columns="Male"), "y lacks the column 'Male'"),
        (lambda y: y[["Bald"]], "y lacks the column 'Male' and 3 more"),
        (lambda y: y.assign(Index=0), "y has the unknown column"),
        (lambda y: pd.concat([y, y["Hat"]], axis=1), "y has twice the column 'Hat'"),
    ],
)
def test_a_y_with_other_columns_is_refused(named_head, features, named, change, text):
    with pytest.raises(InputError, match=text):
        named_head.score(features, change(named))


def test_a_column_twice_is_not_learnt(features, named):
    twice = pd.concat([named, named["Hat"]], axis=1)
    with pytest.raises(InputError, match="y has twice the column 'Hat'"):
        DenseHeadClassifier(epochs=1).fit(features, twice)


def test_boxes_in_another_order_are_read_by_name(regressor, features, boxes):
    frame = pd.DataFrame(boxes, columns=["x", "y", "width", "height"])
    head = clone(regressor).set_params(epochs=2)
    expected = clone(head).fit(features, boxes)
    found = clone(head).fit(features, frame[["height", "x", "width", "y"]])
    assert same_weights(expected, found)
    assert found.score(features, frame[["width", "height", "y", "x"]]) == (
        expected.score(features, boxes)
    )
    assert expected.score(features, frame[["width", "height", "y", "x"]]) == (
        expected.score(features, boxes)
    )


# The optimum


def test_a_linear_head_reaches_the_optimum_of_logistic_regression(features):
    rng = np.random.default_rng(0)
    X = features.astype(np.float32)
    y = (X[:, 0] - 0.5 * X[:, 1] + rng.normal(size=300) > 0.3).astype(int)
    l2 = 0.01
    head = DenseHeadClassifier(
        0,
        l2=l2,
        learning_rate=0.1,
        learning_rate_schedule="cosine",
        epochs=150,
        batch_size=300,
        early_stopping=False,
        random_state=0,
    ).fit(X, y)
    # Its penalty is half the squared weights, and its loss the sum over the rows.
    best = LogisticRegression(C=1 / (2 * l2 * len(X)), tol=1e-8).fit(X, y)

    def loss(weights, probabilities):
        return log_loss(y, probabilities) + l2 * np.square(weights).sum()

    kernel, bias = head.model_.get_weights()
    found = loss(kernel, head.predict_proba(X).astype(float))
    assert found == pytest.approx(loss(best.coef_, best.predict_proba(X)), abs=1e-5)
    np.testing.assert_allclose(kernel[:, 0], best.coef_[0], atol=5e-3)
    assert bias[0] == pytest.approx(best.intercept_[0], abs=5e-3)


def test_too_few_rows_to_set_aside_are_found_before_features_are_made():
    with pytest.raises(InputError, match="n_samples=1 is too few to set"):
        DenseHeadClassifier(random_state=0).check_fit(1, np.ones((1, 2), int))
