import sys

from titanic_assets.settings import CHECKOUT


def test_the_script_makes_every_picture_of_the_docs(monkeypatch):
    monkeypatch.syspath_prepend(str(CHECKOUT / "docs"))
    try:
        from screenshots import DEMO, PICTURES

        made = {name for pictures in (*PICTURES.values(), DEMO) for name in pictures}
        assert made == {path.stem for path in (CHECKOUT / "docs" / "images").iterdir()}
        assert all((CHECKOUT / "docs" / "examples" / name).is_file() for name in PICTURES if name)
    finally:
        for name in ("screenshots", "browser"):
            sys.modules.pop(name, None)
