// The one identity the app has: it reads and writes its data with it, and asks Microsoft Graph.
// User-assigned, so that its roles and Graph permissions outlive the function app.

param name string
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
