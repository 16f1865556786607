"""What an explanation says, in words a person understands.

It is given numbers and makes sentences of them; where the numbers come from is not its business.
A point is a hundredth of certainty: from 11 % to 84 % is 73 points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

from titanic_model.contract import Passenger
from titanic_model.features import DECKS, deck_code, title_code

_CLASSES = {1: "first", 2: "second", 3: "third"}
_PORTS = {"C": "Cherbourg", "Q": "Queenstown", "S": "Southampton"}
_GROWN_UP_FROM = 18.0
_UNMARRIED_BELOW = 15.0  # what the model, too, calls a child
_LONGEST_TITLE = 20
_HALF_A_POINT = 0.005
_NOTHING = 1e-9
_REASONS = 3
_WORTH_NAMING = 0.1  # of the largest contribution


def say_contribution(field: str, passenger: Passenger, contribution: float) -> str:
    """What one field did to the probability: "being a woman raised it by 41 points"."""
    subject = _SUBJECTS[field](passenger)
    if abs(contribution) < _NOTHING:
        return f"{subject} made no difference"
    if abs(contribution) < _HALF_A_POINT:
        return f"{subject} made hardly any difference"
    return f"{subject} {'raised' if contribution > 0 else 'lowered'} it by {_points(contribution)}"


def summarise(
    passenger: Passenger,
    probability: float,
    reference: Passenger,
    reference_probability: float,
    contributions: Mapping[str, float],
) -> str:
    """The whole explanation in a sentence or two; the contributions come largest first."""
    heading = f"Survival at {_percent(probability)}"
    typical = f"a typical passenger ({portray(reference)})"
    bar = max(_HALF_A_POINT, _WORTH_NAMING * max(map(abs, contributions.values())))
    weighty = {name: by for name, by in contributions.items() if abs(by) >= bar}
    if _percent(probability) == _percent(reference_probability) and not weighty:
        return f"{heading}, as for {typical}: nothing in which they differ matters much."

    def sentences(sign: int, most: int) -> str:
        of_that_sign = ((name, by) for name, by in weighty.items() if by * sign > 0)
        return _listed(
            [say_contribution(name, passenger, by) for name, by in islice(of_that_sign, most)]
        )

    if _percent(probability) == _percent(reference_probability):
        raising, lowering = sentences(1, _REASONS), sentences(-1, _REASONS)
        balance = f": {raising}, but {lowering}" if raising and lowering else ""
        return f"{heading}, as for {typical}{balance}."
    direction = 1 if probability > reference_probability else -1
    reasons, against = sentences(direction, _REASONS), sentences(-direction, 1)
    although = f", although {against}" if against else ""
    because = (
        f"mostly because {reasons}{although}"
        if reasons
        else "no single field made much of the difference"
    )
    return f"{heading}, against {_percent(reference_probability)} for {typical}: {because}."


def portray(passenger: Passenger) -> str:
    """A passenger in a few words: "a man of 28 in third class, travelling alone"."""
    if passenger.age is None:
        of_age = " of unknown age"
    elif passenger.age < 1:
        of_age = f" of {_months(passenger.age)}" if passenger.age * 12 >= 1 else ", newborn,"
    else:
        of_age = f" of {_number(passenger.age)}"
    relatives = passenger.sibsp + passenger.parch
    company = f"with {_count(relatives, 'relative', 'relatives')}" if relatives else "alone"
    return (
        f"a {_person(passenger)}{of_age} in {_CLASSES[passenger.pclass]} class, "
        f"travelling {company}"
    )


def _class(passenger: Passenger) -> str:
    return f"travelling {_CLASSES[passenger.pclass]} class"


def _sex(passenger: Passenger) -> str:
    return f"being a {_person(passenger)}"


def _age(passenger: Passenger) -> str:
    age = passenger.age
    if age is None:
        return "an unknown age"
    if age * 12 < 1:
        return "being newborn"
    return f"being {_months(age)} old" if age < 1 else f"being {_years(age)} old"


def _siblings_and_spouses(passenger: Passenger) -> str:
    count = passenger.sibsp
    if _is_unmarried(passenger):
        with_them = _count(count, "sibling", "siblings")
        without = "siblings"
    else:
        with_them = _count(count, "sibling or spouse", "siblings or spouses")
        without = "siblings or a spouse"
    return f"travelling with {with_them}" if count else f"travelling without {without}"


def _parents_and_children(passenger: Passenger) -> str:
    count = passenger.parch
    if _is_unmarried(passenger) and count <= 2:
        with_them = _count(count, "parent", "parents")
        without = "parents"
    else:
        with_them = _count(count, "parent or child", "parents or children")
        without = "parents or children"
    return f"travelling with {with_them}" if count else f"travelling without {without}"


def _fare(passenger: Passenger) -> str:
    fare = passenger.fare
    if fare is None:
        return "a ticket of unknown price"
    if fare == 0:
        return "a free ticket"
    return f"a ticket for {_pounds(fare)}"


def _port(passenger: Passenger) -> str:
    if passenger.embarked is None:
        return "an unknown port of embarkation"
    return f"embarking at {_PORTS[passenger.embarked]}"


def _title(passenger: Passenger) -> str:
    if not passenger.name:
        return "giving no name"
    if title_code(passenger.name) < 0:
        return "a name without a title"
    title = passenger.name.partition(",")[2].partition(".")[0].strip()
    # Whatever stands there counts as a title, but what is no word is better not repeated.
    is_word = 0 < len(title) <= _LONGEST_TITLE and title.replace(" ", "").isalpha()
    return f"the title in the name ({title})" if is_word else "the title in the name"


def _cabin(passenger: Passenger) -> str:
    if not passenger.cabin:
        return "an unknown cabin"
    deck = deck_code(passenger.cabin)
    return f"a known cabin on deck {DECKS[deck - 1]}" if deck else "a cabin on an unknown deck"


_SUBJECTS: dict[str, Callable[[Passenger], str]] = {
    "pclass": _class,
    "sex": _sex,
    "age": _age,
    "sibsp": _siblings_and_spouses,
    "parch": _parents_and_children,
    "fare": _fare,
    "embarked": _port,
    "name": _title,
    "cabin": _cabin,
}


def _is_younger(passenger: Passenger, years: float) -> bool:
    return passenger.age is not None and passenger.age < years


def _is_unmarried(passenger: Passenger) -> bool:
    return _is_younger(passenger, _UNMARRIED_BELOW)


def _person(passenger: Passenger) -> str:
    if _is_younger(passenger, _GROWN_UP_FROM):
        return "girl" if passenger.sex == "female" else "boy"
    return "woman" if passenger.sex == "female" else "man"


def _count(count: float, one: str, more: str) -> str:
    text = _number(count)
    return f"{text} {one if text == '1' else more}"


def _years(age: float) -> str:
    return _count(age, "year", "years")


def _months(age: float) -> str:
    return _count(min(int(age * 12 + 0.5), 11), "month", "months")


def _pounds(fare: float) -> str:
    text = f"{fare:.2f}".removesuffix(".00")
    if text == "0":
        return "next to nothing"
    return f"{text} {'pound' if text == '1' else 'pounds'}"


def _points(contribution: float) -> str:
    # 0.5 would round to 0, and what is less than half a point is not said here.
    return _count(max(1, round(abs(contribution) * 100)), "point", "points")


def _percent(probability: float) -> str:
    if probability < _HALF_A_POINT:
        return "less than 1 %"
    if probability >= 1 - _HALF_A_POINT:
        return "more than 99 %"
    return f"{100 * probability:.0f} %"


def _number(value: float) -> str:
    """A number with at most two decimals and no more digits than it needs."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _listed(sentences: list[str]) -> str:
    if len(sentences) < 2:
        return "".join(sentences)
    return f"{', '.join(sentences[:-1])} and {sentences[-1]}"
