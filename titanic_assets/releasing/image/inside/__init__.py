"""Programs that run inside an image, on its Python and nothing else."""
