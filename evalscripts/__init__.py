"""The language of evalscripts; imports nothing of the engine.

source.py errors.py   the user's text; ScriptError with line, column, excerpt and caret
setup.py              what setup() returned, checked
v8/                   the tier that runs everything: killable workers around V8
prelude.js            the language's own functions and visualizers, written by us
library/              ready scripts
program.py            Program: the seam that both tiers meet

text ── compile_script ──► Evalscript(setup, tier) ── open ──► Session ── evaluate… finish
"""
