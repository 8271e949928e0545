// The connector in a resource group of its own: everything that azd up or make deploy creates.
// Plain resources with pinned API versions and no remote modules: it compiles without network.
targetScope = 'subscription'

@sealed()
type setting = {
  name: string
  value: string
}

@sealed()
type partner = {
  settings: setting[]
  @description('Names of settings that are kept in the vault.')
  secrets: string[]
}

@description('Name of the environment: part of the resource group\'s name, and the tag azd finds it by.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Azure region. It must offer Flex Consumption: az functionapp list-flexconsumption-locations.')
@minLength(3)
param location string

@description('Last part of every resource\'s name, lower-case letters and digits. Empty: derived from subscription, environment and region, so that a second deployment finds the first.')
@maxLength(13)
param resourceToken string = ''

@description('Object id of whoever may put partners\' secrets into the vault; azd gives the deployer\'s. Empty: nobody is given the right here.')
@maxLength(36)
param deployerPrincipalId string = ''

// --- size and safety ---------------------------------------------------------------------------------

@description('Spread plan, storage and database over availability zones. The region must have them. The plan then keeps, and bills, two instances always ready for HTTP and for each function that is not HTTP.')
param zoneRedundant bool = false

@description('Cosmos DB: serverless (billed per request) or autoscale (billed per hour, at least a tenth of the maximum). It cannot be changed once the account stands.')
@allowed([
  'serverless'
  'autoscale'
])
param cosmosCapacity string = 'serverless'

@description('With autoscale: the most request units a second, shared by all containers, in steps of 1,000.')
@minValue(1000)
@maxValue(1000000)
param cosmosMaximumThroughput int = 4000

@description('How far back the database can be restored: 7 days (free of charge) or 30.')
@allowed([
  'Continuous7Days'
  'Continuous30Days'
])
param cosmosBackup string = 'Continuous7Days'

