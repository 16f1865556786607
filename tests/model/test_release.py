"""Releases: the same content makes the same bytes, and no change goes unseen."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from titanic_model.contract import Passenger
from titanic_model.features import FEATURES, derive_row
from titanic_model.golden import PASSENGERS, GoldenRow
from titanic_model.release import (
    FILES,
    GOLDEN,
    MANIFEST,
    METADATA,
    REFERENCE,
    BrokenRelease,
    Provenance,
    open_release,
    read_release,
    write_release,
)

ROOT = Path(__file__).parents[2]
PROVENANCE = Provenance(
    data_fingerprint="d" * 64, code_revision="abc1234", dagster_run_id="r1", mlflow_run_id="m1"
)


@pytest.fixture(scope="module")
def release(trained):
    return trained.release(PROVENANCE, version="3")


@pytest.fixture
def place(release, tmp_path):
    return write_release(release, tmp_path / "releases" / "3")


def test_what_is_written_is_read_back(release, place, data, scorer):
    again = read_release(place)
    assert again.digest == release.digest
    assert again.model_digest == release.model_digest
    assert again.metadata.provenance == PROVENANCE
    assert again.metadata.version == "3"
    assert again.metadata.feature_names == FEATURES
    assert again.reference == release.reference
    assert sorted(path.name for path in place.iterdir()) == sorted(FILES)
    np.testing.assert_array_equal(again.scorer().score(data.matrix), scorer.score(data.matrix))


def test_the_model_keeps_its_identity_whatever_run_made_it(trained, release):
    other = trained.release(replace(PROVENANCE, dagster_run_id="r2"), version="4")
    assert other.model_digest == release.model_digest == trained.digest
    assert other.digest != release.digest
    assert trained.release(PROVENANCE, version="3").digest == release.digest


def test_a_version_can_be_given_later(release, tmp_path):
    numbered = replace(release, metadata=replace(release.metadata, version="12"))
    assert read_release(write_release(numbered, tmp_path / "12")).metadata.version == "12"


def test_the_figures_a_release_tells_are_the_honest_ones(trained, release):
    assert release.metadata.figures["accuracy"] == trained.figures.stratified.mean.accuracy
    assert release.metadata.figures["log_loss_by_ticket"] == trained.figures.by_ticket.mean.log_loss


def test_golden_passengers_are_passengers_and_get_their_probabilities(release, scorer):
    for row in release.golden:
        passenger = Passenger.model_validate(dict(row.passenger))
        assert passenger.model_dump(exclude_unset=True) == dict(row.passenger)
        score = scorer.score(derive_row(row.passenger).reshape(1, -1))[0]
        assert float(score) == pytest.approx(row.probability, abs=1e-6)
    assert len(release.golden) == len(PASSENGERS)


def test_writing_the_same_release_twice_is_fine_and_another_is_refused(release, place):
    assert write_release(release, place) == place
    other = replace(release, metadata=replace(release.metadata, version="4"))
    with pytest.raises(BrokenRelease, match="already holds another release"):
        write_release(other, place)
    assert read_release(place).metadata.version == "3"
    assert [path.name for path in place.parent.iterdir()] == ["3"], "nothing half-written stays"


def test_a_place_that_cannot_be_written_is_an_error_of_its_own(release, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "3"):
        with pytest.raises(OSError, match="file"):
            write_release(release, place)


@pytest.mark.parametrize("name", FILES[:-1])
def test_one_changed_byte_in_any_file_is_seen(place, name):
    content = bytearray((place / name).read_bytes())
    content[len(content) // 2] ^= 1
    (place / name).write_bytes(content)
    with pytest.raises(BrokenRelease, match=f"{name} in .* is not the file that was released"):
        read_release(place)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(place, name):
    (place / name).unlink()
    with pytest.raises(BrokenRelease, match=f"not a whole release, {name} cannot be read"):
        read_release(place)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"layout": 1}', '{"layout": 1, "sha256": 3}']
)
def test_a_broken_manifest_is_named(place, content):
    (place / MANIFEST).write_text(content)
    with pytest.raises(BrokenRelease, match=r"manifest\.json in .* is no manifest"):
        read_release(place)


def test_a_release_of_a_later_layout_asks_for_its_code(release):
    files = release.files()
    manifest = {**json.loads(files[MANIFEST]), "layout": 99}
    with pytest.raises(BrokenRelease, match=r"layout 99 .* restart with the bento"):
        open_release({**files, MANIFEST: json.dumps(manifest).encode()}, "somewhere")


def changed(release, file, content):
    """The files of the release with this content of one, and a manifest that vouches for it."""
    files = {**release.files(), file: json.dumps(content).encode()}
    manifest = json.loads(files[MANIFEST])
    manifest["sha256"][file] = sha256(files[file]).hexdigest()
    return {**files, MANIFEST: json.dumps(manifest).encode()}


def bento_of(files):
    return f"titanic_survival:3-{sha256(files[MANIFEST]).hexdigest()[:12]}-…"


def reason_of(files):
    with pytest.raises(BrokenRelease) as broken:
        open_release(files, "somewhere")
    return str(broken.value)


def test_a_release_of_a_later_layout_names_its_bento(release):
    files = release.files()
    files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), "layout": 99}).encode()
    assert reason_of(files).endswith(f"built for it, {bento_of(files)}")
    # The digests of that layout may mean something else, and its metadata too.
    for unknown in (b"{", b"[]", b"{}", b'{"version": 3}', b'{"version": "\\n"}'):
        assert reason_of({**files, METADATA: unknown}).endswith("the bento that was built for it")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"colour": "red", "shape": "round"}, "has colour, shape, which this code does not know"),
        ({"provenance": {**asdict(PROVENANCE), "by": "me"}}, "has by, which this code does not"),
    ],
)
def test_metadata_of_newer_code_names_the_bento_to_restart_with(release, change, reason):
    metadata = {**json.loads(release.files()[METADATA]), **change}
    files = changed(release, METADATA, metadata)
    said = reason_of(files)
    assert reason in said
    assert said.endswith(f"built for it, {bento_of(files)}")


@pytest.mark.parametrize("missing", ["version", "family", "provenance"])
def test_metadata_that_lack_a_field_are_told_from_others(release, missing):
    metadata = json.loads(release.files()[METADATA])
    del metadata[missing]
    assert missing in reason_of(changed(release, METADATA, metadata))


@pytest.mark.parametrize("file", [METADATA, REFERENCE, GOLDEN])
@pytest.mark.parametrize("content", [None, [], {}, 3, [{"odd": 1}], {"fields": [{}]}])
def test_files_that_are_written_otherwise_are_a_broken_release(release, file, content):
    if file == GOLDEN and content in ([], {}):
        return  # no golden passengers
    assert f"{file} in somewhere" in reason_of(changed(release, file, content))


def test_other_features_than_this_codes_are_refused(release):
    other = replace(release, metadata=replace(release.metadata, feature_version=99))
    with pytest.raises(BrokenRelease, match="features of version 99") as broken:
        other.scorer()
    assert str(broken.value).endswith(f"titanic_survival:3-{other.digest[:12]}-…")
    unnumbered = replace(other, metadata=replace(other.metadata, version=""))
    with pytest.raises(BrokenRelease, match=r"the bento that was built for it$"):
        unnumbered.scorer()
    renamed = replace(release, metadata=replace(release.metadata, feature_names=FEATURES[::-1]))
    with pytest.raises(BrokenRelease, match="restart with the bento"):
        renamed.scorer()


def test_wrong_answers_to_the_golden_passengers_are_refused(release):
    first = release.golden[0]
    wrong = GoldenRow(first.passenger, first.probability + 1e-4)
    with pytest.raises(BrokenRelease, match=r"with probabilities up to 0\.0001 off"):
        replace(release, golden=(wrong, *release.golden[1:])).scorer()


def test_a_release_is_read_and_scored_without_the_heavy_libraries(place):
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from titanic_model.features import derive_row\n"
        "from titanic_model.release import read_release\n"
        f"release = read_release(Path({str(place)!r}))\n"
        "scorer = release.scorer()\n"
        "scorer.score(derive_row({'pclass': 3, 'sex': 'male'}).reshape(1, -1))\n"
        "release.reference.field('age').bin_of(30)\n"
        "heavy = {'pandas', 'pyarrow', 'scipy', 'sklearn', 'imblearn', 'skl2onnx', 'onnx'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
