"""HTTP: protocols in front of the engine's one question, finishers behind its one answer.

app        create_app: routes, middlewares, lifespan
settings   every setting; the only place that reads the environment
wiring     settings → engine, server options
errors     error class → status and code; the JSON dialect
auth       tokens, principals     tokens    signing keys, JSON web tokens
quota      buckets, gate          patience  deadlines, clients that go away
guard      Host, body size, trailing slashes, CORS       body  JSON and its depth
observe    request ids, logs, metrics, Server-Timing     ops   /health /ready /metrics
params     what several protocols read from a request    respond  files → one response
units      processing units
process    POST /api/v1/process
xyz        GET /tiles/…
web cli    the page; the command

A route is one sentence: parse, translate, ask, finish, respond. ``schema.py`` says what a client
may send; ``translate.py`` is pure.
"""
