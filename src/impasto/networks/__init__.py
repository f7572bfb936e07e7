"""The catalogue of networks: builder, weights, preprocessing, named layers, taps."""
