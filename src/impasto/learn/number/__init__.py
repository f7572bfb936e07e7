"""Numbers from vectors: ridge regression, kernels, neighbours, and how far off they are."""
