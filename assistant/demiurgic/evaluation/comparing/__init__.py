"""Sets scored runs beside each other, task by task, and says which differences are more than chance."""
