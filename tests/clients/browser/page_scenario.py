"""Uses the page as a person would, and prints what it saw as JSON.

Runs inside the browser tests' own environment; started by ``test_page.py`` with the server's
address and a folder for screenshots.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chromium import chromium, look, open_page
from playwright.sync_api import Browser, Page, Route, expect

URL, SHOTS = sys.argv[1], Path(sys.argv[2])


def settle(page: Page) -> dict[str, float]:
    """Wait until map tiles of the last choice came, the last one too; return what is seen."""
    expect(page.locator(".editor .outcome")).to_contain_text("each")
    expect(page.locator("#map")).to_have_attribute("aria-busy", "false")
    # Tiles fade in after they came.
    page.wait_for_function("() => new Promise((done) => setTimeout(() => done(true), 400))")
    return look(page)


def put_line(page: Page, number: int, text: str) -> None:
    """Put a line into the editor before line ``number``."""
    page.locator(".cm-line").nth(number - 1).click()
    page.keyboard.press("Home")
    page.keyboard.press("Home")
    page.keyboard.insert_text(f"{text}\n")


def line_of(page: Page, text: str) -> int:
    """Return the number of the first line that holds ``text``."""
    lines = page.locator(".cm-line").all_inner_texts()
    return 1 + next(index for index, line in enumerate(lines) if text in line)


def address(page: Page) -> dict[str, str]:
    return dict(part.split("=", 1) for part in urlsplit(page.url).fragment.split("&"))


def look_around(browser: Browser) -> dict[str, Any]:
    """Load the page, choose another script and another date."""
    notes: list[str] = []
    page = open_page(browser, notes, viewport={"width": 1400, "height": 860})
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(URL)
    first = settle(page)
    page.screenshot(path=SHOTS / "page.png")
    began = address(page)
    page.locator('.strip [data-script="ndvi"]').click()
    ndvi = settle(page)
    page.screenshot(path=SHOTS / "page-ndvi.png")
    page.locator(".earlier").click()
    settle(page)
    return {
        "notes": notes,
        "hosts": sorted(hosts),
        "title": page.title(),
        "first": first,
        "ndvi": ndvi,
        "began": began,
        "ended": address(page),
        "attribution": page.locator(".attribution").inner_text(),
    }


def edit(browser: Browser) -> dict[str, Any]:
    """Break the script, mend it, run it, and open its address elsewhere."""
    notes: list[str] = []
    page = open_page(browser, notes, viewport={"width": 1400, "height": 860}, color_scheme="dark")
    page.goto(f"{URL}/#script=ndvi")
    before = settle(page)
    calm = list(notes)
    wrong = line_of(page, "function evaluatePixel") + 1
    put_line(page, wrong, "  missing.thing();")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".problem")).to_be_visible()
    marked = page.locator(".cm-faulty")
    expect(marked).to_be_visible()
    page.screenshot(path=SHOTS / "page-error.png")
    problem = {
        "wrong": wrong,
        "message": page.locator(".problem .message").inner_text(),
        "excerpt": page.locator(".problem pre").inner_text(),
        "marked": marked.inner_text(),
        "dots": page.locator(".cm-lint-marker-error").count(),
        "map": look(page),
    }
    page.locator(".undo").click()
    expect(page.locator(".undo")).to_be_hidden()
    expect(marked).to_have_count(0)
    expect(page.locator(".problem")).to_be_hidden()
    put_line(page, wrong, '  return [1, 0, 0, 1]; console.log("never");')
    put_line(page, wrong, '  console.log("a pixel");')
    page.locator(".editor .run").click()
    red = settle(page)
    expect(page.locator(".console")).to_be_visible()
    page.screenshot(path=SHOTS / "page-run.png")
    printed = page.locator(".console li").first.inner_text()
    other = open_page(browser, [], viewport={"width": 1400, "height": 860})
    other.goto(page.url)
    return {
        "calm": calm,
        "before": before,
        "problem": problem,
        "red": red,
        "printed": printed,
        "timing": page.locator(".timing summary").inner_text(),
        "shared": settle(other),
        "shared_line": other.locator(".cm-line").nth(wrong - 1).inner_text(),
    }


def see_a_pixel(browser: Browser) -> dict[str, Any]:
    """Click on the map, look over all dates, make the script throw there, and mend it."""
    notes: list[str] = []
    page = open_page(browser, notes, viewport={"width": 1400, "height": 860})
    page.goto(f"{URL}/#script=ndvi")
    settle(page)
    panel = page.locator(".pixel")
    page.mouse.click(500, 420)
    expect(panel.locator("tr")).to_have_count(2)
    page.screenshot(path=SHOTS / "page-pixel.png")
    cells = panel.locator("th").all_inner_texts(), panel.locator("td").all_inner_texts()
    swatch = panel.locator(".written i").evaluate("(one) => getComputedStyle(one).backgroundColor")
    written = panel.locator(".written code").inner_text()
    search(page, "maximum")
    settle(page)
    expect(panel.locator("h3").first).to_contain_text("samples")
    page.screenshot(path=SHOTS / "page-pixel-dates.png")
    dates = panel.locator("tr").count() - 1
    inside = page.locator(".day.inside").count()
    note = page.locator(".dates-note").inner_text()
    calm = list(notes)
    wrong = line_of(page, "function evaluatePixel") + 1
    put_line(page, wrong, '  console.log("here"); missing.thing();')
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".wrong .message")).to_contain_text("missing is not defined")
    page.screenshot(path=SHOTS / "page-pixel-error.png")
    page.locator(".editor-switch").click()
    panel.locator(".wrong button").click()
    expect(page.locator(".cm-activeLine")).to_contain_text("missing.thing")
    printed = panel.locator(".printed li").all_inner_texts()
    panel.locator(".close").click()
    expect(panel).to_be_hidden()
    return {
        "calm": calm,
        "cells": cells,
        "swatch": swatch,
        "written": written,
        "dates": dates,
        "inside": inside,
        "note": note,
        "printed": printed,
    }


def search(page: Page, words: str) -> None:
    """Choose the first script that a search in the list of all finds."""
    page.locator(".picker-switch").click()
    page.locator(".picker input").fill(words)
    page.keyboard.press("Enter")
    expect(page.locator(".picker")).to_be_hidden()


def write_a_bare_script(browser: Browser) -> dict[str, Any]:
    """Replace the ready script by one line of version 1, and read what is said of another."""
    page = open_page(browser, [], viewport={"width": 1400, "height": 860})
    page.goto(URL)
    settle(page)
    checked = page.locator(".checked summary")
    expect(checked).to_have_text("Machine code")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("return [1, 0, B04 > 2 ? 1 : 0]")
    page.keyboard.press("Control+Enter")
    seen = settle(page)
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("//VERSION=3\nconst seen = new Map(); return [seen.size + B04]")
    expect(checked).to_contain_text("JavaScript")
    checked.click()
    page.screenshot(path=SHOTS / "page-checked.png")
    return {"seen": seen, "checked": page.locator(".checked li").all_inner_texts()}


def pan_away(browser: Browser) -> dict[str, Any]:
    """Hold map tiles back, pan to another place, and count the requests that were ended."""
    page = open_page(browser, [], viewport={"width": 1400, "height": 860})
    held: list[Route] = []
    ended: list[str] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/tiles/**", hold)
    page.on("requestfailed", lambda request: ended.append(str(request.failure)))
    with page.expect_request("**/tiles/**"):
        page.goto(URL)
    with page.expect_event("requestfailed"):
        # Until the lower end of the scenes is above the upper end of the window.
        page.mouse.move(600, 710)
        page.mouse.down()
        page.mouse.move(600, 4, steps=8)
        page.mouse.up()
    return {"held": len(held), "ended": ended}


def read_docs(browser: Browser) -> dict[str, Any]:
    """Open the API's documentation."""
    notes: list[str] = []
    page = open_page(browser, notes, viewport={"width": 1200, "height": 860})
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{URL}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    page.screenshot(path=SHOTS / "docs.png")
    return {
        "notes": notes,
        "hosts": sorted(hosts),
        "paths": page.locator(".opblock-summary-path").all_inner_texts(),
    }


