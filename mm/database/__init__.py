"""How a SQLite file is opened, checked and migrated; what is in it is the ledger's and control's own matter."""
