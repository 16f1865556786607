"""How often a version that keeps its promise, and two equals, are taken for what they are not.

python -m tests.performance.rates      prints the tables of docs/performance.md
"""

from dataclasses import dataclass

import numpy as np

from titanic_model.experiments import (
    Arm,
    ExperimentPolicy,
    compare_arms,
    recommend,
)
from titanic_model.metrics import losses
from titanic_model.outcomes import Promise, PromisePolicy, figures_of, judge_promise
from titanic_model.sequential import reach

SIZES = (100, 200, 500)
_TRAINED_ON = 1047  # of the packaged list; the promise was measured on as many
_REPORTS = 250
_EXPERIMENTS = 400
_LONGEST = 3000
_LOOKS = np.arange(100, _LONGEST + 1, 25)


def chances(chance, *shape):
    """What a model of about 79 % accuracy says of passengers, if it is calibrated."""
    return np.clip(chance.beta(0.55, 0.9, shape), 0.02, 0.98)


@dataclass(frozen=True)
class Life:
    """What becomes of the model once it is live, and how what it says is still true of them."""

    name: str
    confused: float = 0.0  # the share of passengers whose fate is the other way round
    shifted: float = 0.0  # by how much the odds of all have risen, as a logarithm

    def truth(self, chance, said):
        odds = said / (1 - said) * np.exp(self.shifted)
        true = odds / (1 + odds)
        return chance.random(said.shape) < true + self.confused * (1 - 2 * true)


LIVES = (
    Life("as promised"),
    Life("5 points less often right", confused=0.085),
    Life("10 points less", confused=0.17),
    Life("15 points less", confused=0.255),
    Life("chances 13 points too high, right as often", shifted=-1.0),
    Life("chances 14 points too low, right 5 points less", shifted=1.0),
)


def asking_rates(reports=_REPORTS):
    """The share of reports that ask for training, by life and number of outcomes."""
    chance = np.random.default_rng(5)
    said = chances(chance, 200_000)
    promised = float(np.maximum(said, 1 - said).mean())
    rates = {}
    for life in LIVES:
        for many in SIZES:
            asked = 0
            for _ in range(reports):
                said = chances(chance, many)
                figures = figures_of(life.truth(chance, said), said)
                measured = chance.binomial(_TRAINED_ON, promised) / _TRAINED_ON
                promise = Promise(measured, 0.45, _TRAINED_ON)
                asked += judge_promise(figures, promise, PromisePolicy()).broken
            rates[life.name, many] = asked / reports
    return rates


# How far the odds that each says are from the true ones, as a deviation of their logarithm.
PAIRS = {
    "equal": (0.5, 0.5),
    "better by 0.026": (0.8, 0.5),
    "better by 0.051": (1.0, 0.5),
    "better by 0.131": (1.5, 0.5),
    "worse by 0.026": (0.5, 0.8),
    "worse by 0.051": (0.5, 1.0),
}


def said_by_both(chance, spreads, experiments):
    """Truth, and what champion and challenger say, experiments by passengers."""
    true = chances(chance, experiments, _LONGEST)
    odds = np.log(true / (1 - true))
    said = [1 / (1 + np.exp(-(odds + chance.normal(0, s, true.shape)))) for s in spreads]
    return chance.random(true.shape) < true, *said


def verdicts_at_all_looks(truth, champion, challenger):
    """`recommend` at each look, of many experiments at once: 1 promote, -1 keep, 0 wait."""
    policy = ExperimentPolicy()
    gained = losses(truth, champion) - losses(truth, challenger)
    right = ((challenger >= 0.5) == truth) * 1.0 - ((champion >= 0.5) == truth)
    gain, gain_far = _sequence(gained)
    more_right, right_far = _sequence(right)
    keep = (more_right + right_far < 0) | (gain + gain_far < policy.minimum_gain)
    promote = (gain - gain_far > 0) & (gain >= policy.minimum_gain) & ~keep
    return promote.astype(int) - keep


def _sequence(values):
    mean = np.cumsum(values, axis=1)[:, _LOOKS - 1] / _LOOKS
    square = np.cumsum(values**2, axis=1)[:, _LOOKS - 1] / _LOOKS
    return mean, np.sqrt(np.maximum(square - mean**2, 0)) * reach(_LOOKS)


def first_verdicts(experiments=_EXPERIMENTS):
    """What is recommended first, and after how many outcomes, looking after every 25 of them."""
    chance = np.random.default_rng(6)
    found = {}
    for name, spreads in PAIRS.items():
        verdicts = verdicts_at_all_looks(*said_by_both(chance, spreads, experiments))
        decided = (verdicts != 0).any(axis=1)
        first = (verdicts != 0).argmax(axis=1)
        which = np.where(decided, verdicts[np.arange(experiments), first], 0)
        after = int(np.median(_LOOKS[first[decided]])) if decided.mean() > 0.5 else None
        found[name] = (float((which == 1).mean()), float((which == -1).mean()), after)
    return found


def split_verdicts(experiments=60):
    """Of equals with callers of their own who ask about other passengers: ever promoted or kept."""
    chance = np.random.default_rng(8)
    wrong = 0
    for _ in range(experiments):
        arms = []
        for _ in range(2):
            caller = chance.integers(0, 60, 1500)
            # Some callers ask about women in first class, some about men in third.
            kind = chance.normal(0, 0.8, 60)[caller]
            true = chances(chance, 1500)
            odds = np.log(true / (1 - true)) + kind
            true = 1 / (1 + np.exp(-odds))
            said = 1 / (1 + np.exp(-(odds + chance.normal(0, 0.5, 1500))))
            arms.append(Arm(chance.random(1500) < true, said, caller))
        seen = [
            recommend(
                compare_arms(*(Arm(a.truth[:n], a.probability[:n], a.caller[:n]) for a in arms)),
                ExperimentPolicy(),
            ).verdict
            for n in range(150, 1501, 150)
        ]
        wrong += any(verdict != "wait" for verdict in seen)
    return wrong / experiments


def asking_table(rates):
    """As Markdown."""
    lines = [f"| the champion is | {' | '.join(f'{many} outcomes' for many in SIZES)} |"]
    lines.append("|---|" + "--:|" * len(SIZES))
    for life in LIVES:
        cells = " | ".join(f"{rates[life.name, many]:.0%}" for many in SIZES)
        lines.append(f"| {life.name} | {cells} |")
    return "\n".join(lines)


def verdict_table(found):
    """As Markdown."""
    lines = [
        "| the challenger is | promote | keep | half of them decided after |",
        "|---|--:|--:|--:|",
    ]
    for name, (promoted, kept, after) in found.items():
        often = f"{after:,} outcomes" if after else "-"
        lines.append(f"| {name} | {promoted:.0%} | {kept:.0%} | {often} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(asking_table(asking_rates(1000)))  # noqa: T201
    print(verdict_table(first_verdicts(1000)))  # noqa: T201
    print(split_verdicts(300))  # noqa: T201
