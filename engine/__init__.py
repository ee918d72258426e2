"""The engine: pixels; knows no HTTP and no JavaScript."""
