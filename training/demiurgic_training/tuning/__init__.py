"""Teaches a model: from a recipe and rows to a checkpoint or an adapter.

recipe.py    a run as values        folder.py    what lies where in its folder
events.py    what happens in it, as values and as lines of its log
"""
