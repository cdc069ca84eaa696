"""What all vendors share: the store, the clock, the faults and the server."""
