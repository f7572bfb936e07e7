"""One small function per command."""
