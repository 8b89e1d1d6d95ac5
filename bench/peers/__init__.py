"""The same work done by other libraries, side by side: see __main__.py for the command."""
