"""What the programs behind the make targets share: where settings are from, how they speak."""

import os

from titanic_assets.settings import CHECKOUT, Settings, load_settings
from titanic_assets.stack.surroundings import read_dotenv


def settings_here() -> Settings:
    """The settings of the environment, and of `.env` where the environment has none."""
    os.environ.update(read_dotenv(CHECKOUT / ".env") | dict(os.environ))
    return load_settings()


def say(text: str) -> None:
    """A line for whoever is at the terminal, at once."""
    print(text, flush=True)  # noqa: T201 - for programs that speak to a person
