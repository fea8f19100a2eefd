"""Fine-tuning of picture models: backbones, what of them stays frozen, objectives, and the file that comes out."""
