"""The assets: nouns, each with what it says about itself in the UI."""

DATA_TEAM = "team:data"
MODEL_TEAM = "team:models"
SERVING_TEAM = "team:serving"

# Every asset replaces its one value, so only one run at a time may make any of them, however it was
# started. The instance gives this pool one place and counts by runs.
GRAPH_POOL = "titanic_graph"

# What serves has a pool of its own, so that a promotion does not wait for the next training.
RELEASE_POOL = "release"

# An image takes longer than a release, which must not wait for it.
IMAGE_POOL = "image"

# A report waits for no training, and no training for a report.
MONITORING_POOL = "monitoring"
