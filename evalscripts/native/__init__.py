"""The fast tier: what happens for every pixel, as machine code.

    text, snapshot, setup ── worker: parse ─► lower ─► verify ─► emit ──► object
                                                                            │ load
    samples, facts ─────────────────────────► rows ─► run ◄──────────────── code

ir.py signatures.py attributes.py verify.py
                 the language between the two halves: its grammar, its words, its verifier
lower/           evaluatePixel → IR
hooks.py         refuses what pixels and hooks would tell each other
emit/            IR → LLVM → object file
math/ runtime/   what kernels call: Math's functions, reading bands, sorting
frame.py load.py binding.py run.py
                 object file → code in this process → one stripe
facts.py         what code may ask of the scenes
rows.py          a stripe on all compute threads, and what is left for V8
watch.py         ends runs whose time is up
recheck.py       which pixels V8 makes again, and how they are compared
compiler.py      scripts in, code out, in the background; lane.py: one compile worker's thread
worker.py        inside a compile worker: killable, without files or network
outcome.py       what became of a script

A script decides how long the compiler works and how much memory it takes, so that the compiler
runs in a process that may be killed, behind the same fence as V8's, and with no memory that could
be written and then run. What remains: that process has read a stranger's text, and the server loads
what it answers. The pipe is nobody else's, and the message's length and the fingerprint are
checked; but machine code cannot be judged. Whoever finds a hole in tree-sitter, LLVM or our
lowering that takes over the process can run code of his own in the server, and read the scripts
that are compiled after his. Setting ``script_compilers`` to 0 leaves every script to V8.
tree-sitter reads each script in the server, too, to tell its form (``evalscripts.forms``),
whichever tier runs it.
"""
