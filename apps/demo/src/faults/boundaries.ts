import { type FaultProxy, type Sandbox, startFaultProxy } from '@yuzuru/sandbox'
import type { Settings } from '../settings.ts'
import type { Text } from '../web/language.ts'

/** A way out of the app: the line that it goes by, and how the app is led by way of it. */
export interface Boundary {
  /** Of `@yuzuru/…`. */
  readonly name: 'db' | 'storage' | 'mail' | 'billing' | 'calendar' | 'jobs' | 'http'
  readonly title: Text
  line(sandbox: Sandbox): Promise<FaultProxy>
  through(settings: Settings, line: FaultProxy): Settings
}

const toPostgres = ({ postgres }: Sandbox): Promise<FaultProxy> =>
  startFaultProxy({ target: postgres })

const overPostgres = (settings: Settings, line: FaultProxy): Settings => ({
  ...settings,
  databaseUrl: line.url(settings.databaseUrl),
})

const toStripe = ({ stripe }: Sandbox): Promise<FaultProxy> =>
  startFaultProxy({ target: stripe, protocol: 'http' })

const overStripe = (settings: Settings, line: FaultProxy): Settings => {
  const { stripe } = settings
  return { ...settings, stripe: { ...stripe, url: line.url(stripe.url) } }
}

export const BOUNDARIES = {
  db: {
    name: 'db',
    title: { ja: 'データベース', en: 'Database' },
    line: toPostgres,
    through: overPostgres,
  },
  jobs: {
    name: 'jobs',
    title: { ja: 'ジョブ', en: 'Jobs' },
    line: toPostgres,
    through: overPostgres,
  },
  storage: {
    name: 'storage',
    title: { ja: 'ファイル', en: 'Storage' },
    line: ({ s3 }) => startFaultProxy({ target: s3, protocol: 'http' }),
    through: (settings, line) => {
      const { storage } = settings
      return { ...settings, storage: { ...storage, endpoint: line.url(storage.endpoint) } }
    },
  },
  mail: {
    name: 'mail',
    title: { ja: 'メール', en: 'Mail' },
    // What it breaks is said by the server itself.
    line: ({ smtp }) => startFaultProxy({ target: smtp }),
    through: (settings, { host, port }) => ({
      ...settings,
      mail: { ...settings.mail, host, port },
    }),
  },
  billing: {
    name: 'billing',
    title: { ja: 'お支払い', en: 'Payments' },
    line: toStripe,
    through: overStripe,
  },
  calendar: {
    name: 'calendar',
    title: { ja: 'カレンダー', en: 'Calendar' },
    line: ({ google }) => startFaultProxy({ target: google, protocol: 'http' }),
    through: (settings, line) => {
      const { google } = settings
      return { ...settings, google: { ...google, calendarUrl: line.url(google.calendarUrl) } }
    },
  },
  http: {
    name: 'http',
    title: { ja: 'HTTP', en: 'HTTP' },
    line: toStripe,
    through: overStripe,
  },
} as const satisfies Readonly<Record<Boundary['name'], Boundary>>
