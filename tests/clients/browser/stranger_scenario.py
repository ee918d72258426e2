"""Opens the page of a server that asks for a token and has no scenes; prints what it saw as JSON.

Runs inside the browser tests' own environment, with the server's address and a token.
"""

import json
import sys

from chromium import chromium, open_page
from playwright.sync_api import expect

URL, TOKEN = sys.argv[1:3]

with chromium() as browser:
    page = open_page(browser, [], viewport={"width": 1200, "height": 800})
    page.goto(URL)
    notice = page.locator(".notice")
    expect(notice).to_be_visible()
    refused = notice.locator("h2").inner_text()
    notice.locator("input").fill(TOKEN)
    notice.get_by_role("button", name="Use it").click()
    expect(notice.locator("h2")).to_have_text("No scenes yet")
    answer = {"refused": refused, "command": notice.locator("code").inner_text()}
    print(json.dumps(answer))  # noqa: T201 -- the answer
