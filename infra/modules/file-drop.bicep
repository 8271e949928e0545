// Where partners' exports are dropped, as files: an account of its own, so that who may drop one there comes near
// nothing of the app's. No shared key opens it.

param name string
param location string
param tags object

@description('Standard_ZRS: over the region\'s zones. Standard_LRS: in one place.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param sku string = 'Standard_ZRS'

@description('Disabled: private endpoints only.')
@allowed([
  'Disabled'
  'Enabled'
])
param publicNetworkAccess string = 'Disabled'

@description('What happens to a public address no rule names.')
@allowed([
  'Allow'
  'Deny'
])
param defaultAction string = 'Deny'

@description('Public addresses that may reach it where public access is enabled and the rest is denied.')
param allowedAddresses array
param principalId string
param workspaceId string

@description('After so many days a file that was read is deleted.')
param keepReadDays int = 30

@description('After so many days a file that could not be read is deleted.')
param keepFailedDays int = 90

// Storage Blob Data Contributor: list, read, copy and delete; over the one container.
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      bypass: 'None'
      defaultAction: defaultAction
      ipRules: [
        for address in allowedAddresses: {
          value: address
        }
      ]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource drop 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'drop'
  properties: {
    publicAccess: 'None'
  }
}

// Never over what has not been read: a rule that deletes that loses reports.
resource life 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        for each in [
          {
            folder: 'done'
            days: keepReadDays
          }
          {
            folder: 'failed'
            days: keepFailedDays
          }
        ]: {
          name: each.folder
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${drop.name}/${each.folder}/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: each.days
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource contributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(drop.id, principalId, blobDataContributor)
  scope: drop
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource accountDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: account
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'Transaction'
        enabled: true
      }
    ]
  }
}

// Deletes only: what was read is in the app's own log.
resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

output id string = account.id
output container string = '${account.properties.primaryEndpoints.blob}${drop.name}'
