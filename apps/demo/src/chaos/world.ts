import { type FaultProxy, SERVICE_NAMES, type ServiceName } from '@yuzuru/sandbox'
import { type OutsideWorld, startOutsideWorld } from '../outside-world.ts'
import type { Settings } from '../settings.ts'

/** The outside world with a proxy on each way to it. */
export interface ChaosWorld extends AsyncDisposable {
  readonly sandbox: OutsideWorld['sandbox']
  readonly lines: Readonly<Record<ServiceName, FaultProxy>>
  /** Without the proxies: for those who set up and look afterwards. */
  readonly direct: Settings
  /** For the app under test. */
  readonly settings: Settings
}

/** @param publicUrl where callers and webhooks reach the app */
export async function startChaosWorld(publicUrl: string): Promise<ChaosWorld> {
  await using stack = new AsyncDisposableStack()
  const outside = stack.use(await startOutsideWorld(undefined))
  const { sandbox } = outside
  const named = await Promise.all(
    SERVICE_NAMES.map(async (name) => [name, await sandbox.faults.inFrontOf(name)] as const),
  )
  const lines = Object.fromEntries(named) as Record<ServiceName, FaultProxy>
  const direct = await outside.settingsFor(publicUrl)
  const { google } = direct
  const settings: Settings = {
    ...direct,
    databaseUrl: lines.postgres.url(direct.databaseUrl),
    storage: { ...direct.storage, endpoint: lines.s3.url(direct.storage.endpoint) },
    mail: { ...direct.mail, host: lines.smtp.host, port: lines.smtp.port },
    stripe: { ...direct.stripe, url: lines.stripe.url(sandbox.stripe.url) },
    google: {
      ...google,
      tokenUrl: lines.google.url(google.tokenUrl),
      calendarUrl: lines.google.url(google.calendarUrl),
    },
  }
  const open = stack.move()
  return { sandbox, lines, direct, settings, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
