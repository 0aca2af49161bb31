"""What is no conversation yet and becomes one: tables of labelled texts, talks with characters."""
