"""What is left out of an image, and what is found in it."""

import json

from titanic_assets.releasing.image.engine import Image
from titanic_assets.releasing.image.inside.inventory import inventory
from titanic_assets.releasing.image.inside.slim import compiled, slim
from titanic_assets.releasing.image.recipe import listed, slimmed

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u14
Description: GNU C Library
 Status: not installed

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
"""


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def files_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_only_installing_or_compiling_took_goes_and_used_bytecode_stays(tmp_path):
    packages = tmp_path / "packages"
    put(
        packages,
        "numpy/core.py", "numpy/core.pyi", "numpy/core.so", "numpy/include/array.h",
        "numpy/__pycache__/core.cpython-311.pyc", "numpy/__pycache__/unused.cpython-311.pyc",
        "numpy/tests/test_core.py", "numpy/testing/overrides.py",
        "idle/__pycache__/idle.cpython-311.pyc", "numpy-2.0.dist-info/METADATA",
    )  # fmt: skip

    slim(packages, {packages / "numpy/__pycache__/core.cpython-311.pyc"})

    assert files_in(packages) == {
        "numpy/core.py", "numpy/core.so", "numpy/__pycache__/core.cpython-311.pyc",
        "numpy/testing/overrides.py", "numpy-2.0.dist-info/METADATA",
    }  # fmt: skip
    assert not (packages / "idle" / "__pycache__").exists()


def test_slimming_twice_leaves_the_same_times_on_folders(tmp_path):
    times = []
    for name in ("one", "other"):
        put(tmp_path / name, "package/module.py", "package/tests/test_it.py")
        slim(tmp_path / name, set())
        times.append([(tmp_path / name / each).stat().st_mtime for each in ("", "package")])
    assert times[0] == times[1]


def test_bytecode_is_found_again_beside_its_source(tmp_path):
    put(tmp_path, "app/lib/numpy/core.cpython-311.pyc")
    assert [str(path) for path in compiled(tmp_path)] == [
        "/app/lib/numpy/__pycache__/core.cpython-311.pyc"
    ]


def test_the_inventory_reads_python_packages_and_what_debian_has_installed(tmp_path):
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    for place, name in (("app", "numpy"), ("usr/local/lib/python3.11/dist-packages", "uv")):
        info = tmp_path / place / f"{name}-2.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: {name}\nVersion: 2.0\nLicense: BSD\n all rights\n"
            "Classifier: License :: OSI Approved :: BSD License\n"
        )

    found = inventory(tmp_path, [str(tmp_path / "app")])

    assert found["debian_packages"] == [("libc6", "2.36-9+deb12u14", "amd64")]
    assert found["distribution"] == {"id": "debian", "version_id": "12"}
    assert found["python_packages"] == [
        ("numpy", "2.0", "BSD License"),
        ("uv", "2.0", "BSD License"),
    ]
    assert json.dumps(found)


def test_what_an_image_is_run_with_is_kept_and_quoted():
    image = Image(
        "id",
        1,
        {},
        {
            "Env": ["PATH=/app/bin:/bin", "UV_NO_CACHE=1", 'ODD=a "b" $c\\'],
            "WorkingDir": "/there",
            "Entrypoint": ["/there/start.sh"],
        },
        (),
    )
    recipe = slimmed("it:1-installed", image, "python:3.11-slim")
    assert 'ENV PATH="/app/bin:/bin" ODD="a \\"b\\" \\$c\\\\"\n' in recipe
    assert "UV_NO_CACHE" not in recipe
    assert "USER 1034:1034" in recipe
    assert recipe.endswith('ENTRYPOINT ["/there/start.sh"]\n')
    assert listed("it:1-slim", {"a.b": "c d"}).endswith('LABEL a.b="c d"\n')
