import re
import tomllib

import pytest
from packaging.requirements import Requirement

from titanic_assets.settings import CHECKOUT

LOCKS = sorted((CHECKOUT / "requirements").glob("*.txt"))
GROUPS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["dependency-groups"]


def requirements(lock):
    """Each requirement of a lock with its hashes: `name==version ; marker`, hashes."""
    whole = lock.read_text().replace("\\\n", " ")
    for line in whole.splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        if requirement:
            yield requirement.strip(), hashes


def test_every_group_has_its_lock_and_every_lock_its_group():
    assert {lock.stem for lock in LOCKS} == set(GROUPS)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_locked_package_is_pinned_and_has_hashes(lock):
    loose = [
        requirement
        for requirement, hashes in requirements(lock)
        if not re.match(r"[a-z0-9.-]+(\[[a-z,]+\])?==[\w.!+]+( ;|$)", requirement)
        or not hashes
        or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", each.strip()) for each in hashes)
    ]

    assert loose == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_lock_names_an_index_or_any_other_address(lock):
    text = lock.read_text()

    assert re.findall(r"\S*(?:://|@ |--index|--extra|--find)\S*", text) == []
    assert str(CHECKOUT) not in text


@pytest.mark.parametrize(
    "platform", ["linux/x86_64", "linux/aarch64", "darwin/x86_64", "darwin/arm64"]
)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_locks_agree_on_every_machine(python, platform):
    system, machine = platform.split("/")
    here = {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": system,
        "platform_system": system.capitalize(),
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    versions = {}
    for lock in LOCKS:
        for text, hashes in requirements(lock):
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(here):
                pinned = (str(requirement.specifier), tuple(hashes))
                versions.setdefault(requirement.name, {})[lock.stem, text] = pinned

    assert {name for name, found in versions.items() if len(set(found.values())) > 1} == set()
    assert {"bentoml", "dagster", "pytest", "uv"} <= set(versions)


@pytest.mark.parametrize("group", GROUPS)
def test_what_a_group_asks_for_is_in_its_lock(group):
    lock = CHECKOUT / "requirements" / f"{group}.txt"
    locked = {requirement.split("==")[0] for requirement, _ in requirements(lock)}
    asked = {re.match(r"[\w.-]+", each)[0].lower() for each in GROUPS[group]}

    assert asked <= locked


def test_the_serving_environment_is_lean():
    lock = CHECKOUT / "requirements" / "serving.txt"
    names = {requirement.split("==")[0] for requirement, _ in requirements(lock)}

    assert names.isdisjoint({"dagster", "mlflow", "pandas", "pyarrow", "scikit-learn", "scipy"})


def test_every_upper_bound_has_its_reason():
    lines = (CHECKOUT / "pyproject.toml").read_text().splitlines()
    bounded = [
        number
        for number, line in enumerate(lines)
        if re.match(r'\s*"[\w-]+(\[\w+\])?[^"]*(<|==)\d', line)
        or line.startswith("requires-python")
    ]
    unexplained = [
        lines[number]
        for number in bounded
        # The reason stands above the first of a block of such lines.
        if not re.search(
            "Lift it|Move all|Remove the",
            "\n".join(lines[max(0, number - 9) : number]),
        )
    ]

    assert bounded
    assert unexplained == []
