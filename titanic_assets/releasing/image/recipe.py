"""The Dockerfiles around what `bentoml containerize` makes, as text.

BentoML installs into the image it makes, with the installer, its files for compilers and bytecode
of everything. The image that is shipped has from it what runs: the same base, environment, user
and command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from titanic_assets.releasing.image import SBOM
from titanic_assets.releasing.image.engine import Image

# BentoML's user in its images, by number: an orchestrator that wants no root asks for it so.
USER = "1034:1034"
_HOME = "/home/bentoml"
# Folders in it that BentoML would make at each start, and cannot where nothing may be written.
_HOMES = ("bentos", "envs", "models", "tmp")
_OF_THE_INSTALLER = "UV_"


def slimmed(installed: str, image: Image, base: str) -> str:
    """From the image that BentoML made, and is called `installed`, what runs."""
    config = image.config
    variables = dict(entry.split("=", 1) for entry in config["Env"])
    kept = {
        name: value for name, value in variables.items() if not name.startswith(_OF_THE_INSTALLER)
    }
    homes = " ".join(f"{_HOME}/{name}" for name in _HOMES)
    lines = [
        f"FROM {installed} AS installed",
        "USER 0",
        "COPY slim.py /slim.py",
        f"RUN python /slim.py && mkdir -p {homes} && chmod -R a+rX {_HOME}",
        f"FROM {base}",
        "COPY --from=installed /etc/passwd /etc/group /etc/",
        "COPY --from=installed /app /app",
        f"COPY --from=installed --chown={USER} {_HOME} {_HOME}",
        f"ENV {_pairs(kept)}",
        f"WORKDIR {config['WorkingDir']}",
        "EXPOSE 3000",
        f"USER {USER}",
        f"ENTRYPOINT {json.dumps(config['Entrypoint'])}",
    ]
    return "\n".join(lines) + "\n"


def listed(slim: str, labels: Mapping[str, str]) -> str:
    """That with its labels and its bill of materials, which lies beside as `sbom.json`."""
    return f"FROM {slim}\nCOPY sbom.json {SBOM}\nLABEL {_pairs(labels)}\n"


def _pairs(values: Mapping[str, str]) -> str:
    """In one instruction, for each is a layer."""
    return " ".join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
