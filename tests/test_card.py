"""Model cards: what they say, and that they say it safely."""

import copy
import re
import sys
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

import skface
from skface.exceptions import InputError
from skface.metrics import (
    attribute_accuracy,
    attribute_balanced_accuracy,
    attribute_report,
    iou_score,
)

HOSTILE = "<script>alert('1')</script>|*_x_*"


class Page(HTMLParser):
    """Rows of the tables, tags, and the sources of pictures."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.tags, self.sources, self.open = [], set(), [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data

    def row(self, first):
        return next(row for row in self.rows if row[:1] == [first])


@pytest.fixture(scope="module")
def labelled():
    """A head of two attributes, rows it was not trained on, and their labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y = (X[:, :2] + 0.5 * rng.normal(size=(120, 2)) > [0, 1]).astype(int)
    head = skface.DenseHeadClassifier(0, epochs=3, random_state=0)
    return head.fit(X[:60], y[:60]), X[60:], y[60:], y[:60]


@pytest.fixture(scope="module")
def boxes():
    rng = np.random.default_rng(0)
    y = rng.uniform(0.2, 0.5, (20, 4))
    return DummyRegressor(strategy="median").fit(y, y), y


def test_figures_are_those_of_the_metrics(labelled):
    head, X, y, y_train = labelled
    page = Page(skface.card(head, X, y, y_train=y_train).html)
    constant = np.broadcast_to(y_train.mean(axis=0) > 0.5, y.shape).astype(int)
    for name, metric in (
        ("attribute accuracy ↑", attribute_accuracy),
        ("attribute balanced accuracy ↑", attribute_balanced_accuracy),
    ):
        figures = [metric(y, constant), metric(y, head.predict(X))]
        assert page.row(name)[1:] == [f"{figure:.3f}" for figure in figures]


def test_average_precision_stands_beside_that_of_a_random_order(labelled):
    head, X, y, _ = labelled
    report = attribute_report(y, head.predict(X), y_score=head.predict_proba(X))
    means = report[["prevalence", "average_precision"]].mean()
    page = Page(skface.card(head, X, y).html)
    found = page.row("attribute average precision ↑")[1:]
    assert found == [f"{mean:.3f}" for mean in means]


def test_each_attribute_has_a_row(labelled):
    head, X, y, _ = labelled
    card = skface.card(head, X, y, target_names=["Wearing_Hat", "Young"])
    report = attribute_report(y, head.predict(X))
    row = Page(card.html).row("Wearing Hat")
    expected = report.loc[0, ["prevalence", "majority", "accuracy"]]
    assert row[1:4] == [f"{value:.3f}" for value in expected]


def test_each_group_has_its_figures(labelled):
    head, X, y, _ = labelled
    young = X[:, 3] > 0
    page = Page(skface.card(head, X, y, groups={"Young": young.astype(int)}).html)
    rows = [row for row in page.rows if row[:1] == ["Young=1"]]
    assert rows[0][:3] == ["Young=1", str(young.sum()), "attribute accuracy ↑"]
    accuracy = attribute_accuracy(y[young], head.predict(X)[young])
    assert rows[0][4] == f"{accuracy:.3f}"


def test_card_without_groups_says_so(labelled):
    head, X, y, _ = labelled
    assert "No groups of people were compared" in skface.card(head, X, y).markdown


def test_groups_of_another_length_are_refused(labelled):
    head, X, y, _ = labelled
    with pytest.raises(InputError, match=r"Young.* must have the shape \(60,\)"):
        skface.card(head, X, y, groups={"Young": [0, 1]})


def test_y_of_other_columns_is_refused(labelled):
    head, X, y, _ = labelled
    with pytest.raises(InputError, match=r"\(60, 2\), got the shape \(60, 1\)"):
        skface.card(head, X, y[:, :1])


def test_box_figures_are_those_of_the_metric(boxes):
    median, y = boxes
    page = Page(skface.card(median, y, y, target="bbox").html)
    mean = np.broadcast_to(y.mean(axis=0), y.shape)
    found = page.row("box IoU ↑")[1:]
    assert found == [f"{iou_score(y, p):.3f}" for p in (mean, median.predict(y))]


