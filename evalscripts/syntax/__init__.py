"""JavaScript's text → a small typed tree; judges nothing and runs nothing.

parse.py        text → tree
names.py        which names a program or function declares, mentions and writes
walk.py         through a tree without recursion
tree.py         the tree: ESTree's words, as dataclasses with places
expressions.py  links.py functions.py patterns.py statements.py literals.py
                what each kind of tree-sitter's nodes becomes
reader.py       what these have in common

V8 decides what is valid; this only reads what V8 has accepted.
"""

from evalscripts.syntax.parse import TooDeep, Unparsed, parse

__all__ = ["TooDeep", "Unparsed", "parse"]
