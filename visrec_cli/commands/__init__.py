"""One file per verb: options, help, and nothing else."""
