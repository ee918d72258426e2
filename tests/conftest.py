"""Servers that all tests share: each is started by the first test that asks for it."""

pytest_plugins = ["tests.builders.servers"]
