"""What the app costs when it has much to do: measured, not promised. Nothing here is tested by its time."""
