"""What the graph tells MLflow, and how one model version becomes the champion."""
