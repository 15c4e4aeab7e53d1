import type { Sandbox } from './sandbox.ts'
import type { ServiceName } from './service-name.ts'

/** The addresses and credentials of what runs: made up for this machine, and meant to be shown. */
export function describeSandbox(
  sandbox: Sandbox,
): Partial<Record<ServiceName, Record<string, string>>> {
  const describe = {
    postgres: () => ({ url: sandbox.postgres.url }),
    s3: () => ({
      endpoint: sandbox.s3.endpoint,
      region: sandbox.s3.region,
      accessKeyId: sandbox.s3.accessKeyId,
      secretAccessKey: sandbox.s3.secretAccessKey,
    }),
    smtp: () => ({ url: sandbox.smtp.url }),
    stripe: () => ({
      url: sandbox.stripe.url,
      secretKey: sandbox.stripe.secretKey,
      publishableKey: sandbox.stripe.publishableKey,
      webhookSecret: sandbox.stripe.webhookSecret,
    }),
    google: () => ({
      url: sandbox.google.url,
      authUrl: sandbox.google.authUrl,
      tokenUrl: sandbox.google.tokenUrl,
      clientId: sandbox.google.clientId,
      clientSecret: sandbox.google.clientSecret,
    }),
  }
  return Object.fromEntries(sandbox.services.map((name) => [name, describe[name]()]))
}
