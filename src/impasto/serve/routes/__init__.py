"""One module per concept: HTTP parameters in, a call of a room or recipe, a schema out."""
