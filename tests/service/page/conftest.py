"""A real browser before the real service: Chromium, driven by Playwright."""

import os
import re
import shutil
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, sync_playwright

_ROOT = ["--no-sandbox"] if os.geteuid() == 0 else []
_REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


@dataclass
class Visit:
    """A page that was opened, and what went on in it that nobody sees."""

    page: Page
    url: str
    expected_statuses: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.context.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, message):
        if message.type not in ("error", "warning"):
            return
        refusal = _REFUSAL.match(message.text)
        if not (refusal and int(refusal[1]) in self.expected_statuses):
            self.problems.append(message.text)

    def choose(self, example):
        """Click one of the invented passengers and wait for the answer."""
        self.page.get_by_role("button", name=example).click()
        self.page.locator(".verdict").wait_for()

    def bring(self, rows, name="list.csv"):
        """Give the page a CSV file of these lines."""
        content = "\n".join(rows).encode()
        file = {"name": name, "mimeType": "text/csv", "buffer": content}
        self.page.get_by_label("Choose a CSV file").set_input_files(file)

    def is_clean(self):
        """Nothing went wrong in the browser, and it asked nobody but the service."""
        foreign = [url for url in self.asked if not url.startswith((self.url, "blob:"))]
        return not self.problems and not foreign


# Not for the whole session: while it is there, its event loop is running in this thread.
@pytest.fixture(scope="module")
def browser():
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not there: install Debian's package, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ROOT)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens the page of a service in a browser of its own kind (`color_scheme="dark"`)."""
    visits = []

    def open_page(service, *, expected_statuses=(), until="#passenger button", **kind):
        kind = {"viewport": {"width": 1280, "height": 900}, **kind}
        context = browser.new_context(**kind)
        context.set_default_timeout(15_000)
        visits.append(Visit(context.new_page(), service.url, set(expected_statuses)))
        visits[-1].page.goto(f"{service.url}/ui")
        visits[-1].page.locator(until).first.wait_for()
        return visits[-1]

    yield open_page
    for opened in visits:
        opened.page.context.close()
    assert all(opened.is_clean() for opened in visits), [
        (opened.problems, opened.asked) for opened in visits
    ]
