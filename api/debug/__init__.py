"""One pixel of a Process request, seen from inside its script: ``POST /api/v1/process/debug``.

schema → translate → report → routes; the command and the page read the same report. It stands on
the Process API, whose requests it takes.
"""
