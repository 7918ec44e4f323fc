"""One test a row of docs/faults.md, named after it."""
