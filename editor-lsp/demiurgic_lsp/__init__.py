"""The language server: what an editor asks of a model while somebody types, over the same engine as everything else."""
