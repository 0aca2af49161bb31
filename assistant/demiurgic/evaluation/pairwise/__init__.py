"""Lets a model say which of two answers is better, in both orders, and says how far it can be believed."""
