"""Images → vectors: one embedding loop, the CPU and GPU engines."""
