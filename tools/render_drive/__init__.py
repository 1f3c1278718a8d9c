"""Renders the bundled sample drive of the road app; run by hand, never imported by the project. See README.md."""
