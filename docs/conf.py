"""Sphinx configuration: ``make docs``; nothing is fetched from the network."""

import inspect
import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TQDM_DISABLE", "1")  # bars of the examples

import skface

project = "skface"
author = "The skface developers"
copyright = author
version = release = skface.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
default_role = "autolink"
nitpicky = True
nitpick_ignore_regex = [
    # Their documentation lies elsewhere, and is not fetched.
    ("py:.*", r"(joblib|keras|lmdb|matplotlib|numpy|pandas|scikeras|sklearn)\b.*"),
]

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_inherit_docstrings = False
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "ExampleTitleSortKey",
    "capture_repr": ("_repr_html_",),
    "abort_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skface",),
    "download_all_examples": False,
    "show_signature": False,
    "image_srcset": ["2x"],
    "plot_gallery": "True",
}

html_theme = "pydata_sphinx_theme"
html_title = "skface"
html_static_path = ["_static"]
html_css_files = ["skface.css"]
html_show_sourcelink = False
html_show_sphinx = False
html_sidebars = {"index": [], "getting_started": [], "paper": [], "faq": []}
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}

warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")


def is_foreign(app, what, name, obj, skip, options):
    """Leave out of a class what scikit-learn and scikeras gave it."""
    function = inspect.unwrap(getattr(obj, "fget", obj))
    module = getattr(function, "__module__", None)
    if what == "class" and module and not module.startswith("skface"):
        return True
    return None


def setup(app):
    app.connect("autodoc-skip-member", is_foreign)
