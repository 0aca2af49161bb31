"""The whole loop in one command: tasks, answers, proof of each, a student taught, exported and measured."""
