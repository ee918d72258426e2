"""The plan carried out: open, fetch, assemble, mosaic, evaluate."""
