"""alembic runs this file: the revisions go through the connection that `upgrade_schema` gave.

The transaction belongs to the caller, who commits all revisions or none.
"""

from alembic import context

from engine.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
context.run_migrations()
