"""SIGKILL, again and again: the real runner in a forked process, its exchange in the process that kills it."""
