"""Text in pictures: found, read, translated, and drawn over in the colours of the sign."""
