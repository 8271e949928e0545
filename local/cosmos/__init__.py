"""The local stand-in for Azure Cosmos DB for NoSQL."""
