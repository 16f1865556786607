"""What the service saw and said, brought back into the graph and judged there."""