def test_missing_labels_do_not_count():
    y = np.array([[1, 0], [1, np.nan], [0, 1.0]])
    answer = DummyClassifier(strategy="constant", constant=[1, 0])
    answer.fit(y, np.nan_to_num(y).astype(int))
    page = Page(skface.card(answer, y, y).html)
    assert page.row("attribute accuracy ↑")[2] == f"{(2 / 3 + 1 / 2) / 2:.3f}"


@pytest.mark.parametrize("part", ["target_names", "groups", "trained_on"])
def test_hostile_text_is_shown_and_not_run(labelled, part):
    head, X, y, _ = labelled
    text = {
        "target_names": [HOSTILE, "b"],
        "groups": np.array([HOSTILE, "b"])[y[:, 0]],
        "trained_on": HOSTILE,
    }[part]
    card = skface.card(head, X, y, **{part: text})
    page = Page(card.html)
    assert "script" not in page.tags
    assert "&lt;script&gt;" in card.html
    assert not re.search(r"(?<!\\)<script", card.markdown)


def test_hostile_name_leaves_the_tables_whole(labelled):
    head, X, y, _ = labelled
    card = skface.card(head, X, y, target_names=[HOSTILE, "b"])
    (row,) = [line for line in card.markdown.splitlines() if "script" in line]
    (other,) = [line for line in card.markdown.splitlines() if line[:4] == "| b "]
    assert len(re.findall(r"(?<!\\)\|", row)) == len(re.findall(r"\|", other))


