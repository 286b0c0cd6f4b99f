"""Schema changes, one Alembic history for the operational and one for the identity database."""
