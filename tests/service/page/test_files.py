"""What the page is made of, before any browser sees it."""

import re

from bento_service.page import PAGE_FILES

SOURCES = {path: file.body.decode() for path, file in PAGE_FILES.items()}
ADDRESS = re.compile(r"""(?:https?:)?//[\w-]+\.\w[^\s"'`]*""")
NAMESPACE = "http://www.w3.org/2000/svg"


def test_the_page_is_small():
    assert sum(len(file.body) for file in PAGE_FILES.values()) < 60_000


def test_every_file_says_what_it_is():
    types = {path: file.content_type.split(b";")[0] for path, file in PAGE_FILES.items()}
    assert types["/ui"] == b"text/html"
    assert types["/ui/page.css"] == b"text/css"
    assert types["/ui/page.js"] == b"text/javascript"
    assert types["/ui/icon.svg"] == b"image/svg+xml"


def test_no_file_names_a_foreign_host():
    for path, source in SOURCES.items():
        assert not ADDRESS.search(source.replace(NAMESPACE, "")), path


def test_nothing_is_inline():
    html = SOURCES["/ui"]
    assert "<style" not in html
    assert not re.search(r"\s(style|on\w+)=", html)
    assert re.findall(r"<script([^>]*)>([^<]*)</script>", html) == [
        (' type="module" src="ui/page.js"', "")
    ]


def test_data_never_becomes_markup():
    markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write")
    assert [path for path, source in SOURCES.items() if markup.search(source)] == []


def test_every_part_that_is_named_is_there():
    parts = set(re.findall(r'(?:href|src)="(ui/[^"]+)"', SOURCES["/ui"]))
    named = {f"/{part}" for part in parts} | {
        f"/ui/{part}"
        for source in SOURCES.values()
        for part in re.findall(r'from "\./([^"]+)"', source)
    }
    assert named == set(PAGE_FILES) - {"/ui"}


def test_the_service_sends_a_file_once_and_says_that_it_has_not_changed(service):
    for path, file in PAGE_FILES.items():
        first = service.client.get(path)
        assert first.content == file.body
        again = service.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_service_forbids_what_the_page_does_not_need(service):
    policy = service.client.get("/ui").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
