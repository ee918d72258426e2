"""Headless Chromium as the scenarios start it; runs inside the browser tests' own environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

PROGRAM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 60_000
"""Milliseconds; the first map tile of a script may compile kernels."""


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        browser.close()


def open_page(browser: Browser, notes: list[str], **options: Any) -> Page:
    """Return an empty page; what it complains of is written into ``notes``."""
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(WAIT)
    page.on("console", lambda said: notes.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: notes.append(f"thrown: {error}"))
    return page


SEE = """() => {
  const seen = {colors: new Set(), opaque: 0, pixels: 0, sum: 0};
  for (const canvas of document.querySelectorAll(".ol-layer canvas, canvas.ol-layer")) {
    const {width, height} = canvas;
    if (!width || !height) continue;
    const copy = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
    copy.drawImage(canvas, 0, 0);
    const {data} = copy.getImageData(0, 0, width, height);
    for (let i = 0; i < data.length; i += 4 * 37) {
      seen.pixels += 1;
      if (data[i + 3] < 255) continue;
      seen.opaque += 1;
      seen.colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      seen.sum = (seen.sum * 31 + data[i] + 7 * data[i + 1] + 13 * data[i + 2]) % 1000003;
    }
  }
  return {colors: seen.colors.size, share: seen.opaque / seen.pixels, print: seen.sum};
}"""
"""Looks at every 37th pixel of the map: how many colors, how much is covered, a fingerprint."""


def look(page: Page) -> dict[str, float]:
    """Return what the map shows now."""
    seen: dict[str, float] = page.evaluate(SEE)
    return seen
