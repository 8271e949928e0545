"""Stand-ins for the interfaces of vendors that are polled, each written from what is documented of it."""
