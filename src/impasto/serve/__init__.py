"""HTTP in, JSON and pixels out."""
