"""Which part of the face tells each attribute."""

# The groups of Faceness-Net; what is in none is told by the whole face.
ATTRIBUTE_PARTS = {
    "hair": (
        "Bald",
        "Bangs",
        "Black_Hair",
        "Blond_Hair",
        "Brown_Hair",
        "Gray_Hair",
        "Receding_Hairline",
        "Straight_Hair",
        "Wavy_Hair",
    ),
    "eyes": (
        "Arched_Eyebrows",
        "Bags_Under_Eyes",
        "Bushy_Eyebrows",
        "Eyeglasses",
        "Narrow_Eyes",
    ),
    "nose": ("Big_Nose", "Pointy_Nose"),
    "mouth": ("Big_Lips", "Mouth_Slightly_Open", "Smiling", "Wearing_Lipstick"),
    "beard": ("5_o_Clock_Shadow", "Goatee", "Mustache", "No_Beard", "Sideburns"),
}
WHOLE = "whole face"


def parts_of(names) -> list[str]:
    """The part of the face of each attribute, "whole face" of those in none.

    Parameters
    ----------
    names : sequence of str
    """
    part_of = {name: part for part, each in ATTRIBUTE_PARTS.items() for name in each}
    return [part_of.get(name, WHOLE) for name in names]
