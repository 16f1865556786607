"""How good the answers of each version are, now that it is known what became of the passengers."""
