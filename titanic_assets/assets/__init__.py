"""The assets: nouns, each with what it says about itself in the UI."""

DATA_TEAM = "team:data"
MODEL_TEAM = "team:models"
