"""Which releases are live: where they come from, whether they are fit, and the change of them."""
