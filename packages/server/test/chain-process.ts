import { createHttp } from '@yuzuru/http'
import { outcomeOf, remaining, run, sleep } from '@yuzuru/concurrency'
import { createDatabase } from '@yuzuru/db'
import { sql } from 'kysely'
import { serve } from '../src/listening/serve.ts'

// One service of a chain, in a process of its own: it calls the next one, or sleeps in the database. It
// reports to its parent when a request begins, and when and why what it waits for has stopped.

/** What a service is made of. */
export interface ChainService {
  readonly name: string
  readonly maxRequestMs: number
  /** The next service. */
  readonly next?: string
  /** The database that it sleeps in. */
  readonly database?: string
}

/** What it reports. */
export type ChainReport =
  | { readonly event: 'listening'; readonly url: string }
  | {
      readonly event: 'begun'
      readonly leftMs: number
      /** When the request's own deadline is, on the clock that all processes of a machine share. */
      readonly deadlineAt: number
    }
  | {
      readonly event: 'stopped'
      /** The error that ended it. */
      readonly error: string
      readonly code: string | undefined
      readonly outcome: string | undefined
      /** When, on that clock. */
      readonly at: number
    }

/** In milliseconds; unlike `Date.now()` it has parts of one. */
const now = (): number => performance.timeOrigin + performance.now()

const report = (message: ChainReport): void => void process.send?.(message)

const service = JSON.parse(process.argv[2] ?? '{}') as ChainService

await run(async () => {
  await using db = createDatabase({
    url: service.database ?? 'postgres://none@127.0.0.1:1/none',
    applicationName: service.name,
  })
  const origins = service.next === undefined ? [] : [service.next]
  await using http = createHttp({
    allowedOrigins: origins,
    budget: { origins },
    retry: { baseDelayMs: 1, attempts: 10 },
  })
  const work = (): Promise<unknown> =>
    service.next === undefined
      ? sql`select pg_sleep(5)`.execute(db)
      : http.request(service.next, { method: 'PUT', body: 'x' })

  const answer = async (_request: Request): Promise<Response> => {
    const leftMs = remaining()
    report({ event: 'begun', leftMs, deadlineAt: now() + leftMs })
    try {
      await work()
      return new Response('done')
    } catch (error) {
      const { name, code } = error as { name: string; code?: string }
      report({ event: 'stopped', error: name, code, outcome: outcomeOf(error), at: now() })
      throw error
    }
  }
  const { maxRequestMs } = service
  const budget = {
    trust: ({ socket }: { socket: { remoteAddress?: string | undefined } }) =>
      socket.remoteAddress === '127.0.0.1',
  }
  await using server = await serve(answer, { maxRequestMs, budget, lingerMs: 0 })
  report({ event: 'listening', url: server.url })
  await sleep(Infinity)
})
process.disconnect?.()
