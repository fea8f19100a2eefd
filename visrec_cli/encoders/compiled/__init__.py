"""Models compiled once for the CPU and cached: running them does not import torch."""
