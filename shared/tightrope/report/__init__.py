"""What a person reads: the model card, and one HTML page with the evidence."""
