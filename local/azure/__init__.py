"""Stand-ins for Azure's own interfaces that are polled, each written from what is documented of it."""
