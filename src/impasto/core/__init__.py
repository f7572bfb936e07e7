"""Words all rooms share: records, errors, the registry, progress (NumPy only)."""
