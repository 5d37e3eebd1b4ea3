"""What agents can call, and the one log of every call."""
