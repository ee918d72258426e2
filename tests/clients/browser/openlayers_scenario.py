"""Shows scenes through OpenLayers' own SentinelHub source; prints what it saw as JSON.

Runs inside the browser tests' own environment, with the test page's address and a file for the
screenshot.
"""

import json
import sys

from chromium import chromium, look, open_page

PAGE, SHOT = sys.argv[1:3]

with chromium() as browser:
    notes: list[str] = []
    page = open_page(browser, notes, viewport={"width": 900, "height": 700})
    page.goto(PAGE)
    page.wait_for_function("() => document.title === 'drawn' || /^failed/.test(document.title)")
    page.screenshot(path=SHOT)
    print(json.dumps({"title": page.title(), "notes": notes, "seen": look(page)}))  # noqa: T201 -- the answer
