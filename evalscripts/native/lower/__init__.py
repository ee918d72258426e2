"""From a script's tree to the IR: evaluatePixel, run once for all pixels together.

lowering.py    `lower`; results.py: what the pixel returned → the outputs; sweep.py: dead values
machine.py     the abstract computer: places, branches, early exits; flow.py: its words;
               joining.py: two states become one; knowledge.py: what is known on a path
values.py      what a value is; merging.py: one value where two paths meet
builder.py     writes the IR, each value once; folding.py: on constants
expressions.py statements.py patterns.py calls.py scopes.py jumps.py
               what each construct means; held.py: what the globals hold
coercion.py operators.py texts.py
               JavaScript's conversions, comparisons and operators
members.py indexing.py listing.py
               properties and elements
loops.py       loops, unrolled; turning.py: as loops of the IR; limits.py: how often they turn
shapes.py leaves.py
               what of a value changes from turn to turn, or from element to element
rows.py        arrays whose length depends on the pixel; capacity.py: their buffers
natives.py     the language's own functions, by name, in the tables of
               mathematics.py arrays.py walks.py lists.py edits.py sorting.py objects.py dates.py,
               of prelude.py visualizers.py ramps.py constructors.py (helpers) and scenes.py
"""

from evalscripts.native.lower.lowering import lower
from evalscripts.native.lower.values import Declined

__all__ = ["Declined", "lower"]
