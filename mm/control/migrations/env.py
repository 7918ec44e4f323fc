"""Run by alembic: applies the revisions over the connection that the control store hands in, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None, transactional_ddl=False)
context.run_migrations()
