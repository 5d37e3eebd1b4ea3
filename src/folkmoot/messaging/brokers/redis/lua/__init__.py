"""The scripts of the broker on Redis, one file each."""
