"""The nouns of market making. Standard library only, frozen, integer ticks, lots and 1e-8 units."""
