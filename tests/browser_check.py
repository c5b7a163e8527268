"""Open pages of reports in a real browser without a network: run by hand, no part of the gate.

    pip install playwright  # and a Chromium, such as Debian's
    python tests/browser_check.py results/report.html report/report.html --pictures pictures

Nothing but the page itself may be requested, nothing may be said in the console but Bokeh's own lines, and
the lists must change what the figures show, at the width of a desktop and of a phone; there a finger over a
figure must move the page. Screenshots are for the eyes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
_DATA = "name => JSON.stringify(Bokeh.documents.map(d => d.get_model_by_name(name)).find(m => m).data)"

_UNNAMED = (
    "[...document.querySelectorAll('main svg[role=img]')].filter(s => !s.querySelector('title')).length"
)


def check(browser: Any, path: Path, width: int, height: int, picture: Path) -> list[str]:  # noqa: ANN401
    """Return what is wrong with a page."""
    wrong: list[str] = []
    phone = width < 600
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True, has_touch=phone)
    page = context.new_page()
    # The page refuses the network by its own policy; what is asked for all the same shows here.
    page.on("request", lambda r: wrong.append(f"requests {r.url:.100}") if _elsewhere(r.url, path) else None)
    page.on("requestfailed", lambda r: wrong.append(f"failed {r.url:.100}"))
    page.on("pageerror", lambda error: wrong.append(f"error {error}"))
    page.on("console", lambda m: wrong.append(f"says {m.text}") if "[bokeh" not in m.text else None)
    page.goto(path.resolve().as_uri())
    for choice in page.query_selector_all("select"):
        name = choice.get_attribute("id").removesuffix("-choice")
        page.wait_for_selector(f"#{name}-figures[data-ready=yes]", timeout=20_000)
        seen = set()
        options = [option.inner_text() for option in choice.query_selector_all("option")]
        for option in options:
            choice.select_option(option)
            seen.add(page.evaluate(_DATA, f"{name}-0"))
        if len(seen) != len(options):
            wrong.append(f"{len(options)} choices of {name} show {len(seen)} different curves")
        choice.select_option(options[0])
    if page.evaluate("document.documentElement.scrollWidth") > width:
        wrong.append("the page is wider than the screen")
    unnamed = page.evaluate(_UNNAMED)
    if unnamed:
        wrong.append(f"{unnamed} figures have no title")
    page.wait_for_timeout(500)
    page.screenshot(path=str(picture), full_page=True)
    for figures in page.query_selector_all("[data-ready=yes]"):
        name = figures.get_attribute("id").removesuffix("-figures")
        wrong += _swipe(context, page, name) if phone else _drag(page, name)
    context.close()
    return wrong


def _drag(page: Any, name: str) -> list[str]:  # noqa: ANN401
    """Drag over the first figure: its range must move, and with it that of the second."""
    start = "name => [0, 1].map(k => Bokeh.documents[0].get_model_by_name(`${name}-plot-${k}`).x_range.start)"
    before = page.evaluate(start, name)
    page.evaluate("name => document.getElementById(`${name}-figures`).scrollIntoView()", name)
    box = page.query_selector(f"#{name}-figures").bounding_box()
    x, y = box["x"] + 0.5 * box["width"], box["y"] + 170
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 2, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    after = page.evaluate(start, name)
    page.evaluate("name => Bokeh.documents[0].get_model_by_name(`${name}-plot-0`).x_range.reset()", name)
    moved = after[0] < before[0] and after[0] == after[1]
    return [] if moved else [f"dragging over {name} moves nothing: {before}, {after}"]


def _swipe(context: Any, page: Any, name: str) -> list[str]:  # noqa: ANN401
    """Move a finger over the first figure: the page must follow it."""
    page.evaluate("name => document.getElementById(`${name}-figures`).scrollIntoView()", name)
    before = page.evaluate("scrollY")
    session = context.new_cdp_session(page)
    for kind, y in (("touchStart", 170), *(("touchMove", 170 - step) for step in range(10, 130, 10))):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": 200, "y": y}]})
        page.wait_for_timeout(20)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(500)
    moved = page.evaluate("scrollY") - before
    return [] if moved > 50 else [f"a finger over {name} moves the page by {moved}"]


def _elsewhere(url: str, path: Path) -> bool:
    return not url.startswith(("data:", "blob:")) and url != path.resolve().as_uri()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--pictures", type=Path, default=Path("pictures"))
    parser.add_argument("--browser", default="/usr/bin/chromium")
    options = parser.parse_args()
    options.pictures.mkdir(parents=True, exist_ok=True)
    n_wrong = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox"])
        for place, path in enumerate(options.pages):
            for name, size in WIDTHS.items():
                wrong = check(browser, path, *size, options.pictures / f"{place}-{name}.png")
                said = "; ".join(wrong) or "nothing requested, nothing failed, lists and figures work"
                print(f"{path}, {name}: {said}")
                n_wrong += len(wrong)
        browser.close()
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
