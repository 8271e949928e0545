// The right to read the tables of a Log Analytics workspace that is there already, and nothing wider.

param workspaceName string
param principalId string

// Log Analytics Data Reader: the workspace, queries of it, and the data of its tables.
var dataReader = '3b03c2da-16b3-4a49-8834-0f8130efdd3b'

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(workspace.id, principalId, dataReader)
  scope: workspace
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dataReader)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
