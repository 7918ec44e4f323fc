"""Ways to an exchange: ccxt, the local venue, its server."""
