"""Endpoints that belong to no other API: talking to a character, and telling what people want."""
