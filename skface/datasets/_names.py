"""The names of the targets, in CelebA's order."""

BBOX_NAMES = ("x", "y", "width", "height")

LANDMARK_NAMES = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")

ATTRIBUTE_NAMES = tuple(
    """
    5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips
    Big_Nose Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin
    Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open
    Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline
    Rosy_Cheeks Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat
    Wearing_Lipstick Wearing_Necklace Wearing_Necktie Young
    """.split()  # noqa: SIM905
)


def target_columns(target):
    """Names of the columns of boxes or landmarks; None of attributes."""
    return {
        "bbox": list(BBOX_NAMES),
        "landmarks": [f"{name}_{axis}" for name in LANDMARK_NAMES for axis in "xy"],
    }.get(target)


def default_attribute_names(n_attributes):
    """Names where nobody gave any: CelebA's forty, else numbers."""
    if n_attributes == len(ATTRIBUTE_NAMES):
        return list(ATTRIBUTE_NAMES)
    return [str(number) for number in range(n_attributes)]
