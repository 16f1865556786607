"""The tables in docs/service.md say what the code says."""

import re

from bento_service.metrics import Metrics
from bento_service.seats import take_seat
from bento_service.settings import Settings
from tests.docs.pages import PAGES
from titanic_assets.settings import CHECKOUT
from titanic_model.events import OutcomeEvent, PredictionEvent

SERVICE = PAGES["docs/service.md"]


def shown_default(value):
    if value is None:
        return "unset"
    return "none" if value == "" else f"`{str(value).lower() if value is False else value}`"


def test_the_settings_of_the_service():
    lines = ["| setting | default | what |", "|---|---|---|"]
    lines += [
        f"| `{name.upper()}` | {shown_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    assert SERVICE.between("service settings") == "\n".join(lines) + "\n"


def test_the_metrics(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    seat = take_seat(tmp_path)
    metrics = Metrics(seat)
    seat.leave()
    described = [
        family
        for part in vars(metrics).values()
        if hasattr(part, "describe")
        for family in part.describe()
    ]
    lines = ["| metric | labels | what |", "|---|---|---|"]
    for part in vars(metrics).values():
        if not hasattr(part, "describe"):
            continue
        (family,) = part.describe()
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in part._labelnames)
        lines.append(f"| `{name}` | {labels} | {family.documentation} |")
    for file in {part._value._file for part in vars(metrics).values() if hasattr(part, "_value")}:
        file.close()
    assert described
    assert SERVICE.between("metrics") == "\n".join(lines) + "\n"


def test_the_fields_of_an_event():
    lines = ["| field | prediction | outcome | what |", "|---|---|---|---|"]
    for name in dict.fromkeys([*PredictionEvent.model_fields, *OutcomeEvent.model_fields]):
        of_prediction = PredictionEvent.model_fields.get(name)
        of_outcome = OutcomeEvent.model_fields.get(name)
        text = (of_prediction or of_outcome).description or ""
        marks = " | ".join("yes" if each else "" for each in (of_prediction, of_outcome))
        lines.append(f"| `{name}` | {marks} | {text} |")
    assert SERVICE.between("event") == "\n".join(lines) + "\n"


def test_the_layout_it_draws_is_the_layout_there_is():
    drawn = re.findall(r"(\w+(?:/\w+)*\.py|live/|guard/)", "".join(SERVICE.blocks("text")))
    assert drawn
    missing = [
        path
        for path in drawn
        if not (CHECKOUT / path).exists() and not (CHECKOUT / "bento_service" / path).exists()
    ]
    assert not missing
