"""What the assets from features to champion do between Dagster, MLflow and titanic_model."""
