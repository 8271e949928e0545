// The function app on Flex Consumption, with Python 3.13 and its settings.

param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param blobEndpoint string
param packageContainer string
param cosmosEndpoint string
param vaultName string
param insightsConnectionString string
param workspaceId string

@description('The app\'s own settings, name to value.')
param settings object

@description('Per partner: settings, a list of {name, value}; secrets, names of settings kept in the vault.')
param partners array

@description('Names of READ_KEY_<NAME>, each kept in the vault as read-key-<name>.')
param readKeys array

param alwaysReadyInstances int
param maximumInstances int
param instanceMemory int

@description('Requests that an instance answers side by side; each may hold a body of FUNCTIONS_REQUEST_BODY_SIZE_LIMIT.')
param httpConcurrency int = instanceMemory == 512 ? 8 : 32
param updateStrategy string
param zoneRedundant bool = true
param subnetId string

// What the Functions host and the Azure SDKs read. Flex Consumption takes runtime and package from
// functionAppConfig: FUNCTIONS_WORKER_RUNTIME and WEBSITE_RUN_FROM_PACKAGE must not stand here.
var platformSettings = [
  // The host's own bound on a request's body, in bytes, before anybody is authenticated; 100 MB where it is not
  // set. learn.microsoft.com/azure/azure-functions/functions-app-settings#functions_request_body_size_limit
  {
    name: 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'
    value: '4194304'
  }
  {
    name: 'AzureWebJobsStorage__blobServiceUri'
    value: blobEndpoint
  }
  {
    name: 'AzureWebJobsStorage__credential'
    value: 'managedidentity'
  }
  {
    name: 'AzureWebJobsStorage__clientId'
    value: identityClientId
  }
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
    value: insightsConnectionString
  }
  {
    name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
    value: 'ClientId=${identityClientId};Authorization=AAD'
  }
  {
    name: 'AZURE_CLIENT_ID'
    value: identityClientId
  }
  {
    name: 'COSMOS__accountEndpoint'
    value: cosmosEndpoint
  }
  {
    name: 'COSMOS__credential'
    value: 'managedidentity'
  }
  {
    name: 'COSMOS__clientId'
    value: identityClientId
  }
]

var ownSettings = [
  for setting in items(settings): {
    name: setting.key
    value: setting.value
  }
]

var partnerSettings = [for partner in partners: partner.settings]
var partnerSecrets = [for partner in partners: partner.secrets]

// A reference the vault cannot answer would reach the app as text, and the app refuses such a secret at start.
var secretSettings = [
  for secret in flatten(partnerSecrets): {
    name: secret
    value: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${toLower(replace(secret, '_', '-'))})'
  }
]

var readKeySettings = [
  for name in readKeys: {
    name: 'READ_KEY_${toUpper(name)}'
    value: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=read-key-${toLower(replace(name, '_', '-'))})'
  }
]

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, {
    'azd-service-name': 'connector'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstances
        instanceMemoryMB: instanceMemory
        // Said here, because the plan's default goes by size and language, and with few to an instance whoever floods the
        // door has it scaled out: each instance allows a partner its own PARTNER_REPORTS_PER_MINUTE.
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
        alwaysReady: alwaysReadyInstances == 0
          ? []
          : [
              {
                name: 'http'
                instanceCount: alwaysReadyInstances
              }
              {
                name: 'function:evaluate_risk'
                instanceCount: alwaysReadyInstances
              }
            ]
      }
      // The types lack it: "Site update strategies in Flex Consumption"; Azure/azure-rest-api-specs#39170 declares it.
      #disable-next-line BCP037
      siteUpdateStrategy: {
        type: updateStrategy
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      appSettings: concat(platformSettings, ownSettings, flatten(partnerSettings), secretSettings, readKeySettings)
    }
  }
}

// Deployment is by Entra token only.
resource noPublishingPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

// Its logs go to Application Insights.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: app
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
