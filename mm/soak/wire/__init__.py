"""Short runs of the bot over real HTTP and WebSocket, under seeded faults, judged as the soak is."""
