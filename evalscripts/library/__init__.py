"""Ready scripts with their metadata."""
