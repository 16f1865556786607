"""What `make run` does: starts Dagster and MLflow, trains the first model, and stops it all again.

The processes here only watch over others; none of them imports Dagster or MLflow.
"""
