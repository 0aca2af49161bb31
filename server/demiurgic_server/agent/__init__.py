"""The agent over HTTP: runs begin with a request, live on without it, and tell the same events as every front end."""
