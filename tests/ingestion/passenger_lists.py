"""Small passenger lists, and all rows of one as plain dicts."""

from pathlib import Path

import pyarrow as pa

from titanic_assets.sources.fetch import SourceFile, fetch
from titanic_assets.sources.found import FoundSource
from titanic_assets.sources.lists import read_batches

HEADER = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
BRAUND = '1,0,3,"Braund, Mr. Owen Harris",male,22,1,0,A/5 21171,7.25,,S'
CUMINGS = '2,1,1,"Cumings, Mrs. John",female,38,1,0,PC 17599,71.2833,C85,C'
KAGGLE = f"{HEADER}\n{BRAUND}\n{CUMINGS}\n"


def a_list(folder: Path, content: str | bytes = KAGGLE, name: str = "list.csv") -> SourceFile:
    """Write a file and take it as a source."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return taken(path)


def taken(path: Path) -> SourceFile:
    """An existing file as a source."""
    return fetch(FoundSource(name=path.name, uri=str(path), address=str(path)), path.parent)


def rows_of(file: SourceFile) -> list[dict[str, object]]:
    """All rows of a list."""
    return pa.Table.from_batches(read_batches(file)).to_pylist()
