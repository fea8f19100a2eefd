"""Fine-tuning of picture models: backbones, frozen stages, objectives, and the resulting file."""
