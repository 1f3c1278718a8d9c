"""A recorded drive through the whole app: pair, detect, fuse, track, show; on the core's runner, under its deadline."""
