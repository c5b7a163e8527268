"""Opens every page of the built documentation in a browser: nothing is asked of anybody else, nothing fails.

Usage: ``python .ci/browse_site.py SITE [FOLDER]`` with the folder of the site, and one for pictures of the
pages at the width of a desk and of a phone. Needs playwright and a Chromium: the one that CHROMIUM names, or
that is on the PATH.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOOKS = {"desk": (1280, "light"), "dark": (1280, "dark"), "phone": (390, "light")}
# Before it is drawn a page waits for its formulas.
FORMULAS = "() => !window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)"
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"
FAILED_FORMULAS = "() => document.querySelectorAll('mjx-merror, [data-mjx-error]').length"


def watch(page: Page, site: Path, faults: list[str]) -> None:
    """Note whatever fails on a page, and whatever it asks for beyond the site."""

    def seen(url: str) -> None:
        if not url.startswith((site.as_uri() + "/", "data:", "blob:")):
            faults.append(f"{page.url}: asks for {url}")

    def said(kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            faults.append(f"{page.url}: console: {text}")

    page.on("request", lambda request: seen(request.url))
    page.on("requestfailed", lambda request: faults.append(f"{page.url}: failed: {request.url}"))
    page.on("console", lambda message: said(message.type, message.text))
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))


def pages_of(site: Path) -> list[Path]:
    """List the pages; what a theme keeps among its files is none."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)


def browse(browser: Browser, site: Path, pictures: Path | None) -> list[str]:
    """Open every page, as on a desk, in the dark, and on a phone."""
    faults: list[str] = []
    for name, (width, scheme) in LOOKS.items():
        context = browser.new_context(viewport={"width": width, "height": 1600}, color_scheme=scheme)
        page = context.new_page()
        watch(page, site, faults)
        for path in pages_of(site):
            page.goto(path.as_uri())
            page.wait_for_function(FORMULAS)
            beyond = page.evaluate(TOO_WIDE)
            if beyond > 0:
                faults.append(f"{path.relative_to(site)} at {width}: {beyond} pixels too wide")
            if page.evaluate(FAILED_FORMULAS):
                faults.append(f"{path.relative_to(site)}: a formula cannot be read")
            if pictures is not None:
                label = "-".join(path.relative_to(site).with_suffix("").parts)
                page.screenshot(path=pictures / f"{label}-{name}.png", full_page=True)
        context.close()
    return faults


def search(browser: Browser, site: Path) -> list[str]:
    """Look for a word on the page of the search, which works from files too."""
    faults: list[str] = []
    page = browser.new_page()
    watch(page, site, faults)
    page.goto(f"{(site / 'search.html').as_uri()}?q=Surrogate")
    page.wait_for_selector("#search-results li a", timeout=20_000)
    return faults


def main() -> int:
    """Run the command."""
    site = Path(sys.argv[1]).resolve()
    pictures = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        faults = sorted(set(browse(browser, site, pictures) + search(browser, site)))
        browser.close()
    print(*faults, sep="\n")
    print(f"{len(pages_of(site))} pages as on a desk, in the dark and on a phone: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
