"""Teaches a model: from a recipe and rows to a checkpoint or an adapter.

a recipe     recipe.py (its values)  fields.py  given.py  values.py  reading.py  presets.py  checking.py  describing.py
its rows     lessons.py  portions.py  writing.py  spelled.py  lesson.py  columns.py  certificate.py  showing.py
its model    sources.py  students.py  weights.py  targets.py
beforehand   estimating.py  activations.py  devices.py  foreseeing.py
a run        running.py  trl_trainer.py (all that knows TRL)  watching.py  sampling.py  stopping.py
             events.py (what happens, as values)  folder.py (what lies where)  checkpoints.py  recording.py  disk.py
to be seen   command.py  board.py
"""
