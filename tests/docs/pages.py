"""The project's Markdown files, and what is in them."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from titanic_assets.settings import CHECKOUT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True)
class Link:
    """A link or a picture."""

    is_picture: bool
    text: str
    target: str


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self):
        return str(self.path.relative_to(CHECKOUT))

    @cached_property
    def text(self):
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self):
        """The text without blocks of code."""
        return _FENCE.sub("", self.text)

    def blocks(self, language):
        return [body for kind, body in _FENCE.findall(self.text) if kind == language]

    @property
    def links(self):
        return [
            Link(bool(mark), text, target)
            for mark, text, target in _LINK.findall(_CODE.sub("", self.prose))
        ]

    @property
    def anchors(self):
        """The anchors of its headings, as GitHub makes them."""
        headings = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}

    def between(self, name):
        """What stands between a kept part's two comments."""
        kept = rf"<!-- {name}: .*? -->\n(.*?)<!-- {name} end -->"
        return re.search(kept, self.text, re.DOTALL)[1]


PAGES = {
    page.name: page
    for page in map(Page, sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")]))
}
