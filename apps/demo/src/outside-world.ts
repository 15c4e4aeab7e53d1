import { type FaultProxy, type S3CorsRule, type Sandbox, startSandbox } from '@yuzuru/sandbox'
import { readSecrets } from './secrets.ts'
import type { Settings } from './settings.ts'

/** The sandbox, and how the app reaches what is in it. */
export interface OutsideWorld extends AsyncDisposable {
  readonly sandbox: Sandbox
  /** The line between the app and Stripe, where things go wrong on demand. */
  readonly stripeLine: FaultProxy
  /** The settings of an app that is reached at `publicUrl`. */
  settingsFor(publicUrl: string): Promise<Settings>
}

const BUCKET = 'keikaku'

/**
 * Starts the sandbox over `dir`, or for this time only, and makes what the app needs in it.
 *
 * @param origin of the pages, which may send documents to the store
 */
export async function startOutsideWorld(
  dir: string | undefined,
  origin?: string,
): Promise<OutsideWorld> {
  const cors = origin === undefined ? {} : { cors: corsFor(origin) }
  const sandbox = await startSandbox({
    ...(dir === undefined ? {} : { dir }),
    s3: { buckets: [BUCKET], ...cors },
    smtp: { auth: true },
    google: { rotateRefreshTokens: true },
  })
  const stripeLine = await sandbox.faults.inFrontOf('stripe')
  return {
    sandbox,
    stripeLine,
    settingsFor: (publicUrl) => settingsFor(sandbox, stripeLine, dir, publicUrl),
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}

/** As a bucket at a provider has to be configured for browsers that upload to it. */
function corsFor(origin: string): S3CorsRule {
  return { origins: [origin], methods: ['PUT'], headers: ['*'], exposeHeaders: ['ETag'] }
}

async function settingsFor(
  { postgres, s3, smtp, stripe, google }: Sandbox,
  stripeLine: FaultProxy,
  dir: string | undefined,
  publicUrl: string,
): Promise<Settings> {
  const secrets = await readSecrets(dir)
  stripe.setWebhookUrl(new URL('/webhooks/stripe', publicUrl).href)
  return {
    publicUrl,
    ...secrets,
    databaseUrl: postgres.url,
    storage: {
      endpoint: s3.endpoint,
      region: s3.region,
      bucket: BUCKET,
      accessKeyId: s3.accessKeyId,
      secretAccessKey: s3.secretAccessKey,
    },
    mail: { host: smtp.host, port: smtp.port, user: smtp.user, password: smtp.password },
    stripe: {
      url: stripeLine.url(stripe.url),
      secretKey: stripe.secretKey,
      webhookSecret: stripe.webhookSecret,
    },
    google: {
      authUrl: google.authUrl,
      tokenUrl: google.tokenUrl,
      revokeUrl: google.revokeUrl,
      calendarUrl: google.calendarUrl,
      clientId: google.clientId,
      clientSecret: google.clientSecret,
    },
  }
}
