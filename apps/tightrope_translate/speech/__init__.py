"""Speech: found in a recording, put into words, translated, and spoken where a voice is installed."""
