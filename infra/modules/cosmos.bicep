// Cosmos DB for NoSQL: the account, the database, its containers, and the identity's role over that database.
// Keys do not open it (local auth is off), and the change feed's trigger never creates a container.

param name string
param location string
param tags object

@allowed([
  'serverless'
  'autoscale'
])
param capacity string

param maximumThroughput int
param backup string
param zoneRedundant bool

@description('Disabled: private endpoints only.')
@allowed([
  'Disabled'
  'Enabled'
])
param publicNetworkAccess string = 'Disabled'

param principalId string
param workspaceId string

// Cosmos DB Built-in Data Contributor, a role of the account's own data plane, not of Azure RBAC.
var dataContributor = '00000000-0000-0000-0000-000000000002'

var databaseName = 'mtd'

// What shared/cosmos.py declares. ttl: seconds an item lives, -1: as long as the item itself says, 0: for ever.
// indexed: what the queries of shared/cosmos.py filter or order by; Cosmos DB indexes id and _ts by itself.
var containers = [
  {
    name: 'reports'
    partitionKey: '/agent'
    ttl: 7776000
    indexed: []
  }
  {
    name: 'agents'
    partitionKey: '/id'
    ttl: 0
    indexed: [
      {
        path: '/device/?'
      }
      {
        path: '/looked_up/?'
      }
      {
        path: '/moving_from/?'
      }
      {
        path: '/unplaced/?'
      }
      {
        path: '/partner/?'
      }
      {
        path: '/has_threats/?'
      }
    ]
  }
  {
    name: 'devices'
    partitionKey: '/id'
    ttl: 0
    indexed: [
      {
        path: '/tag/state/?'
      }
      {
        path: '/tag/blocks/?'
      }
      {
        path: '/tag/wanted/?'
      }
      {
        path: '/tag/follow_up/?'
      }
      {
        path: '/decision/rules_version/?'
      }
      {
        path: '/decision/next_due/?'
      }
      {
        path: '/decision/verdict/?'
      }
      {
        path: '/facts/platform/?'
      }
      {
        path: '/replaced_by/?'
      }
      {
        path: '/gone_at/?'
      }
      {
        path: '/purged_at/?'
      }
      {
        path: '/restricted/?'
      }
      {
        path: '/newer_registration/id/?'
      }
    ]
  }
  {
    name: 'links'
    partitionKey: '/id'
    ttl: 0
    indexed: [
      {
        path: '/pending/?'
      }
    ]
  }
  {
    name: 'inventory'
    partitionKey: '/id'
    ttl: -1
    indexed: []
  }
  {
    name: 'settings'
    partitionKey: '/id'
    ttl: 0
    indexed: []
  }
  {
    name: 'history'
    partitionKey: '/device'
    ttl: 34560000
    indexed: [
      {
        path: '/what/?'
      }
      {
        path: '/started_at/?'
      }
    ]
  }
  {
    name: 'dead_letters'
    partitionKey: '/partner'
    ttl: 7776000
    indexed: [
      {
        path: '/partner/?'
      }
      {
        path: '/kind/?'
      }
      {
        path: '/received_at/?'
      }
    ]
  }
  {
    name: 'leases'
    partitionKey: '/id'
    ttl: 0
    indexed: []
  }
]

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: publicNetworkAccess
    networkAclBypass: 'None'
    consistencyPolicy: {
      defaultConsistencyLevel: 'Session'
    }
    capabilities: capacity == 'serverless'
      ? [
          {
            name: 'EnableServerless'
          }
        ]
      : []
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: zoneRedundant
      }
    ]
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: backup
      }
    }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
    options: capacity == 'serverless'
      ? {}
      : {
          autoscaleSettings: {
            maxThroughput: maximumThroughput
          }
        }
  }
}

// Time to live needs a consistent index: of most containers it holds id and _ts alone. One after another:
// "multiple shared RU collection creates are competing" (MicrosoftDocs/azure-docs#47481).
@batchSize(1)
resource container 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [
  for entry in containers: {
    parent: database
    name: entry.name
    properties: {
      resource: union(
        {
          id: entry.name
          partitionKey: {
            paths: [
              entry.partitionKey
            ]
            kind: 'Hash'
            version: 2
          }
          indexingPolicy: {
            indexingMode: 'consistent'
            automatic: true
            includedPaths: entry.indexed
            excludedPaths: [
              {
                path: '/*'
              }
            ]
          }
        },
        entry.ttl == 0
          ? {}
          : {
              defaultTtl: entry.ttl
            }
      )
    }
  }
]

// Over this database alone: the app cannot make or drop containers, nor read another database of the account. Last of
// all: it takes an exclusive lock on the account (hashicorp/terraform-provider-azurerm#15842).
resource contributor 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = {
  parent: account
  name: guid(account.id, principalId, dataContributor)
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    principalId: principalId
    scope: '${account.id}/dbs/${databaseName}'
  }
  dependsOn: [
    container
  ]
}

// Who changed the account. A log of every data request would cost more than the requests themselves.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        category: 'ControlPlaneRequests'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'Requests'
        enabled: true
      }
    ]
  }
}

output id string = account.id
output name string = account.name
output endpoint string = account.properties.documentEndpoint
