"""How each person is reached, in all organisations alike: methods that they proved are theirs, and when not to."""
