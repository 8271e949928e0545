// One alert rule for each row of alerts.json: it fires when the row's query finds something.
// What to do then stands in docs/runbook.md, under the rule's name.

param location string
param tags object
param insightsId string
param email string
param syncStaleMinutes int

var alerts = loadJsonContent('../alerts.json')

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'mtd-connector'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'mtd'
    enabled: true
    emailReceivers: [
      {
        name: 'operations'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rule 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [
  for alert in alerts: {
    name: 'mtd-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'MTD connector: ${alert.title}'
      description: '${alert.text} What to do: docs/runbook.md, ${alert.name}.'
      severity: alert.severity
      enabled: true
      scopes: [
        insightsId
      ]
      evaluationFrequency: alert.every
      windowSize: alert.over
      criteria: {
        allOf: [
          {
            query: replace(join(alert.query, '\n'), '{SYNC_STALE_MINUTES}', string(syncStaleMinutes))
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: alert.resolves
      actions: empty(email)
        ? {}
        : {
            actionGroups: [
              mail.id
            ]
          }
    }
  }
]
