"""Whether the ports are free, and if one is not, who has it and which setting moves ours."""

import socket
from dataclasses import dataclass

import psutil

from titanic_assets.settings import Settings

_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Port:
    """A port that something of ours listens on, and the setting that changes it."""

    number: int
    purpose: str
    setting: str


class PortTaken(RuntimeError):
    """A port that something else listens on."""


class NoSuchAddress(RuntimeError):
    """An address that is none of this machine's."""


def ports_of(settings: Settings) -> list[Port]:
    """All that `make run` listens on."""
    mlflow = [Port(settings.mlflow_port, "MLflow", "MLFLOW_PORT")]
    return [
        Port(settings.ui_port, "the Dagster UI", "UI_PORT"),
        Port(settings.api_port, "the API", "API_PORT"),
        Port(settings.features_port, "the feature server", "FEATURES_PORT"),
        Port(settings.monitor_port, "the monitor", "MONITOR_PORT"),
        *(mlflow if settings.serves_mlflow else []),
    ]


def require_free(ports: list[Port], host: str) -> None:
    """Raise, naming every port that is taken and what to do about it, unless all are free."""
    _require_address(host)
    complaints = [_complaint(port) for port in ports if not is_free(port.number, host)]
    numbers = [port.number for port in ports]
    complaints += [
        f"port {port.number} is meant for two things; change {port.setting}"
        for position, port in enumerate(ports)
        if port.number in numbers[:position]
    ]
    if complaints:
        raise PortTaken("\n".join(complaints))


def is_free(number: int, host: str) -> bool:
    """True when nothing answers on this port and we may listen on it."""
    return not any(_answers(address, number) for address in _LOOPBACK) and _can_bind(host, number)


def holder_of(number: int) -> str | None:
    """Which process listens on a port, where the system tells."""
    try:
        listening = [
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (number,)
        ]
        pid = next(filter(None, listening), None)
        if pid is None:
            return None
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return None
    return f"process {pid}: {command[:100]}"


def _require_address(host: str) -> None:
    """Raise unless this machine can listen on that address at all."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
    except OSError as error:
        raise NoSuchAddress(
            f"cannot listen on BIND_HOST={host} ({error.strerror}); 127.0.0.1 is this machine "
            "alone, 0.0.0.0 is every network it is in"
        ) from None


def _complaint(port: Port) -> str:
    holder = holder_of(port.number)
    taken_by = f" by {holder}" if holder else ""
    return (
        f"port {port.number}, meant for {port.purpose}, is taken{taken_by}\n"
        f"  free it, or choose another: make run {port.setting}={port.number + 1}"
    )


def _answers(address: str, number: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            return probe.connect_ex((address, number)) == 0
    except OSError:
        return False  # no such protocol on this machine


def _can_bind(host: str, number: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections of a server that has just stopped linger; they do not keep a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return False
    return True
