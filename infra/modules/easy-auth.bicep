// The platform's own check of Entra tokens (EasyAuth), in front of the app's.
// Tokens are checked where one is sent. Who sends none is let through: partners authenticate by signature,
// and the app itself checks every admin's token again.

param appName string
param clientId string
param audiences array

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource easyAuth 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    httpSettings: {
      requireHttps: true
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: audiences
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}
