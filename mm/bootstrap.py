"""The composition root: the only place that picks clock and exchange."""
