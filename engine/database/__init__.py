"""One schema, its migrations and the connection: catalog, clients, later instances and jobs."""
