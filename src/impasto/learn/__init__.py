"""Labels from vectors: heads, evaluation, report."""
