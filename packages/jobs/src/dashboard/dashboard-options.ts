import {
  expected,
  expectFunction,
  expectMilliseconds,
  expectRequiredOptions,
} from '@yuzuru/concurrency/boundary'
import type { Queryable } from '@yuzuru/db'
import { expectZone } from '../cron/zone.ts'
import { expectDatabase } from '../database/execute.ts'
import { fromThisMachine, type Predicate } from './access.ts'
import type { Action } from './links.ts'
import { isLanguage, type Language, LANGUAGES } from './look.ts'

/** What somebody asked for. */
export interface AuditEntry {
  readonly action: Action
  /** The id of the job; the kind whose failed jobs are put back; or the name of the cron, the kind or the queue. */
  readonly target: string
  readonly request: Request
}

/** For {@link dashboard}. */
export interface DashboardOptions<DB = unknown> {
  /** The database that has the queue. The pages read, and nothing else, unless `canWrite` says otherwise. */
  readonly db: Queryable<DB>
  /**
   * Where the browser finds it: `'/admin/jobs'`. A proxy or a router may have taken some or all of it off the path before
   * the handler is called. @default ''
   */
  readonly basePath?: string | undefined
  /**
   * Who may look. It is asked for each request and each live update's connection.
   * @default requests of this machine: from a loopback address (which the server must say, as @hono/node-server, Bun and
   *   Deno do), not through a proxy that is known by what it adds, to `localhost` or a loopback address. A proxy on this
   *   machine that adds nothing can't be told from a browser: behind one give `allow`
   */
  readonly allow?: Predicate | undefined
  /** Who may cancel, retry and pause as well. @default nobody */
  readonly canWrite?: Predicate | undefined
  /**
   * Who sees what is in payloads, and keys. Others see their shape. What stands under the name of a secret nobody sees.
   * @default nobody
   */
  readonly canSeePayloads?: Predicate | undefined
  /**
   * Writes down who asked for what. It is called before that is done, and awaited: when it throws, it is not done.
   * @default nothing is written down
   */
  readonly audit?: ((entry: AuditEntry) => void | Promise<void>) | undefined
  /** How often a page that is open is brought up to date, in milliseconds from 500 up to a minute. @default 2_000 */
  readonly liveMs?: number | undefined
  /** How long the statements for a page may take, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** The zone of the times that are shown: `'Asia/Tokyo'`. @default that of this process */
  readonly timeZone?: string | undefined
  /**
   * The language of the pages for a browser that asks for neither English nor Japanese, and a reader who has chosen none.
   * @default 'en'
   */
  readonly language?: Language | undefined
}

const DASHBOARD_OPTIONS = Object.keys({
  db: true,
  basePath: true,
  allow: true,
  canWrite: true,
  canSeePayloads: true,
  audit: true,
  liveMs: true,
  timeoutMs: true,
  timeZone: true,
  language: true,
} satisfies Record<keyof DashboardOptions, true>)

/** The options with their defaults. */
export interface DashboardSettings {
  readonly db: Queryable<unknown>
  readonly basePath: string
  readonly allow: Predicate
  readonly canWrite: Predicate
  readonly canSeePayloads: Predicate
  readonly audit: (entry: AuditEntry) => void | Promise<void>
  readonly liveMs: number
  readonly timeoutMs: number
  readonly timeZone: string
  readonly language: Language
}

const BASE_PATH = /^(?:\/[\w.~-]+)+$/

/** Defaults first, then checks. */
export function dashboardSettings<DB>(options: DashboardOptions<DB>): DashboardSettings {
  expectRequiredOptions(options, DASHBOARD_OPTIONS, 'dashboard')
  const nobody: Predicate = () => false
  const { db, basePath = '', allow = fromThisMachine, audit = () => undefined } = options
  const { canWrite = nobody, canSeePayloads = nobody, liveMs = 2_000, timeoutMs = 5_000 } = options
  const { timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone } = options
  const { language = LANGUAGES[0] } = options
  expectDatabase(db)
  if (basePath !== '' && (typeof basePath !== 'string' || !BASE_PATH.test(basePath))) {
    throw new TypeError('Expected basePath to be empty or like "/admin/jobs", got another value')
  }
  for (const [name, fn] of Object.entries({ allow, canWrite, canSeePayloads, audit })) {
    expectFunction(name, fn)
  }
  expectMilliseconds('liveMs', liveMs, 500, 60_000)
  expectMilliseconds('timeoutMs', timeoutMs, 1, 60_000)
  expectZone(timeZone)
  if (!isLanguage(language)) throw expected(`language to be ${LANGUAGES.join(' or ')}`, language)
  const queryable = db as unknown as Queryable<unknown>
  return {
    db: queryable,
    basePath,
    allow,
    canWrite,
    canSeePayloads,
    audit,
    liveMs,
    timeoutMs,
    timeZone,
    language,
  }
}
