"""Road: camera object detection in a vehicle, inside its latency budget."""
