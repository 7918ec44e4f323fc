"""Stylised facts, measured alike on recordings and on the generated market, and the fit of the latter to them."""
