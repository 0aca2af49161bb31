"""The container backend: a Docker engine keeps programs in. Everything that speaks to the engine is in this package."""
