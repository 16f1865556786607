"""Which metrics a query of Prometheus asks for, and by which labels."""

import re

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_LABELLED = re.compile(
    r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", re.IGNORECASE
)
_SELECTOR = re.compile(r"(?<![\w.])([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?(?!\w|\s*\()")
_NO_METRICS = {"and", "or", "unless", "bool", "offset", "by", "on", "Inf", "NaN"}


def selectors(query):
    """Each metric's name with the labels it is narrowed by."""
    plain = re.sub(r"\[[^]]*\]|\boffset\s+\w+", "", _LABELLED.sub("", _TEXT.sub("''", query)))
    return [
        (name, set(re.findall(r"(\w+)\s*[=!]", inside)))
        for name, inside in _SELECTOR.findall(plain)
        if name not in _NO_METRICS
    ]


def grouped_by(query):
    """The labels that results are grouped or matched by."""
    return {
        label.strip()
        for _, inside in _LABELLED.findall(_TEXT.sub("''", query))
        for label in inside.split(",")
        if label.strip()
    }
