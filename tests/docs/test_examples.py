"""What README promises of its example lists is what becomes of them."""

from datetime import UTC, datetime

import pytest

from expectations.validation import validate
from tests.docs.pages import PAGES
from titanic_assets.settings import CHECKOUT
from titanic_assets.sources.digests import content_digest
from titanic_assets.sources.fetch import SourceFile
from titanic_assets.sources.lists import read_batches
from titanic_assets.tables import Table
from titanic_model.schemas import PACKAGED_LIST

EXAMPLES = CHECKOUT / "docs" / "examples"


@pytest.fixture
def judged(tmp_path):
    def judge(*paths):
        lists = (
            SourceFile(
                path.name, str(path), content_digest(path), path.stat().st_size,
                datetime.now(UTC), landed=True, path=path, copied=True,
            )
            for path in paths
        )  # fmt: skip
        rows = (batch for file in lists for batch in read_batches(file))
        bad = tmp_path / "bad.parquet"
        return validate(rows, tmp_path / "good.parquet", bad), Table(bad)

    return judge


def test_every_example_is_used():
    pages = "".join(page.text for page in PAGES.values())
    assert all(f"docs/examples/{path.name}" in pages for path in EXAMPLES.iterdir())


def test_all_new_passengers_are_kept_beside_the_packaged_ones(judged):
    verdict, _ = judged(PACKAGED_LIST, EXAMPLES / "new_passengers.csv")
    assert (verdict.rows_kept, verdict.rows_quarantined) == (1309 + 20, 0)
    assert "Twenty new passengers" in PAGES["README.md"].text


def test_the_broken_list_is_refused_for_five_of_its_rows(judged):
    verdict, bad = judged(PACKAGED_LIST, EXAMPLES / "broken.csv")
    (refused,) = verdict.refused
    assert (refused.source, refused.bad, refused.rows) == ("broken.csv", 5, 8)
    assert "Five of its eight rows" in PAGES["README.md"].text
    assert bad.head(9)["source_line"].tolist() == [3, 4, 5, 6, 7]
    # `make run BAD_SHARE_LIMIT=0.7` lets it pass.
    assert refused.bad_share < 0.7
