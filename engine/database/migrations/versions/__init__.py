"""The revisions; each one names the one before it."""
