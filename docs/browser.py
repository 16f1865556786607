"""A headless Chromium, driven through its own debugging protocol, as far as pictures need it."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.sync.client import ClientConnection, connect

_PATIENCE_SECONDS = 40.0


class NotSeen(RuntimeError):
    """The page never came to show what was waited for."""


class Page:
    """One page of the browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sent = 0
        self.send("Page.enable")

    def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command of the protocol, and its answer."""
        self._sent += 1
        self._connection.send(
            json.dumps({"id": self._sent, "method": method, "params": parameters})
        )
        while True:
            answer = json.loads(self._connection.recv(timeout=_PATIENCE_SECONDS))
            if answer.get("id") == self._sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, url: str, *texts: str, width: int = 1400, height: int = 900) -> None:
        """Go to an address and wait until the page says all of these texts."""
        self._resize(width, height)
        # From one address to another of the same page, browsers change the part after # only.
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=url)
        for text in texts:
            self.wait_for(f"document.body?.innerText.includes({json.dumps(text)})")
        self.settle()

    def show(self, html: str, *, width: int, height: int) -> None:
        """Show a page that is at no address."""
        self._resize(width, height)
        self.send("Page.navigate", url="about:blank")
        frame = self.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.send("Page.setDocumentContent", frameId=frame, html=html)
        self.settle()

    def on_every_page(self, script: str) -> None:
        """Run a script on every page before its own."""
        self.send("Page.addScriptToEvaluateOnNewDocument", source=script)

    def wait_for(self, condition: str) -> None:
        """Wait until a JavaScript condition holds."""
        stop = time.monotonic() + _PATIENCE_SECONDS
        while not self.ask(f"Boolean({condition})"):
            if time.monotonic() > stop:
                seen = self.ask("document.body?.innerText.slice(0, 2000)")
                raise NotSeen(f"{condition} never held; the page says:\n{seen}")
            time.sleep(0.2)

    def settle(self, seconds: float = 1.5) -> None:
        """Let what moves come to rest."""
        time.sleep(seconds)

    def picture(self, clip: tuple[float, float, float, float] | None = None) -> bytes:
        """What the window shows, or a part of it (left, top, width, height), as PNG."""
        part = {}
        if clip:
            names = ("x", "y", "width", "height")
            part = {"clip": {**dict(zip(names, clip, strict=True)), "scale": 1}}
        shot = self.send("Page.captureScreenshot", format="png", **part)
        return base64.b64decode(shot["data"])

    def picture_of(self, element: str) -> bytes:
        """The element that a JavaScript expression finds, as PNG."""
        self.wait_for(element)
        left, top, width, height = self.ask(
            f"(() => {{ const r = ({element}).getBoundingClientRect();"
            " return [r.x, r.y, r.width, r.height]; })()"
        )
        return self.picture((left, top, width, height))

    def _resize(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip


@contextmanager
def browser(program: str) -> Iterator[Page]:
    """Chromium with one page, as long as the block lasts."""
    # Chromium's helpers write there for a moment longer than it lives itself.
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--no-proxy-server", "--remote-debugging-port=0", f"--user-data-dir={profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with connect(_page_address(Path(profile)), max_size=None, proxy=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()
            process.wait(10)


def _page_address(profile: Path) -> str:
    """Where the page listens; Chromium writes its port down once it is up."""
    from urllib.request import ProxyHandler, build_opener

    written = profile / "DevToolsActivePort"
    stop = time.monotonic() + _PATIENCE_SECONDS
    while not written.exists() or not written.read_text().strip():
        if time.monotonic() > stop:
            raise NotSeen("chromium does not start")
        time.sleep(0.1)
    port = written.read_text().split()[0]
    with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/json") as answer:
        pages = [each for each in json.load(answer) if each["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"])
