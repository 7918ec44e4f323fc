"""Binance-compatible HTTP and WebSocket server over the in-process venue."""
