"""Files, folders, buckets and STAC items → scenes with parsed headers."""
