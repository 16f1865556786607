import re

from PIL import Image

from tests.docs.pages import PAGES, Page
from titanic_assets.settings import CHECKOUT

IMAGES = CHECKOUT / "docs" / "images"


def test_the_pages_are_found():
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/graph.md"} <= set(PAGES)


def test_links_lead_somewhere(page):
    dead = []
    for link in page.links:
        if re.match(r"https?://", link.target):
            continue
        file, _, anchor = link.target.partition("#")
        path = (page.path.parent / file) if file else page.path
        if not path.exists() or (anchor and anchor not in Page(path).anchors):
            dead.append(link.target)
    assert dead == []


def test_every_page_of_the_docs_is_linked_from_the_readme():
    linked = {link.target for link in PAGES["README.md"].links}
    assert {name for name in PAGES if name.startswith("docs/")} <= linked


def test_pictures_say_in_words_what_they_show(page):
    assert [link.target for link in page.links if link.is_picture and not link.text] == []


def test_every_picture_is_used_and_small():
    used = {
        (page.path.parent / link.target).resolve()
        for page in PAGES.values()
        for link in page.links
        if link.is_picture
    }
    assert set(IMAGES.iterdir()) == used
    for path in IMAGES.iterdir():
        assert path.stat().st_size < 250_000, path
        with Image.open(path) as picture:
            picture.verify()


def test_no_page_names_a_place_of_one_machine_or_a_package_index(page):
    assert not re.search(r"(?<![\w.])/(home|root|work|Users|opt|usr)/", page.text)
    assert not re.search(r"index-url|pypi\.org/simple|://[^\s/]*(mirror|pypi)", page.text)
