"""The peer of the graph's data part: the same list read, checked and transformed in plain pandas.

Written as a careful person would in a notebook: vectorised, the same rules, the same features, bad
rows set apart, one Parquet file at the end. No provenance, no reasons, no reports.

    python -m benchmarks.by_hand LIST.csv FEATURES.parquet
"""

import sys

import numpy as np
import pandas as pd


def check(people: pd.DataFrame) -> pd.Series:
    """True for every row that a passenger list may contain."""
    return (
        people["pclass"].isin([1, 2, 3])
        & people["sex"].isin(["female", "male"])
        & (people["age"].isna() | people["age"].between(0, 120))
        & people["sibsp"].between(0, 20)
        & people["parch"].between(0, 20)
        & (people["fare"].isna() | people["fare"].between(0, 2000))
        & (people["embarked"].isna() | people["embarked"].isin(["C", "Q", "S"]))
        & people["survived"].isin([0, 1])
        & (people["name"].str.len() <= 200)
        & (people["ticket"].str.len() <= 64)
        & (people["cabin"].isna() | (people["cabin"].str.len() <= 64))
        & ~people.duplicated(["name", "ticket"])
    )


def transform(people: pd.DataFrame) -> pd.DataFrame:
    """The same features as the graph's."""
    female = people["sex"] == "female"
    pclass, age, fare = people["pclass"], people["age"], people["fare"]
    family = people["sibsp"] + people["parch"] + 1
    title = people["name"].str.extract(r",\s*([^.]*)\.", expand=False)
    title = title.map(
        {"Mr": 0, "Mrs": 1, "Mme": 1, "Miss": 2, "Ms": 2, "Mlle": 2, "Master": 3}
    ).fillna(4)
    deck = people["cabin"].str[0].map({d: i for i, d in enumerate("ABCDEFGT", 1)}).fillna(0)
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
        **{f"embarked_{port}": people["embarked"] == port for port in "CQS"},
        **{f"title_{code}": title == code for code in range(5)},
        "cabin_known": deck > 0,
        "deck": deck,
    }
    return pd.DataFrame({name: values.astype("float32") for name, values in columns.items()})


def main(source: str, target: str) -> None:
    """Read, check, transform, write."""
    people = pd.read_csv(source)
    good = check(people)
    people[~good].to_parquet(f"{target}.refused")
    transform(people[good]).to_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
