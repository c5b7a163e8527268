"""Checks the built documentation: whole, and sufficient unto itself.

What must hold:

- no page and no style sheet loads anything from elsewhere, or a file that is not there;
- every link within the site leads to a page, and to a place in it;
- every page can be reached from the first one;
- every picture says in words what is to be seen;
- every public name of the package is documented, with the public methods of its classes.

Usage: ``python .ci/check_site.py SITE``, with the folder that Sphinx has written.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

#: Modules whose ``__all__`` is public.
MODULES = [
    *("", "metrics", "plotting", "schedules", "random", "sklearn", "export", "report", "experiments"),
    *("adapters.openmdao", "adapters.smt"),  # that of GEMSEO is not to be imported here
]
#: What makes a browser load something, by element: the attribute with the address.
LOADING = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "input": "src",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}
#: Words of <link> that load nothing by themselves.
SILENT = {"index", "search", "next", "prev", "canonical", "author", "help"}
IN_STYLES = re.compile(r"""(?:url\(\s*|@import\s+(?!url))["']?([^"')\s;]+)""")


class Page(HTMLParser):
    """What a page loads, where it leads, and the places in it that others may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.wordless: list[str] = []
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element."""
        has = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        if "id" in has:
            self.places.add(has["id"])
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        if has.get(LOADING.get(tag, "")):
            self.loads.append(has[LOADING[tag]])
        # Without words Sphinx puts the name of the file.
        if tag == "img" and has.get("alt", "").rpartition("/")[2] in (
            "",
            has.get("src", "").rpartition("/")[2],
        ):
            self.wordless.append(has.get("src", ""))
        if tag == "link" and not SILENT & set(has.get("rel", "").split()):
            self.loads.append(has["href"])
        self.loads += [part.split()[0] for part in has.get("srcset", "").split(",") if part.strip()]
        self.loads += IN_STYLES.findall(has.get("style", ""))

    def handle_data(self, data: str) -> None:
        """Take a style sheet within the page."""
        if self._in_style:
            self.loads += IN_STYLES.findall(data)

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        self._in_style = False


class Site:
    """What Sphinx has written."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        pages = (path for path in self.root.rglob("*.html") if "_static" not in path.parts)
        self.pages = {path: Page(path.read_text(encoding="utf-8")) for path in pages}

    def faults(self) -> list[str]:
        """List what is wrong."""
        if self.root / "index.html" not in self.pages:
            return [f"{self.root}: expected a site with an index.html, got none"]
        return [
            *self._loads(),
            *self._styles(),
            *self._links(),
            *self._wordless(),
            *self._unreachable(),
            *self._undocumented(),
        ]

    def _loads(self) -> Iterator[str]:
        for path, page in self.pages.items():
            for address in page.loads:
                yield from self._load(path, address)

    def _styles(self) -> Iterator[str]:
        for path in self.root.rglob("*.css"):
            for address in IN_STYLES.findall(path.read_text(encoding="utf-8")):
                yield from self._load(path, address)

    def _load(self, source: Path, address: str) -> Iterator[str]:
        parts = urlsplit(address)
        if parts.scheme == "data" or (not parts.path and parts.fragment):
            return
        name = source.relative_to(self.root)
        if parts.scheme or parts.netloc:
            yield f"{name}: loads {address}, which is not of the site"
        elif not (source.parent / unquote(parts.path)).is_file():
            yield f"{name}: loads {address}, which is not there"

    def _targets(self, path: Path) -> Iterator[tuple[str, Path, str]]:
        """Yield the links of a page within the site: as written, the file, and the place in it."""
        for address in self.pages[path].links:
            parts = urlsplit(address)
            if not parts.scheme and not parts.netloc:
                file, fragment = urldefrag(address)
                target = path if not file else (path.parent / unquote(urlsplit(file).path)).resolve()
                yield address, target, unquote(fragment)

    def _links(self) -> Iterator[str]:
        for path in self.pages:
            name = path.relative_to(self.root)
            for address, target, fragment in self._targets(path):
                if not target.is_file():
                    yield f"{name}: links to {address}, which is not there"
                elif fragment and target in self.pages and fragment not in self.pages[target].places:
                    yield f"{name}: links to {address}, a place that is not on that page"

    def _wordless(self) -> Iterator[str]:
        for path, page in self.pages.items():
            for address in page.wordless:
                yield f"{path.relative_to(self.root)}: {address} has no words that say what is to be seen"

    def _unreachable(self) -> Iterator[str]:
        first = self.root / "index.html"
        seen, open_ends = {first}, [first]
        while open_ends:
            for _, target, _ in self._targets(open_ends.pop()):
                if target in self.pages and target not in seen:
                    seen.add(target)
                    open_ends.append(target)
        # The page of the search opens from its field, which a script makes.
        for path in sorted(set(self.pages) - seen - {self.root / "search.html"}):
            yield f"{path.relative_to(self.root)}: no link leads to it"

    def _undocumented(self) -> Iterator[str]:
        # Sphinx's inventory: four lines of text, then compressed ones with a name and its kind first.
        packed = (self.root / "objects.inv").read_bytes().split(b"\n", 4)[4]
        entries = (line.split() for line in zlib.decompress(packed).decode().splitlines())
        documented = {name for name, kind, *_ in entries if kind.startswith("py:")}
        for name in public_names():
            if name not in documented:
                yield f"{name}: is public and not documented"


def public_names() -> Iterator[str]:
    """Yield every public name of the package, and those of its classes' own methods and properties."""
    for module_name in MODULES:
        full = f"jetmlp.{module_name}".rstrip(".")
        module = importlib.import_module(full)
        for name in module.__all__:
            thing = getattr(module, name)
            yield f"{full}.{name}"
            if not inspect.isclass(thing):
                continue
            # Those of its private and public bases of this package too, but not what other libraries bring.
            kinds = [kind for kind in thing.__mro__ if kind.__module__.split(".")[0] == "jetmlp"]
            members = {member for kind in kinds for member in vars(kind) if not member.startswith("_")}
            for member in sorted(members):
                own = inspect.getattr_static(thing, member)
                if member.startswith("_") or not (
                    isinstance(own, property) or _is_ours(getattr(thing, member))
                ):
                    continue
                yield f"{full}.{name}.{member}"


def _is_ours(thing: object) -> bool:
    """Whether it is a method, and not one that another library has put there."""
    return inspect.isroutine(thing) and (thing.__module__ or "jetmlp").split(".")[0] == "jetmlp"


def main() -> int:
    """Run the command."""
    site = Site(Path(sys.argv[1]))
    faults = site.faults()
    print(*faults, sep="\n")
    print(f"{len(site.pages)} pages, {len(list(public_names()))} public names: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
