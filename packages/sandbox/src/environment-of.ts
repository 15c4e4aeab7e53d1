import type { Sandbox } from './sandbox.ts'
import type { ServiceName } from './service-name.ts'

/**
 * The addresses and credentials of what runs, under the names that a program finds them by in its environment.
 *
 * @param bucket is what `S3_BUCKET` says, if anything
 */
export function environmentOf(
  sandbox: Sandbox,
  bucket: string | undefined,
): Readonly<Record<string, string>> {
  const variables = {
    postgres: () => ({ DATABASE_URL: sandbox.postgres.url }),
    s3: () => ({
      S3_ENDPOINT: sandbox.s3.endpoint,
      S3_REGION: sandbox.s3.region,
      S3_ACCESS_KEY_ID: sandbox.s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: sandbox.s3.secretAccessKey,
      ...(bucket !== undefined && { S3_BUCKET: bucket }),
    }),
    smtp: () => ({
      SMTP_URL: sandbox.smtp.url,
      SMTP_HOST: sandbox.smtp.host,
      SMTP_PORT: String(sandbox.smtp.port),
      SMTP_USER: sandbox.smtp.user,
      SMTP_PASSWORD: sandbox.smtp.password,
    }),
    stripe: () => ({
      STRIPE_URL: sandbox.stripe.url,
      STRIPE_SECRET_KEY: sandbox.stripe.secretKey,
      STRIPE_PUBLISHABLE_KEY: sandbox.stripe.publishableKey,
      STRIPE_WEBHOOK_SECRET: sandbox.stripe.webhookSecret,
    }),
    google: () => ({
      GOOGLE_URL: sandbox.google.url,
      GOOGLE_AUTH_URL: sandbox.google.authUrl,
      GOOGLE_TOKEN_URL: sandbox.google.tokenUrl,
      GOOGLE_CLIENT_ID: sandbox.google.clientId,
      GOOGLE_CLIENT_SECRET: sandbox.google.clientSecret,
    }),
  } satisfies Record<ServiceName, () => Record<string, string>>
  return Object.assign({}, ...sandbox.services.map((name) => variables[name]()))
}
