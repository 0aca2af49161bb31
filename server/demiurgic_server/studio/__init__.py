"""A page in the browser for those who would rather look than type."""
