"""JavaScript's text → a small typed tree; judges nothing and runs nothing.

tree.py    the tree: ESTree's words, as dataclasses with places

V8 decides what is valid; this only reads what V8 has accepted.
"""