@description('Instances kept always ready for the partners\' door, and as many for the change feed. 0: none, and the first report after a pause waits for a cold start. Over zones the platform keeps two at least of each, and of every other function.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('The most instances the app scales out to. 40 is taken everywhere; less, where Flex Consumption takes it.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Memory of an instance, in MB.')
@allowed([
  512
  2048
  4096
])
param instanceMemory int = 2048

@description('How a new version replaces the old one: Recreate restarts every instance at once, RollingUpdate (in preview at Microsoft) drains them in batches.')
@allowed([
  'Recreate'
  'RollingUpdate'
])
param updateStrategy string = 'Recreate'

@description('Reach storage, database and vault through private endpoints only, from a virtual network of the app\'s own.')
param privateNetwork bool = false

@description('With a private network: addresses of the subnet the app\'s instances run in; /27 at least.')
@minLength(9)
@maxLength(18)
param appSubnetPrefix string = '10.60.0.0/24'

@description('With a private network: addresses of the subnet of the private endpoints.')
@minLength(9)
@maxLength(18)
param endpointSubnetPrefix string = '10.60.1.0/24'

@description('With a private network: public addresses that may still reach the vault, to put secrets there, and the container for files, to drop some.')
param allowedAddresses string[] = []

@description('How long logs are kept, in days.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('The most logs taken in a day, in GB; -1: no limit. Beyond it nothing is logged until the next day, and no alert fires.')
@minValue(-1)
@maxValue(1000)
param logDailyLimit int = -1

@description('Who is mailed when an alert fires. Empty: alerts show in the portal only.')
@maxLength(254)
param alertEmail string = ''

// --- the app's settings; docs/settings.md says what each means ----------------------------------------

@description('MODE: off, report (decide and show, the default) or enforce (write tags).')
@allowed([
  'off'
  'report'
  'enforce'
])
param mode string = 'report'

@description('TAG_ATTRIBUTE: which extension attribute of the Entra device carries the tag, 1 to 15.')
@minValue(1)
@maxValue(15)
param tagAttribute int = 7

@description('TAG_ALL: tag devices mtd-ok that were never blocked.')
param tagAll bool = false

@description('PARTNERS_IOS: slugs, separated by commas; empty: every partner that can authenticate.')
param partnersIos string = ''

@description('PARTNERS_ANDROID: slugs, separated by commas; empty: every partner that can authenticate.')
param partnersAndroid string = ''

@description('PREFERRED_PARTNER_IOS: the one that counts where several are enabled; empty: all must scan.')
param preferredPartnerIos string = ''

@description('PREFERRED_PARTNER_ANDROID: the one that counts where several are enabled; empty: all must scan.')
param preferredPartnerAndroid string = ''

@description('PARTNERS_MODE_IOS: who must have scanned a device where several count: all of them, or any one (while vendors change).')
@allowed([
  'all'
  'any'
])
param partnersModeIos string = 'all'

@description('PARTNERS_MODE_ANDROID: who must have scanned a device where several count: all of them, or any one (while vendors change).')
@allowed([
  'all'
  'any'
])
param partnersModeAndroid string = 'all'

@description('RULES_FILE: local rules, as a path in the app\'s package. Without a file rules.toml there are none; a file of another name must be there.')
@minLength(1)
@maxLength(200)
param rulesFile string = 'rules.toml'

@description('ON_SILENCE: what a silent agent or partner does to a device: hold (its last word stands), ignore (it counts no more, as in Intune: access may return with nobody\'s word for it) or block.')
@allowed([
  'hold'
  'ignore'
  'block'
])
param onSilence string = 'hold'

@description('PARTNER_SILENT_DAYS: how long a partner may be silent whose connector in Intune does not say.')
@minValue(1)
@maxValue(365)
param partnerSilentDays int = 7

@description('AGENT_SILENT_DAYS: how long a single agent may be silent; 0: that is not looked at.')
@minValue(0)
@maxValue(365)
param agentSilentDays int = 0

@description('ENROLLMENT_GRACE_HOURS: how long after its enrollment a phone is let in that partners have not reported on; 0: no longer than its policy\'s grace period.')
@minValue(0)
@maxValue(720)
param enrollmentGraceHours int = 24

@description('GUARD_DEVICES: in an hour at most so many devices are newly blocked, or guardPercent of all, whichever is more; what is beyond waits for an admin.')
@minValue(0)
@maxValue(20000)
param guardDevices int = 10

@description('GUARD_PERCENT: so many of a hundred devices; see guardDevices.')
@minValue(0)
@maxValue(100)
param guardPercent int = 10

@description('REVOKE_SESSIONS: have the user of a phone that becomes blocked at high risk sign in anew everywhere. Needs a Graph permission more.')
param revokeSessions bool = false

@description('SYNC_AFTER_REMEDIATION: ask a phone that is clean again to check in with Intune. Needs a Graph permission more.')
param syncAfterRemediation bool = false

@description('DEAD_LETTERS_PER_HOUR: how many bodies and items that are not a partner\'s format each process keeps for a partner in an hour; more are counted and dropped.')
@minValue(0)
@maxValue(100000)
param deadLettersPerHour int = 1000

@description('PARTNER_REPORTS_PER_MINUTE: how many items of a partner each process takes in within a minute; it is asked to send the rest again in the next.')
@minValue(1)
@maxValue(100000)
param partnerReportsPerMinute int = 1500

@description('PURGE_GONE_DAYS: how long after Intune says a device is gone its personal data are removed.')
@minValue(0)
@maxValue(3650)
param purgeGoneDays int = 30

@description('Settings that end in a partner\'s slug. The value of each of its secrets is the vault\'s secret of that name in lower case with hyphens. Put a secret into the vault before it is named here.')
param partners partner[] = []

@description('Make a container that partners\' exports may be dropped into as files. Its address is the output MTD_FILES_URL: the value of POLL_DROP_<SLUG> among the settings of each partner whose files are read.')
param fileDrop bool = false

@description('Resource id of a Log Analytics workspace that partners\' connectors write to (POLL_WORKSPACE_<SLUG>): the identity is given the right to read it, and no wider one. Empty: none is given here.')
param logsWorkspaceId string = ''

@description('READ_KEY_<NAME>: names of keys that open reads, in letters, digits and underscores. The value of each is the vault\'s secret read-key-<name>, in lower case with hyphens. Put a secret into the vault before it is named here.')
param readKeys string[] = []

@description('ADMIN_AUDIENCE: audience of tokens of readers and admins, such as api://<app id>; empty: nobody reads or writes by token.')
param adminAudience string = ''

@description('Let the platform check tokens too (EasyAuth), with this app registration\'s client id. It takes tokens of this tenant only: not with a partner that authenticates by a token of its own. Empty: off.')
@maxLength(36)
param easyAuthClientId string = ''

@description('Audiences of partners\' Entra tokens that EasyAuth lets through beside the admins\'.')
param easyAuthPartnerAudiences string[] = []

@description('GRAPH_BASE_URL: Microsoft Graph; another cloud has another.')
param graphBaseUrl string = 'https://graph.microsoft.com/v1.0'

@description('SYNC_SCHEDULE: NCRONTAB of the sync, six fields, UTC.')
@minLength(11)
param syncSchedule string = '0 */15 * * * *'

@description('POLL_SCHEDULE: NCRONTAB of the polling of partners, six fields, UTC.')
@minLength(11)
param pollSchedule string = '0 */5 * * * *'

@description('ROSTER_MINUTES: how often the device lists of partners that are polled are read.')
@minValue(15)
@maxValue(1440)
param rosterMinutes int = 60

@description('SYNC_STALE_MINUTES: /health is degraded, and an alert fires, when no sync went through for so long.')
@minValue(1)
@maxValue(2880)
param syncStaleMinutes int = 60

@description('PUBLIC_URL: where partners, and the canary, reach the app: MTD_URL, unless another name stands before it. Needed with CANARY_DEVICE.')
param publicUrl string = ''

@description('ACCESS_APPS: apps that blocked devices are to be refused, by id, or Office365 or All. Empty: Exchange Online and SharePoint Online.')
param accessApps string = ''

@description('ACCESS_EXCLUSIONS: ids of whom the Conditional Access policies may leave out. Empty: those that stood when they were first seen on.')
param accessExclusions string = ''

@description('WATCH_COMPANION: whether the policy for phones whose tag cannot be seen is watched, too.')
param watchCompanion bool = true

@description('CANARY_DEVICE: Entra device id of a phone nobody works with, that is blocked and let in again to see that it works. Empty: none.')
param canaryDevice string = ''

@description('CANARY_USER: Entra id of the account on the canary\'s phone.')
param canaryUser string = ''

@description('CANARY_PARTNER: whose reports the canary sends; one that signs by webhook.')
param canaryPartner string = ''

@description('CANARY_SCHEDULE: NCRONTAB of the canary, six fields, UTC.')
param canarySchedule string = '0 30 3 * * *'

@description('DRIFT_AFTER_MINUTES: how long after our last write a tag in Entra is not judged: Entra\'s reads lag.')
@minValue(0)
@maxValue(1440)
param driftAfterMinutes int = 10

@description('APP_SYNC_HOURS: how often the app inventory is fetched from Intune, where somebody opted in there.')
@minValue(0)
@maxValue(720)
param appSyncHours int = 24

@description('FEED_POLL_DELAY_MS: how often the change feed is asked, in milliseconds.')
@minValue(50)
@maxValue(60000)
param feedPollDelay int = 1000

@description('FEED_BATCH_SIZE: how many reports are taken from the change feed at once.')
@minValue(1)
@maxValue(1000)
param feedBatchSize int = 100

@description('Grant the identity its Graph permissions here. The deployer then needs AppRoleAssignment.ReadWrite.All and Application.Read.All; without them leave it off and run grant_permissions.py.')
param grantGraphPermissions bool = false

@description('Let the identity read who is in groups: needed where a compliance policy is assigned to a user group.')
param groupPolicies bool = true

@description('Let the identity read the apps of devices: needed where a connector\'s App Sync is on in Intune.')
param appInventory bool = false

// ------------------------------------------------------------------------------------------------------

var token = empty(resourceToken) ? uniqueString(subscription().id, environmentName, location) : toLower(resourceToken)
var tags = {
  'azd-env-name': environmentName
  application: 'mtd-connector-intune'
}

var settings = {
  MODE: mode
  TAG_ATTRIBUTE: string(tagAttribute)
  TAG_ALL: string(tagAll)
  PARTNERS_IOS: partnersIos
  PARTNERS_ANDROID: partnersAndroid
  PREFERRED_PARTNER_IOS: preferredPartnerIos
  PREFERRED_PARTNER_ANDROID: preferredPartnerAndroid
  PARTNERS_MODE_IOS: partnersModeIos
  PARTNERS_MODE_ANDROID: partnersModeAndroid
  RULES_FILE: rulesFile
  ON_SILENCE: onSilence
  PARTNER_SILENT_DAYS: string(partnerSilentDays)
  AGENT_SILENT_DAYS: string(agentSilentDays)
  ENROLLMENT_GRACE_HOURS: string(enrollmentGraceHours)
  GUARD_DEVICES: string(guardDevices)
  GUARD_PERCENT: string(guardPercent)
  REVOKE_SESSIONS: string(revokeSessions)
  SYNC_AFTER_REMEDIATION: string(syncAfterRemediation)
  DEAD_LETTERS_PER_HOUR: string(deadLettersPerHour)
  PARTNER_REPORTS_PER_MINUTE: string(partnerReportsPerMinute)
  PURGE_GONE_DAYS: string(purgeGoneDays)
  GRAPH_BASE_URL: graphBaseUrl
  ENTRA_AUTHORITY: environment().authentication.loginEndpoint
  ADMIN_TENANT: empty(adminAudience) ? '' : tenant().tenantId
  ADMIN_AUDIENCE: adminAudience
  SYNC_SCHEDULE: syncSchedule
  POLL_SCHEDULE: pollSchedule
  ROSTER_MINUTES: string(rosterMinutes)
  PUBLIC_URL: publicUrl
  ACCESS_APPS: accessApps
  ACCESS_EXCLUSIONS: accessExclusions
  WATCH_COMPANION: string(watchCompanion)
  CANARY_DEVICE: canaryDevice
  CANARY_USER: canaryUser
  CANARY_PARTNER: canaryPartner
  CANARY_SCHEDULE: canarySchedule
  SYNC_STALE_MINUTES: string(syncStaleMinutes)
  DRIFT_AFTER_MINUTES: string(driftAfterMinutes)
  APP_SYNC_HOURS: string(appSyncHours)
  FEED_POLL_DELAY_MS: string(feedPollDelay)
  FEED_BATCH_SIZE: string(feedBatchSize)
}

// /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.OperationalInsights/workspaces/<name>
var logs = split(logsWorkspaceId, '/')

// What the identity must be allowed in Graph, by the options of graph-permissions.json.
var graphOptions = [
  'always'
  mode == 'enforce' ? 'enforce' : 'watch'
  groupPolicies ? 'groups' : ''
  revokeSessions ? 'revoke_sessions' : ''
  syncAfterRemediation ? 'sync_after_remediation' : ''
  appInventory ? 'app_inventory' : ''
]

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-mtd-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-mtd-${token}'
    insightsName: 'appi-mtd-${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyLimit: logDailyLimit
    principalId: identity.outputs.principalId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    name: 'vnet-mtd-${token}'
    location: location
    tags: tags
    appPrefix: appSubnetPrefix
    endpointPrefix: endpointSubnetPrefix
    workspaceId: monitoring.outputs.workspaceId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'stmtd${token}'
    location: location
    tags: tags
    sku: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    defaultAction: privateNetwork ? 'Deny' : 'Allow'
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module cosmos 'modules/cosmos.bicep' = {
  name: 'cosmos'
  scope: group
  params: {
    name: 'cosmos-mtd-${token}'
    location: location
    tags: tags
    capacity: cosmosCapacity
    maximumThroughput: cosmosMaximumThroughput
    backup: cosmosBackup
    zoneRedundant: zoneRedundant
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/key-vault.bicep' = {
  name: 'key-vault'
  scope: group
  params: {
    name: 'kv-mtd-${token}'
    location: location
    tags: tags
    publicNetworkAccess: privateNetwork && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    defaultAction: privateNetwork ? 'Deny' : 'Allow'
    allowedAddresses: allowedAddresses
    principalId: identity.outputs.principalId
    deployerPrincipalId: deployerPrincipalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module files 'modules/file-drop.bicep' = if (fileDrop) {
  name: 'file-drop'
  scope: group
  params: {
    name: 'stdrop${token}'
    location: location
    tags: tags
    sku: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
    publicNetworkAccess: privateNetwork && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    defaultAction: privateNetwork ? 'Deny' : 'Allow'
    allowedAddresses: allowedAddresses
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module logsReader 'modules/logs-reader.bicep' = if (!empty(logsWorkspaceId)) {
  name: 'logs-reader'
  scope: resourceGroup(
    empty(logsWorkspaceId) ? subscription().subscriptionId : logs[2],
    empty(logsWorkspaceId) ? group.name : logs[4]
  )
  params: {
    workspaceName: last(logs)
    principalId: identity.outputs.principalId
  }
}

module storageEndpoint 'modules/private-endpoint.bicep' = if (privateNetwork) {
  name: 'private-endpoint-storage'
  scope: group
  params: {
    name: 'pe-storage-${token}'
    location: location
    tags: tags
    targetId: storage.outputs.id
    groupId: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    networkId: privateNetwork ? network!.outputs.id : ''
    subnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
  }
}

module filesEndpoint 'modules/private-endpoint.bicep' = if (fileDrop && privateNetwork) {
  name: 'private-endpoint-files'
  scope: group
  params: {
    name: 'pe-files-${token}'
    location: location
    tags: tags
    targetId: fileDrop ? files!.outputs.id : ''
    groupId: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    makeZone: false
    networkId: privateNetwork ? network!.outputs.id : ''
    subnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
  }
  dependsOn: [
    storageEndpoint
  ]
}

module cosmosEndpoint 'modules/private-endpoint.bicep' = if (privateNetwork) {
  name: 'private-endpoint-cosmos'
  scope: group
  params: {
    name: 'pe-cosmos-${token}'
    location: location
    tags: tags
    targetId: cosmos.outputs.id
    groupId: 'Sql'
    zoneName: 'privatelink.documents.azure.com'
    networkId: privateNetwork ? network!.outputs.id : ''
    subnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
  }
}

module vaultEndpoint 'modules/private-endpoint.bicep' = if (privateNetwork) {
  name: 'private-endpoint-key-vault'
  scope: group
  params: {
    name: 'pe-key-vault-${token}'
    location: location
    tags: tags
    targetId: vault.outputs.id
    groupId: 'vault'
    zoneName: 'privatelink.vaultcore.azure.net'
    networkId: privateNetwork ? network!.outputs.id : ''
    subnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    name: 'func-mtd-${token}'
    planName: 'plan-mtd-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    blobEndpoint: storage.outputs.blobEndpoint
    packageContainer: storage.outputs.packageContainer
    cosmosEndpoint: cosmos.outputs.endpoint
    vaultName: vault.outputs.name
    insightsConnectionString: monitoring.outputs.insightsConnectionString
    workspaceId: monitoring.outputs.workspaceId
    settings: settings
    partners: partners
    readKeys: readKeys
    alwaysReadyInstances: alwaysReadyInstances
    maximumInstances: maximumInstances
    instanceMemory: instanceMemory
    updateStrategy: updateStrategy
    zoneRedundant: zoneRedundant
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
  }
  dependsOn: [
    storageEndpoint
    filesEndpoint
    cosmosEndpoint
    vaultEndpoint
  ]
}

module easyAuth 'modules/easy-auth.bicep' = if (!empty(easyAuthClientId)) {
  name: 'easy-auth'
  scope: group
  params: {
    appName: functionApp.outputs.name
    clientId: easyAuthClientId
    audiences: concat(
      empty(adminAudience)
        ? []
        : [
            adminAudience
          ],
      easyAuthPartnerAudiences
    )
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    email: alertEmail
    syncStaleMinutes: syncStaleMinutes
  }
  dependsOn: [
    functionApp // a rule's query is tried on the component, seconds old until then (azure-resource-manager-schemas#567)
  ]
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    syncStaleMinutes: syncStaleMinutes
  }
  dependsOn: [
    functionApp
  ]
}

module graphPermissions 'modules/graph-permissions.bicep' = if (grantGraphPermissions) {
  name: 'graph-permissions'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    options: graphOptions
  }
  dependsOn: [
    functionApp // Graph learns of an identity late: "Not a valid reference update" (msgraph-bicep-types#193)
  ]
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP_NAME string = functionApp.outputs.name
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output AZURE_COSMOS_NAME string = cosmos.outputs.name
output AZURE_STORAGE_NAME string = storage.outputs.name
output MTD_FILES_URL string = fileDrop ? files!.outputs.container : ''
output MTD_WORKBOOK_ID string = workbook.outputs.id
output MTD_URL string = functionApp.outputs.url
output MTD_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
