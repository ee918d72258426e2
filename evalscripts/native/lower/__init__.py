"""From a script's tree to the IR: evaluatePixel, run once for all pixels together.

machine.py     the abstract computer: places, paths, branches, early exits
values.py      what a value is
builder.py     writes the IR, each value once; folding.py: on constants
merging.py     one value where two paths meet
coercion.py operators.py texts.py
               JavaScript's conversions, comparisons and operators
expressions.py statements.py loops.py jumps.py patterns.py
               what each construct means
scopes.py      variables and globals; held.py: what the globals hold
calls.py       functions and classes, run in place
members.py indexing.py
               properties and elements
natives.py     the language's own functions, by name, in tables
results.py     what the pixel returned → the outputs
"""

from evalscripts.native.lower.lowering import lower
from evalscripts.native.lower.values import Declined

__all__ = ["Declined", "lower"]
