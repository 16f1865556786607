"""The bill of materials of an image, in CycloneDX: from what was found inside of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from titanic_model.labels import labels_of
from titanic_model.release import Release

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

_UNKNOWN = ""


def bill_of_materials(
    found: Mapping[str, Any], tag: str, release: Release, created: datetime
) -> bytes:
    """CycloneDX 1.6 as JSON, of what `inside/inventory.py` found in the image of that tag."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    name, _, version = tag.partition(":")
    image = Component(name=name, version=version, type=ComponentType.CONTAINER, bom_ref=tag)
    bom = Bom(components=[*_packages(found), *_debian(found), *_platform(found), _model(release)])
    bom.metadata.component = image
    bom.metadata.timestamp = created
    bom.register_dependency(image, bom.components)
    # By the content, so that the same image has the same.
    content = json.dumps([found, tag, release.digest], sort_keys=True).encode()
    bom.serial_number = UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)
    return JsonV1Dot6(bom).output_as_string(indent=1).encode()


def _packages(found: Mapping[str, Any]) -> list[Component]:
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    licences = LicenseFactory()
    made = {}
    for name, version, licence in found["python_packages"]:
        purl = PackageURL("pypi", name=name, version=version)
        made[str(purl)] = Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=purl,
            bom_ref=str(purl),
            licenses=[licences.make_from_string(licence)] if licence else [],
        )
    return list(made.values())


def _debian(found: Mapping[str, Any]) -> list[Component]:
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    system = found["distribution"]
    release = f"{system.get('id', 'debian')}-{system.get('version_id', '')}".rstrip("-")
    made = []
    for name, version, architecture in found["debian_packages"]:
        purl = PackageURL(
            "deb",
            system.get("id", "debian"),
            name,
            version,
            qualifiers={"arch": architecture, "distro": release},
        )
        made.append(
            Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                purl=purl,
                bom_ref=str(purl),
            )
        )
    return made


def _platform(found: Mapping[str, Any]) -> list[Component]:
    from cyclonedx.model.component import Component, ComponentType

    system = found["distribution"]
    python = found["python"]
    parts = [
        Component(
            name="python", version=python, type=ComponentType.PLATFORM, bom_ref=f"python@{python}"
        )
    ]
    if system:
        parts.append(
            Component(
                name=system["id"],
                version=system.get("version_id", _UNKNOWN),
                description=system.get("pretty_name"),
                type=ComponentType.OPERATING_SYSTEM,
                bom_ref=f"system:{system['id']}",
            )
        )
    return parts


def _model(release: Release) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    metadata = release.metadata
    return Component(
        name="titanic-survival",
        version=metadata.version,
        description=f"The model, {metadata.family}, exported to ONNX.",
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{release.digest}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=release.model_digest)],
        properties=[
            Property(name=f"titanic:{name}", value=value)
            for name, value in labels_of(release).items()
            if value
        ],
    )
