"""Stopping without the bot's help: latch, kill, cancel, prove. Standard library only, so that it starts at once."""
