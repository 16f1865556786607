"""Ways in which a published release can be unfit."""

import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
from onnx import TensorProto, helper

from tests.service.releases import of_version
from titanic_model.features import FEATURE_VERSION, FEATURES
from titanic_model.golden import golden_rows
from titanic_model.published import Current, publish_release, write_current
from titanic_model.release import MANIFEST, METADATA, MODEL, REFERENCE
from titanic_model.scorer import Scorer


def forged(folder, name, **changed):
    """The release with other contents of files and digests to match, under the name it has then."""
    files = {path.name: path.read_bytes() for path in (folder / name).iterdir()}
    manifest = json.loads(files.pop(MANIFEST))
    for key, content in changed.items():
        file = {"model": MODEL, "metadata": METADATA, "reference": REFERENCE}.get(key)
        if file:
            files[file] = content(files[file])
            manifest["sha256"][file] = sha256(files[file]).hexdigest()
        else:
            manifest[key] = content
    files[MANIFEST] = json.dumps(manifest).encode()
    version = json.loads(files[METADATA])["version"]
    renamed = f"{version}-{sha256(files[MANIFEST]).hexdigest()[:12]}"
    (folder / renamed).mkdir()
    for file, content in files.items():
        (folder / renamed / file).write_bytes(content)
    return renamed


def with_metadata(**changes):
    return lambda content: json.dumps({**json.loads(content), **changes}).encode()


def without_field(name):
    def change(content):
        reference = json.loads(content)
        reference["fields"] = [field for field in reference["fields"] if field["name"] != name]
        return json.dumps(reference).encode()

    return change


def of_other_features(release):
    return replace(release, metadata=replace(release.metadata, feature_version=FEATURE_VERSION + 1))


def wrong_about_golden_rows(release):
    golden = tuple(replace(row, probability=row.probability + 0.01) for row in release.golden)
    return replace(release, golden=golden)


def failing_for_fifteen_siblings(release, version):
    """A release that is fit, and whose model fails for passengers with just that many siblings."""
    column = helper.make_tensor("column", TensorProto.INT64, [], [FEATURES.index("sibsp")])
    numbers = [
        helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        for name, value in (("fifteen", 15.0), ("end", 240.0))
    ]
    table = helper.make_tensor("table", TensorProto.FLOAT, [240], np.linspace(0, 1, 240))
    nodes = [
        helper.make_node("Gather", ["features", "column"], ["siblings"], axis=1),
        helper.make_node("Sub", ["siblings", "fifteen"], ["distance"]),
        helper.make_node("Mul", ["distance", "distance"], ["square"]),
        helper.make_node("Sub", ["end", "square"], ["number"]),
        helper.make_node("Cast", ["number"], ["place"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "place"], ["probability"]),
    ]
    return _of_graph(release, version, nodes, [column, *numbers, table])


def answering_always(release, version, probability):
    """A release whose model answers everybody this."""
    value = helper.make_tensor("value", TensorProto.FLOAT, [1], [probability])
    nodes = [
        helper.make_node("ReduceMax", ["features"], ["number"], axes=[1], keepdims=0),
        helper.make_node("Cast", ["number"], ["boolean"], to=TensorProto.BOOL),
        helper.make_node("Where", ["boolean", "value", "value"], ["probability"]),
    ]
    return _of_graph(release, version, nodes, [value])


def _of_graph(release, version, nodes, constants):
    graph = helper.make_graph(
        nodes,
        "made by hand",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", len(FEATURES)])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["rows"])],
        constants,
    )
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    return replace(of_version(release, version), model=model, golden=golden_rows(Scorer(model)))


def both_have_begun(service):
    """Whether two workers follow what is live; one is enough for the service to be ready."""
    told = service.metrics()
    return all(f'titanic_worker_resident_bytes{{worker="{seat}"}}' in told for seat in (0, 1))


def make_live(folder, *releases):
    """Publish releases, whatever they are, and name them in `current.json`; returns the names."""
    names = [
        release if isinstance(release, str) else publish_release(release, folder)
        for release in releases
    ]
    write_current(folder, Current(*names))
    return names