def hold_a_phone(browser: Browser) -> dict[str, Any]:
    """Open the page on a narrow screen, and the editor over it."""
    notes: list[str] = []
    page = open_page(
        browser,
        notes,
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        has_touch=True,
    )
    page.goto(URL)
    seen = settle(page)
    page.screenshot(path=SHOTS / "phone.png")
    page.touchscreen.tap(195, 330)
    expect(page.locator(".pixel td").first).to_be_in_viewport()
    page.screenshot(path=SHOTS / "phone-pixel.png")
    page.locator(".pixel .close").tap()
    page.locator(".picker-switch").tap()
    expect(page.locator(".picker [aria-current]")).to_be_in_viewport()
    page.locator(".picker .close").tap()
    page.locator(".editor-switch").tap()
    expect(page.locator(".editor .run")).to_be_in_viewport()
    page.locator(".editor .close").tap()
    expect(page.locator(".editor")).to_be_hidden()
    width = page.evaluate("document.documentElement.scrollWidth")
    return {"notes": notes, "seen": seen, "width": width}


with chromium() as opened:
    steps = (look_around, edit, see_a_pixel, write_a_bare_script, pan_away, read_docs, hold_a_phone)
    print(json.dumps({step.__name__: step(opened) for step in steps}))  # noqa: T201 -- the answer
