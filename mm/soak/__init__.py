"""Long runs in virtual time, with faults, checked after every event."""