def test_page_needs_no_other_file(labelled):
    head, X, y, _ = labelled
    sources = Page(skface.card(head, X, y).html).sources
    assert len(sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_files_are_written_beside_each_other(labelled, tmp_path):
    head, X, y, _ = labelled
    card = skface.card(head, X, y, path=tmp_path / "smile.html")
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {
        "smile.md": card.markdown.encode(),
        "smile.html": card.html.encode(),
        **card.pictures,
    }
    named = re.findall(r"!\[.*\]\((.*)\)", card.markdown)
    assert named == ["smile-history.png", "smile-scores.png"] == list(card.pictures)


def test_a_folder_that_is_not_there_is_found_before_work(labelled, tmp_path):
    head, X, y, _ = labelled
    with pytest.raises(InputError, match="there is no folder "):
        skface.card(head, X[:, :1], y, path=tmp_path / "missing" / "card")


def test_same_model_gives_the_same_card(labelled):
    head, X, y, _ = labelled
    assert skface.card(head, X, y).html == skface.card(head, X, y).html


def test_a_notebook_shows_the_page_in_a_frame(labelled):
    head, X, y, _ = labelled
    card = skface.card(head, X, y)
    (page,) = re.findall('<iframe .*srcdoc="([^"]*)"', card._repr_html_())
    assert unescape(page) == card.html


def test_photos_are_shown_only_when_asked_for(boxes):
    median, y = boxes
    X = np.zeros((20, 32, 32, 3), np.uint8)
    assert list(skface.card(median, X, y, target="bbox").pictures) == [
        "card-scores.png"
    ]
    pictures = skface.card(median, X, y, target="bbox", photos=True).pictures
    assert list(pictures) == ["card-scores.png", "card-best.png", "card-worst.png"]


def test_four_attributes_are_no_boxes_in_the_photos(monkeypatch):
    displays = []
    monkeypatch.setattr(
        "skface._pictures.as_png",
        lambda display: displays.append(display) or b"",
    )
    X, y = np.zeros((3, 8, 8, 3), np.uint8), np.array([[1.0, 0, 0, 0]] * 3)
    answer = DummyClassifier(strategy="constant", constant=[1, 0, 1, 0])
    answer.fit(X, [[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 1, 1]])
    card = skface.card(answer, X, y, photos=True)
    assert card.markdown.startswith("# Model card: face attributes\n")
    _, best, worst = displays
    for display in (best, worst):
        assert display.boxes is None
        assert display.titles == ["3/4 right"] * 3


def test_joint_model_has_the_figures_and_texts_of_each_part(boxes):
    _, y = boxes
    points = np.tile([0.3, 0.3, 0.7, 0.3, 0.5, 0.5, 0.35, 0.7, 0.65, 0.7], (20, 1))
    both = np.hstack([y, points])
    mean = DummyRegressor().fit(both, both)
    card = skface.card(mean, both, both, target=("bbox", "landmarks"))
    assert card.markdown.startswith("# Model card: face boxes and landmarks\n")
    assert list(card.pictures) == ["card-scores-bbox.png", "card-scores-landmarks.png"]
    page = Page(card.html)
    assert page.row("landmark NME ↓")[1:] == ["0.000", "0.000"]
    expected = iou_score(y, np.broadcast_to(y.mean(axis=0), y.shape))
    assert page.row("box IoU ↑")[2] == f"{expected:.3f}"
    assert card.markdown.count("It expects one face") == 1


def test_target_that_nobody_names_is_guessed_with_a_warning(boxes):
    median, y = boxes
    with pytest.warns(FutureWarning, match='target="bbox"'):
        skface.card(median, y, y)


def test_without_matplotlib_there_are_no_pictures(labelled, monkeypatch):
    head, X, y, _ = labelled
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "<img" not in skface.card(head, X, y).html
    with pytest.raises(ImportError, match=r"skface\[plots\]"):
        skface.card(head, X, y, photos=True)


def test_folders_of_this_machine_are_not_told(tmp_path):
    pipe = skface.make_bbox_pipeline(
        looks=1, weights=tmp_path / "mine.h5", cache_dir=tmp_path / "cache"
    )
    median = DummyRegressor(strategy="median")
    y = np.full((5, 4), 0.5)
    median.get_params = pipe.get_params
    markdown = skface.card(median.fit(y, y), y, y, target="bbox").markdown
    assert "mine.h5" in markdown
    assert str(tmp_path) not in markdown


@pytest.fixture(scope="module")
def looked():
    """A fitted second look at boxes, photos and their boxes."""
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    y = rng.uniform(0.2, 0.5, (12, 4))
    look = skface.make_bbox_pipeline(weights=None, random_state=0).set_params(
        features__layer="block1_pool",
        features__pooling="avg",
        features__input_size=32,
        head__epochs=1,
        head__n_layers=0,
        second__head__n_units=7,
    )
    return look.fit(photos, y), photos, y


def test_card_of_a_second_look_tells_both_looks_and_their_passes(looked):
    card = skface.card(*looked)
    assert "It looks at a photo 3 times: at the whole of it, then at a frame" in (
        card.markdown
    )
    assert "A photo goes through VGG19 5 times." in card.markdown
    page = Page(card.html)
    assert page.row("first__head__n_units")[1] == "256"
    assert page.row("second__head__n_units")[1] == "7"
    assert page.row("n_looks")[1] == "3"
    assert list(card.pictures) == [
        *("card-history-first.png", "card-history-second.png"),
        "card-scores.png",
    ]


def test_card_of_one_look_says_that_a_photo_goes_through_once(looked):
    look, photos, y = looked
    first = copy.copy(look.first_)
    first.mirror = "fit"
    card = skface.card(first, photos, y)
    assert "A photo goes through VGG19 once." in card.markdown
    assert "looks at a photo" not in card.markdown


def test_card_of_a_pipeline_that_aligns_says_so(looked):
    _, photos, y = looked
    found = np.tile([0.4, 0.4, 0.6, 0.4, 0.5, 0.5, 0.42, 0.6, 0.58, 0.6], (12, 1))
    landmarks = DummyRegressor().fit(found, found)
    pipe = skface.make_attribute_pipeline(weights=None, align=landmarks)
    pipe.set_params(
        features__layer="block1_pool",
        features__pooling="avg",
        features__input_size=32,
        head__epochs=1,
        head__early_stopping=False,
    )
    labels = (y[:, :2] > y[:, :2].mean(axis=0)).astype(int)
    card = skface.card(pipe.fit(photos, labels), photos, labels)
    assert "Landmarks are found first, and the face is turned upright" in card.markdown
