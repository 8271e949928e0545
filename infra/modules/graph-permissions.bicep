extension microsoftGraphV1

// The identity's application permissions for Microsoft Graph: exactly those of graph-permissions.json that the
// options in force need. The deployer needs AppRoleAssignment.ReadWrite.All and Application.Read.All; who lacks
// them runs grant_permissions.py instead, which reads the same table. What an option no longer needs is taken
// back by that script alone: a deployment only adds. One permission that the tenant's Graph does not know fails
// the deployment, because what a loop makes must be known before it starts: the script grants the others.

@description('Object id of the identity.')
param principalId string

@description('The options in force, by the names the table uses.')
param options array

var table = loadJsonContent('../graph-permissions.json')
var wanted = map(filter(table, row => contains(options, row.option)), row => row.permission)

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

var roles = filter(graph.appRoles, role => contains(wanted, role.value))

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for permission in wanted: {
    appRoleId: toObject(roles, role => role.value, role => role.id)[permission]
    principalId: principalId
    resourceId: graph.id
  }
]
