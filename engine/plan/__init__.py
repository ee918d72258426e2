"""The plan of a request: pure; lists every scene, level, window and block before any is read."""
