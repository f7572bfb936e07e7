"""Records → better records: duplicates, splits."""
