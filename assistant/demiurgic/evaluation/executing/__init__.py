"""Runs candidate programs and proves that they pass: who judges is apart from who answers, and only data crosses."""
