"""The scripts of the registry on Redis, one file each."""
