"""The peer of the graph's data part: the same list read, checked and transformed in plain pandas.

Written as a careful person would in a notebook: vectorised, the same rules, the same features, bad
rows set apart, one Parquet file at the end. It does less than the graph: no provenance, no reasons,
no reports, no split; names repeat only when they are spelt alike; and it takes for granted that
numbers are numbers and that everybody has a name with a title, as in these lists.

    python -m benchmarks.by_hand LIST.csv FEATURES.parquet
"""

import sys

import numpy as np
import pandas as pd

MR, MRS, MISS, MASTER, RANK = range(5)
TITLES = {
    "Mr": MR,
    "Mrs": MRS,
    "Mme": MRS,
    "Miss": MISS,
    "Ms": MISS,
    "Mlle": MISS,
    "Master": MASTER,
}
DECKS = {deck: number for number, deck in enumerate("ABCDEFGT", 1)}


def titles(names: pd.Series) -> pd.Series:
    """The title in each name, as a number."""
    return names.str.extract(r",\s*([^.]*)\.", expand=False).map(TITLES).fillna(RANK)


def check(people: pd.DataFrame, title: pd.Series) -> pd.Series:
    """True for every row that a passenger list may contain."""
    age, sex = people["age"], people["sex"]
    return (
        people["survived"].isin([0, 1])
        & people["pclass"].isin([1, 2, 3])
        & sex.isin(["female", "male"])
        & (age.isna() | age.between(0, 120))
        & people["sibsp"].between(0, 20)
        & people["parch"].between(0, 20)
        & (people["fare"].isna() | people["fare"].between(0, 2000))
        & (people["embarked"].isna() | people["embarked"].isin(["C", "Q", "S"]))
        & (people["name"].str.len() <= 200)
        & (people["ticket"].str.len() <= 64)
        & (people["cabin"].isna() | (people["cabin"].str.len() <= 64))
        & ~(title.isin([MR, MASTER]) & (sex != "male"))
        & ~(title.isin([MRS, MISS]) & (sex != "female"))
        & ~((title == MASTER) & (age >= 21))
        & ~((title == MRS) & (age < 12))
    )


def transform(people: pd.DataFrame, title: pd.Series) -> pd.DataFrame:
    """The same features as the graph's."""
    female = people["sex"] == "female"
    pclass, age, fare = people["pclass"], people["age"], people["fare"]
    family = people["sibsp"] + people["parch"] + 1
    deck = people["cabin"].str[0].map(DECKS).fillna(0)
    columns = {
        "pclass": pclass,
        "first_class": pclass == 1,
        "third_class": pclass == 3,
        "female": female,
        "female_third_class": female & (pclass == 3),
        "age": age,
        "child": age < 15,
        "sibsp": people["sibsp"],
        "parch": people["parch"],
        "family_size": family,
        "alone": family == 1,
        "large_family": family > 4,
        "fare": fare,
        "log_fare": np.log1p(fare),
        "fare_per_person": fare / family,
        "class_fare": pclass * fare,
        "age_fare": age * fare,
        "age_class": age * pclass,
        **{f"embarked_{port.lower()}": people["embarked"] == port for port in "CQS"},
        "title_mr": title == MR,
        "title_mrs": title == MRS,
        "title_miss": title == MISS,
        "title_master": title == MASTER,
        "title_rank": title == RANK,
        "cabin_known": deck > 0,
        "deck": deck,
    }
    return pd.DataFrame({name: values.astype("float32") for name, values in columns.items()})


def main(source: str, target: str) -> None:
    """Read, check, transform, write."""
    people = pd.read_csv(source)
    title = titles(people["name"])
    good = check(people, title)
    repeated = people.loc[good, ["name", "ticket"]].duplicated()
    good[repeated.index[repeated]] = False
    people[~good].to_parquet(f"{target}.refused")
    transform(people[good], title[good]).to_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
