"""One file a compression method. Importing a file registers its pass; nothing else needs to know it."""
