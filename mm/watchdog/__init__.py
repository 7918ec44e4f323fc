"""A process beside the bot: when the bot gives no sign of life it stops it, clears its orders, proves it, tells."""
