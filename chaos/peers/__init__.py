"""Other libraries in the same rounds: the same kills, the same ledgers, an environment of their own."""
