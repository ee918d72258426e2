"""One schema, its migrations and the connection: the state that outlives a process.

schema      the tables, as SQLAlchemy metadata that every dialect can hold
migrations  alembic revisions, run by `upgrade`
connection  Database: units of work in threads; open_database, upgrade
instant     datetime ↔ the microseconds that the tables hold
generation  the counter that tells other processes of a change
clients     ClientStore: OAuth clients with hashed secrets
"""
