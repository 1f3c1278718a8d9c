"""The translator as a service on this machine, in the shape that clients of LibreTranslate know; and live typing."""
