"""Ready scripts, and what a script is before its first pixel: ``/api/v1/scripts``.

describe   a ready script → JSON
legend     a ready script's legend → SVG
checked    what a check found → JSON; the command prints it too
schema     what a client may send
routes     binds all of it to addresses
"""
