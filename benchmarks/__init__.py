"""How fast the portal is, against floors on the same server and database: `make bench`."""
