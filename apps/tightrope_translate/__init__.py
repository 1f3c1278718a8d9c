"""Live English-German translation: typed, photographed, spoken; one small network on one core."""
