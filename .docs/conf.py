"""How the documentation is built: `.ci/run docs`, into build/docs."""

from __future__ import annotations

import importlib.util
import inspect
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import ExtensionError

import jetmlp

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EXTENSIONS = str(Path(__file__).parent / "_extensions")
sys.path.insert(0, EXTENSIONS)
# The kernels of pages that are run find them too.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), EXTENSIONS]))

project = "jetmlp"
author = "the jetmlp developers"
copyright = "2026, the jetmlp developers"  # noqa: A001  the name is Sphinx's
version = release = jetmlp.__version__

extensions = [
    "few_samples",
    "myst_nb",
    "numpydoc",
    "promises",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_design",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
nitpicky = True
# What numpydoc finds between backticks may be an argument, a formula or a name; a name becomes a link.
# References that a page writes out, such as {class}`jetmlp.MLP`, have to be right.
default_role = "py:obj"
nitpick_ignore_regex = [("py:obj", ".*")]

# --- pages -------------------------------------------------------------------------------------------------
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
# Pages with {code-cell} are run whenever the site is built; what they print and draw is of this very version.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # figures into pages, whatever is set
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_merge_streams = True

# --- API ---------------------------------------------------------------------------------------------------
autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_mock_imports = ["gemseo", "pydantic"]  # they have an environment of their own
autodoc_typehints = "none"  # the docstrings say them, with shapes
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False  # the template of a class lists them
numpydoc_class_members_toctree = False

# --- HTML --------------------------------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = f"jetmlp {release}"
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["jetmlp.css"]
html_domain_indices = False  # of modules there are few
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "jetmlp", "alt_text": "jetmlp: to the first page"},
    "github_url": "https://github.com/jetmlp/jetmlp",
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "show_toc_level": 2,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
# No column at the left where a page has no pages below it.
html_sidebars: dict[str, list[str]] = {
    page: []
    for page in (
        "index",
        "get-started",
        "your-data",
        "coming-from/*",
        "mathematics",
        "benchmarks",
        "api/command-line",
        "search",
    )
}
html_show_search_summary = False  # it is fetched, which browsers refuse where the site is opened from files

# --- mathematics: one file of MathJax, its glyphs as curves; no fonts, and nothing to load later ------------
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "global"}}


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy the file from where it was installed, when pages have been written."""
    if error is not None or app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        raise ExtensionError("expected sphinx-mathjax-offline, which the extra 'docs' brings; got none")
    source = Path(package.origin).parent / "static" / "mathjax" / mathjax_path
    shutil.copyfile(source, Path(app.outdir) / "_static" / mathjax_path)


def signature_of_class(
    app: Sphinx, what: str, name: str, thing: object, options: object, signature: str | None, returned: str
) -> tuple[str, str] | None:
    """Give a class the signature that Python gives it: Sphinx takes that of an inherited __new__ first."""
    if what != "class" or not isinstance(thing, type) or not (signature or "").startswith("(*_"):
        return None
    parameters = [
        parameter.replace(annotation=parameter.empty)
        for parameter in inspect.signature(thing).parameters.values()
    ]
    return str(inspect.Signature(parameters)), returned


def setup(app: Sphinx) -> None:
    """Tell Sphinx of both."""
    app.connect("autodoc-process-signature", signature_of_class)
    app.connect("build-finished", copy_mathjax)
