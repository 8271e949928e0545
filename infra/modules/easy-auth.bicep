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
  // checkov:skip=CKV_AZURE_13:this is the authentication; the check looks for version 1 of it
  // checkov:skip=CKV_AZURE_63:a setting of web configuration, which this is not; requests go to Application Insights
  // checkov:skip=CKV_AZURE_65:a setting of web configuration, which this is not
  // checkov:skip=CKV_AZURE_66:a setting of web configuration, which this is not
  // checkov:skip=CKV_AZURE_80:a setting of web configuration, which this is not
  // checkov:skip=CKV_AZURE_88:a setting of web configuration, which this is not
  // checkov:skip=CKV_AZURE_222:partners post from the internet; every route asks who calls
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
