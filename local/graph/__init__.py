"""Stand-in for the parts of Microsoft Graph the product uses; see `server.py`."""
