"""The only room that writes a collection."""
