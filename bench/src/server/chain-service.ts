/**
 * One service of a chain: `chain-service.ts OPTIONS`. It calls the next one, or sleeps in the database. It says its
 * origin, and then, for each number that its parent sends, what is known of that request once it has stopped.
 */
import { remaining, sleep } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { createHttp } from '@yuzuru/http'
import { serve } from '@yuzuru/server'
import { sql } from 'kysely'

/** What a service is made of. */
export interface ChainOptions {
  readonly maxRequestMs: number
  /** The next service. */
  readonly next?: string | undefined
  /** The database that it sleeps in. */
  readonly database?: string | undefined
}

/** A request that has stopped; times are milliseconds of the clock that all processes of a machine share. */
export interface Stopped {
  readonly deadlineAt: number
  readonly at: number
}

const now = (): number => performance.timeOrigin + performance.now()

const { maxRequestMs, next, database } = JSON.parse(process.argv[2] ?? '{}') as ChainOptions

function workOf(): () => Promise<unknown> {
  if (next === undefined) {
    const db = createDatabase({ url: database ?? '', applicationName: 'chain' })
    return () => sql`select pg_sleep(5)`.execute(db)
  }
  const http = createHttp({ origin: next, budget: { origins: [next] } })
  return () => http.request('/', { method: 'PUT', body: 'x' })
}

const work = workOf()
const stops: Stopped[] = []

async function answer(): Promise<Response> {
  const deadlineAt = now() + remaining()
  try {
    await work()
    return new Response('It ran to its end')
  } finally {
    stops.push({ deadlineAt, at: now() })
  }
}

const server = await serve(answer, {
  maxRequestMs,
  budget: { trust: ({ socket }) => socket.remoteAddress === '127.0.0.1' },
  lingerMs: 0,
  log: { info() {} },
})

const stopped = async (nth: number): Promise<Stopped> => {
  for (;;) {
    const stop = stops[nth]
    if (stop !== undefined) return stop
    await sleep(1)
  }
}

process.on('message', (nth) => void stopped(nth as number).then((stop) => process.send?.(stop)))
process.once('disconnect', () => process.exit())
process.send?.(server.url)
