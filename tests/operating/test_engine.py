"""Which engine is used: one that works, whatever is on the path."""

import pytest

from titanic_assets.releasing.image.engine import Engine, NoEngine, find_engine


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A path with these programs on it and no others."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def holds(**programs):
        for name, script in programs.items():
            file = tmp_path / name
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

    return holds


def test_a_docker_client_without_its_daemon_is_no_engine(path):
    path(docker="echo 'Cannot connect to the daemon' >&2; exit 1", podman="echo 5.0")
    assert find_engine() == Engine("podman")


def test_docker_comes_first_where_both_work(path):
    path(docker="echo 27.0", podman="echo 5.0")
    assert find_engine() == Engine("docker")
    assert find_engine("podman") == Engine("podman")


def test_without_an_engine_it_is_said_what_was_tried_and_what_to_do(path):
    path(docker="echo 'Cannot connect to the daemon' >&2; exit 1")
    with pytest.raises(NoEngine) as caught:
        find_engine()
    assert "docker: Cannot connect to the daemon; podman: not installed" in str(caught.value)
    assert "Install docker or podman" in str(caught.value)


def test_an_engine_that_is_wanted_is_not_replaced_by_another(path):
    path(podman="echo 5.0")
    with pytest.raises(NoEngine, match=r"docker: not installed.*leave CONTAINER_ENGINE unset"):
        find_engine("docker")


def test_what_an_engine_says_when_it_fails_is_told(path):
    path(podman="echo 'no space left on device' >&2; exit 125")
    with pytest.raises(RuntimeError, match=r"podman pull ended with code 125:\nno space left"):
        Engine("podman").run("pull", "it")
