"""What providers tell afterwards: one reader a kind, behind the contract of `base`."""
