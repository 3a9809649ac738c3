"""The embedded stack behind `make run`: real PostgreSQL, real Redis, a mail sink and the hub's own processes."""
