"""What a report says of each kind of experiment: one file a kind, with its document, tables and figures.

Every file registers itself with `section_of`, and all files here are imported: a new one needs no list.
"""

from importlib import import_module
from pkgutil import iter_modules

from .._section import section_of

__all__ = ["section_of"]

for _kind in iter_modules(__path__):
    import_module(f"{__name__}.{_kind.name}")
