"""Math's functions over eight lanes, equal to V8's to the last bit.

module.py          all of them as one module's text
lanes.py rare.py   what the formulas are written with
exponentials.py logarithms.py circular.py sines.py roots.py   the formulas
reduction.py turns.py                                          angles, and constants of the circle

V8 ships its own functions (fdlibm's, and the GNU C Library's sine and cosine) and compiles them
without contraction; they are the same on every machine. Only pow is the machine's.
"""
