"""Triage: chest radiographs sorted by urgency on a handheld. It prioritizes, and never diagnoses."""
