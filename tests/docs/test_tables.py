"""Tables in the docs say what the code says. A failure shows what to write."""

import re

from expectations.suite import describe_suite
from tests.docs.pages import PAGES
from titanic_assets.assets.training import GATES
from titanic_assets.settings import CHECKOUT, Settings
from titanic_assets.sources.text import NOTHING
from titanic_model.contract import FIELDS
from titanic_model.gates import Bars
from titanic_model.promotion import Policy

GRAPH, LISTS = PAGES["docs/graph.md"], PAGES["docs/your-own-list.md"]


def settings_table():
    lines = ["| setting | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if name == "titanic_home":
            default = default.relative_to(CHECKOUT)
        shown = "unset" if default is None else f"`{default}`"
        lines.append(f"| `{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def fields_table():
    lines = ["| column | what | allowed |", "|---|---|---|"]
    lines += [f"| `{f.name}` | {f.explanation} | {f.allowed_text} |" for f in FIELDS]
    return "\n".join(lines) + "\n"


def nothing_line():
    return " · ".join(f"`{text}`" for text in sorted(NOTHING) if text) + "\n"


def test_the_settings():
    assert PAGES["docs/settings.md"].between("settings") == settings_table()


def test_the_settings_in_the_readme_have_their_defaults():
    rows = re.findall(r"^\| (`[A-Z_`, ]+) \| (.*?) \|", PAGES["README.md"].text, re.MULTILINE)
    assert rows
    for names, defaults in rows:
        for name, default in zip(
            re.findall(r"[A-Z_]+", names), defaults.replace("`", "").split(", "), strict=True
        ):
            value = Settings.model_fields[name.lower()].default
            assert str(value) in (default, str(CHECKOUT / default))


def test_the_expectations():
    assert GRAPH.between("expectations") == describe_suite()


def test_the_fields_of_a_passenger():
    assert LISTS.between("fields") == fields_table()


def test_the_spellings_of_nothing():
    assert LISTS.between("nothing") == nothing_line()


def test_the_gates_and_their_bars():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| (?:yes|never) \|", GRAPH.text, re.MULTILINE))
    assert list(rows) == list(GATES)
    bars = Bars()
    for gate, bar in {
        "accuracy": f"{bars.accuracy:.2f}",
        "log_loss": f"{bars.log_loss:.2f}",
        "better_than_sex_alone": f"{bars.gain_on_sex_alone:.2f}",
        "not_too_good_to_be_true": f"{bars.too_good:.2f}",
        "onnx_parity": f"{bars.parity:.5f}",
        "latency": f"{bars.microseconds:.0f}",
    }.items():
        assert bar in rows[gate]


def test_the_promotion_rule():
    rule = GRAPH.text.partition("## The promotion rule")[2].partition("\n## ")[0]
    policy = Policy()
    assert f"({policy.minimum_gain}) log loss" in rule
    assert Settings().minimum_gain == policy.minimum_gain
    assert f"loses at most {policy.challenger_loss}" in rule
    assert f"{policy.significance:.0%}".replace("%", " %") in rule
