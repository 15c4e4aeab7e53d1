import { type FaultProxy, SERVICE_NAMES, type ServiceName } from '@yuzuru/sandbox'
import { type OutsideWorld, startOutsideWorld } from '../outside-world.ts'
import type { Settings } from '../settings.ts'
import { startTap, type Tap } from './tap.ts'

/** The outside world with a proxy on each way to it. */
export interface ChaosWorld extends AsyncDisposable {
  readonly sandbox: OutsideWorld['sandbox']
  readonly lines: Readonly<Record<ServiceName, FaultProxy>>
  /** What the app sends to each of them, faults or not. */
  readonly taps: Readonly<Record<ServiceName, Tap>>
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
  const tapped = await Promise.all(
    SERVICE_NAMES.map(async (name) => [name, stack.use(await startTap(lines[name].port))] as const),
  )
  const taps = Object.fromEntries(tapped) as Record<ServiceName, Tap>
  const through = (name: ServiceName, original: string): string => {
    const url = new URL(lines[name].url(original))
    url.port = String(taps[name].port)
    return url.href
  }
  const direct = await outside.settingsFor(publicUrl)
  const { google } = direct
  const settings: Settings = {
    ...direct,
    databaseUrl: through('postgres', direct.databaseUrl),
    storage: { ...direct.storage, endpoint: through('s3', direct.storage.endpoint) },
    mail: { ...direct.mail, host: lines.smtp.host, port: taps.smtp.port },
    stripe: { ...direct.stripe, url: through('stripe', sandbox.stripe.url) },
    google: {
      ...google,
      tokenUrl: through('google', google.tokenUrl),
      calendarUrl: through('google', google.calendarUrl),
    },
  }
  const open = stack.move()
  return {
    sandbox,
    lines,
    taps,
    direct,
    settings,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
