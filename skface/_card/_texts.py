"""What a card says about every model of a target, by the target's name."""

WHAT = {
    "bbox": "finds the bounding box of the face in a photo",
    "landmarks": "finds points of the face in a photo: {points}",
    "attributes": "tells which of {n} attributes the face in a photo has",
}

HOW = (
    "It is a pipeline of skface: a frozen VGG19 turns what it sees into features, and "
    "a small dense network reads them."
)
TAIL = "The last block of VGG19 is not frozen: it has learnt with that network."
LOOKS = (
    "It looks at a photo {n} times: at the whole of it, then at a frame round what it "
    "has found."
)
ALIGNED = "Landmarks are found first, and the face is turned upright by them."
PASSES = "A photo goes through VGG19 {n}."

HISTORY = {
    "history": "Training, epoch by epoch.",
    "history-first": "Training of the first look, epoch by epoch.",
    "history-second": "Training of the further looks, epoch by epoch.",
}

CONSTANT = {
    "bbox": "the mean box",
    "landmarks": "the mean place of each point",
    "attributes": "the commoner answer for each attribute",
}

FIGURES = {
    "bbox": "IoU, intersection over union, is the area that the box found and the true "
    "box share, over the area that they cover together: 1 is perfect.",
    "landmarks": "NME, the normalised mean error, is the mean distance of the points "
    "to where they should be, over the distance between the eyes: 0 is perfect, and "
    "0.1 counts as failed.",
    "attributes": "Accuracy is the share of right answers, averaged over the "
    "attributes. It flatters: where one face in fifty is bald, never saying so is 98 % "
    "right. Balanced accuracy averages the right answers among those who have the "
    "attribute and those who have not; a constant answer scores 0.5. Average precision "
    "judges the order by probability; its baseline is a random order.",
}

SCORES = {
    "bbox": "How IoU is spread over the photos, beside that of the mean box.",
    "landmarks": "How NME is spread over the photos, beside that of the mean shape.",
    "attributes": "Accuracy of each attribute, the baseline marked across it; dots, "
    "where there are some, are groups of photos.",
}

USES = {
    "bbox": [
        "Cropping and aligning photos that show one face, as a step before others.",
        "Research and teaching: what frozen features and a small head can do.",
    ],
    "landmarks": [
        "Aligning photos that show one face, as a step before others.",
        "Research and teaching: what frozen features and a small head can do.",
    ],
    "attributes": [
        "Research and teaching: what frozen features and a small head can do.",
        "Sorting and searching photos whose subjects agreed to it, where a person "
        "looks at the result and a mistake costs nothing.",
    ],
}

MISUSES = [
    "No decision about a person: not in hiring, lending, insurance, housing, "
    "schooling, policing, at a border, or on who gets in.",
    "No watching of people who do not know of it, or did not agree.",
    "It does not tell who somebody is, nor what they feel, think or are.",
]

_ANY_LIMITS = [
    "It expects one face, and answers for every photo, also for one without a face.",
    "Photos unlike those it was trained on, by camera, light, pose, age or origin of "
    "the people, will do worse than the figures say.",
]

LIMITS = {
    "bbox": _ANY_LIMITS,
    "landmarks": [
        *_ANY_LIMITS,
        "A few points say nothing about the outline of a face, nor about what is "
        "covered.",
    ],
    "attributes": [
        "Attributes are labels that strangers gave after a look at one photo. They are "
        "not what the person is, nor what the person would say; “Male”, “Young” or "
        "“Attractive” are no exceptions.",
        "CelebA's labels are noisy: 12 of its 40 attributes are labelled with 95 % "
        "consistency or more (Wu et al., CVPR Workshops 2023). No model can be more "
        "right than the labels that it is measured by.",
        "CelebA shows celebrities, often posed and made up; most people do not look "
        "so.",
        "A probability says how sure the model is. That is how often it is right only "
        "where it was calibrated, and on photos like those of the calibration.",
        *_ANY_LIMITS,
    ],
}

NO_GROUPS = (
    "No groups of people were compared: whom this model fails more often than others "
    "is not known from this card."
)
GROUPS = (
    "The same figures for groups of photos. A difference between groups means that the "
    "model serves one worse than another; a group of few photos says little. The "
    "baseline is the constant answer for all, not one for each group."
)
