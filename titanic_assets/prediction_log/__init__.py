"""The service's prediction log, read where it lies: a folder, or storage that fsspec reaches."""
