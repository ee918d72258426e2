"""Destination pixel → source value: coordinates and kernels, nothing else."""
