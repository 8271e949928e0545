// The workbook: the figures of /health and /devices, partners, tags and runs, from the log.

param location string
param tags object
param insightsId string
param syncStaleMinutes int

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insightsId, 'mtd-connector')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'MTD connector'
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: insightsId
    serializedData: replace(loadTextContent('../workbook.json'), '{SYNC_STALE_MINUTES}', string(syncStaleMinutes))
  }
}

output id string = workbook.id
