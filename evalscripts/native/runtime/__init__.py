"""The code that all kernels share: compiled once in a process, linked to each kernel.

driver.py    blocks of pixels: read bands, run the kernel, look at the abort flag
readers.py   stored bands → doubles, a routine for each dtype
sorting.py   arrays of eight lanes, sorted
remainder.py JavaScript's %
library.py   all of it, and the functions of Math, as one text
"""
