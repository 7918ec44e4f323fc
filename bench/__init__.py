"""`make bench`: speed and memory against their goals. Not part of the product; results are shown, not asserted."""
