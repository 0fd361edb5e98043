"""The pipeline of each of CelebALoader's targets."""

from skface.pipelines import (
    make_attribute_pipeline,
    make_bbox_pipeline,
    make_landmark_pipeline,
)

MAKERS = {
    "bbox": make_bbox_pipeline,
    "landmarks": make_landmark_pipeline,
    "attributes": make_attribute_pipeline,
}
