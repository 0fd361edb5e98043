"""Sphinx configuration: ``make docs``; nothing is fetched from the network."""

import inspect
import re
import warnings
from pathlib import Path

import tqdm.auto
from docutils import nodes
from sphinx.util.nodes import make_refnode

import skface


class HiddenBar(tqdm.auto.tqdm):
    """The bars of the examples would be written line by line into their pages."""

    def __init__(self, *args, **options):
        super().__init__(*args, **{**options, "disable": True})


tqdm.auto.tqdm = HiddenBar

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
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "ExampleTitleSortKey",
    "capture_repr": ("_repr_html_",),
    "abort_on_example_error": True,
    "backreferences_dir": "auto_examples/backreferences",
    "doc_module": ("skface",),
    "download_all_examples": False,
    "show_signature": False,
    "image_srcset": ["2x"],
    "plot_gallery": "True",
    "write_computation_times": False,
    "default_thumb_file": str(Path(__file__).with_name("images") / "drawn_faces.png"),
}

html_theme = "pydata_sphinx_theme"
html_title = "skface"
html_static_path = ["_static"]
html_css_files = ["skface.css"]
html_show_sourcelink = False
html_show_sphinx = False
html_sidebars = {  # none on pages that have no pages below
    page: []
    for page in (
        "index",
        "getting_started",
        "paper",
        "faq",
        "contributing",
        "changelog",
    )
}
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
# The gallery shows warnings, but not where this machine has skface.
warnings.formatwarning = lambda message, category, *_, **__: (
    f"{category.__name__}: {message}\n"
)


def is_foreign(app, what, name, obj, skip, options):
    """Leave out of a class what scikit-learn and scikeras gave it."""
    function = inspect.unwrap(getattr(obj, "fget", obj))
    module = getattr(function, "__module__", None)
    if what == "class" and module and not module.startswith("skface"):
        return True
    return None


def resolve_from_skface(app, env, node, content):
    """Link a name that a docstring gives without its module, or with another."""
    domain = env.domains.python_domain
    target = node.get("reftarget", "")
    parts = target.split(".")
    for name in [f"skface.{'.'.join(parts[i:])}" for i in range(len(parts))]:
        if node.get("refdomain") == "py" and name in domain.objects:
            docname = domain.objects[name].docname
            return make_refnode(
                app.builder, node["refdoc"], docname, name, content, name
            )
    return None


def keep_percent_together(app, doctree):
    """No line begins with the sign of a number that ends the line before."""
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.literal | nodes.FixedTextElement):
            together = re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)
            text.parent.replace(text, nodes.Text(together))


def setup(app):
    app.connect("doctree-read", keep_percent_together)
    app.connect("autodoc-skip-member", is_foreign)
    app.connect("missing-reference", resolve_from_skface)
