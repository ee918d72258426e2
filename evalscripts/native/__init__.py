"""The fast tier: what happens for every pixel, as machine code.

ir.py      the language between the two halves, and its grammar
"""
