"""The generator of sample scenes for the demo, the tests and the benchmarks."""
