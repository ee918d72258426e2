"""HTTP: protocols in front of the engine's one question, finishers behind its one answer.

app         create_app: routes, middlewares, lifespan
settings    every setting; the only place that reads the environment
wiring      settings → engine options
errors      error class → status and code
dialects    how errors look, by path
auth        tokens and who asks                  tokens    signing keys, JSON web tokens
desk        allowance, turn, deadline, patience  quota     buckets, gate
guard       names, body size, last net           patience  clients that go away
observe     request ids, trace, one log line     metrics   Prometheus      logs   JSON lines
ops         /health /ready /metrics              body      forms, JSON and its depth
params      CRS names, instants, Accept          respond   a file → one response
units       processing units
process     POST /api/v1/process
xyz         GET /tiles/…
web  cli    the page; the command

A route is one sentence: parse, translate, ask, finish, respond. ``schema.py`` says what a client
may send; ``translate.py`` is pure.
"""
