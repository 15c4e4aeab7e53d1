import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Queryable } from '@yuzuru/db'
import type { Cron } from '../cron/define-cron.ts'
import type { Job } from '../job/job.ts'
import { keptError } from '../job/kept-error.ts'
import { settingsOf } from '../worker/worker-options.ts'
import { CommandError, UsageError } from './terminal.ts'

/** What the module of the app exports. */
export interface CommandConfig extends AsyncDisposable {
  readonly db: Queryable<unknown>
  readonly jobs: readonly Job[]
  readonly crons: readonly Cron[] | undefined
}

const NAMES = ['yuzuru-jobs.config.ts', 'yuzuru-jobs.config.js', 'yuzuru-jobs.config.mjs']

/**
 * Imports the module that exports `db`, `jobs` and, where there are any, `crons`. Its database is closed when the
 * command ends.
 */
export async function loadConfig(path: string | undefined): Promise<CommandConfig> {
  const file = (path === undefined ? NAMES : [path]).map((name) => resolve(name)).find(existsSync)
  if (file === undefined) {
    const what = path === undefined ? `${NAMES.join(', ')} in this folder` : path
    throw new UsageError(`Found no ${what}: give the module that exports { db, jobs } by --config`)
  }
  const { db, jobs, crons } = await importFrom(file)
  try {
    settingsOf({ jobs: jobs as readonly Job[], crons: crons as readonly Cron[] | undefined })
    if (!isDatabase(db)) throw new TypeError('Expected db to be a Kysely')
  } catch (error) {
    throw new CommandError(
      `${file} does not export { db, jobs, crons? }: ${keptError(error).message}`,
    )
  }
  return {
    db,
    jobs: jobs as readonly Job[],
    crons: crons as readonly Cron[] | undefined,
    [Symbol.asyncDispose]: async () => await closed(db),
  }
}

type Exports = Readonly<Record<string, unknown>>

async function importFrom(file: string): Promise<Exports> {
  try {
    return (await import(pathToFileURL(file).href)) as Exports
  } catch (error) {
    throw new CommandError(`${file} could not be loaded: ${keptError(error).message}`)
  }
}

type Closable = Queryable<unknown> & {
  readonly destroy: () => Promise<void>
  readonly [Symbol.asyncDispose]?: () => Promise<void>
}

function isDatabase(db: unknown): db is Closable {
  const methods = db as Partial<Record<'getExecutor' | 'destroy', unknown>> | null | undefined
  return typeof methods?.getExecutor === 'function' && typeof methods.destroy === 'function'
}

async function closed(db: Closable): Promise<void> {
  const dispose = db[Symbol.asyncDispose]
  await (typeof dispose === 'function' ? dispose.call(db) : db.destroy())
}
