"""Floor 2: the asset graph in Dagster, from raw passengers to a promoted model."""
