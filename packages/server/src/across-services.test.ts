import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { startFaultProxy } from '@yuzuru/sandbox'
import { dialogueRuns } from '@yuzuru/tooling/dialogues'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChainReport, ChainService } from '../test/chain-process.ts'
import { startWatchedPostgres, type WatchedPostgres } from '../test/watched-postgres.ts'

/*
 * Three services in three processes: A calls B, B calls C, and C sleeps in the database. Each says
 * when it has stopped. `YUZURU_RUNS=100 pnpm test src/across-services.test.ts` repeats the deadlines so
 * often, and prints how long after the one of A's caller that was.
 */

const PROGRAM = join(import.meta.dirname, '../test/chain-process.ts')

type Begun = Extract<ChainReport, { event: 'begun' }>
type Stopped = Extract<ChainReport, { event: 'stopped' }>

/** A service in a process of its own. */
class Service implements AsyncDisposable {
  readonly begun: Begun[] = []
  readonly stopped: Stopped[] = []
  url = ''
  readonly #child: ChildProcess

  constructor(service: ChainService) {
    this.#child = fork(PROGRAM, [JSON.stringify(service)])
    this.#child.on('message', (report: ChainReport) => {
      if (report.event === 'listening') this.url = report.url
      else if (report.event === 'begun') this.begun.push(report)
      else this.stopped.push(report)
    })
  }

  static async start(service: ChainService): Promise<Service> {
    const started = new Service(service)
    await started.until(() => started.url !== '')
    return started
  }

  /** Waits for a report after which this holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#child, 'message')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
  }
}

interface Chain extends AsyncDisposable {
  readonly a: Service
  readonly b: Service
  readonly c: Service
  /** Between B and C. */
  readonly line: Awaited<ReturnType<typeof startFaultProxy>>
}

let postgres: WatchedPostgres
beforeAll(async () => {
  postgres = await startWatchedPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

/** @param budgetMs how long A gives a request; B and C would give a minute */
async function startChain(budgetMs: number): Promise<Chain> {
  await using stack = new AsyncDisposableStack()
  const others = { maxRequestMs: 60_000 }
  const database = postgres.server.url
  const c = stack.use(await Service.start({ name: 'c', database, ...others }))
  const { hostname: host, port } = new URL(c.url)
  const line = stack.use(await startFaultProxy({ target: { host, port: Number(port) } }))
  const next = `http://127.0.0.1:${line.port}`
  const b = stack.use(await Service.start({ name: 'b', next, ...others }))
  const a = stack.use(await Service.start({ name: 'a', next: b.url, maxRequestMs: budgetMs }))
  const moved = stack.move()
  return { a, b, c, line, [Symbol.asyncDispose]: () => moved.disposeAsync() }
}

interface Call {
  /** Its status and the problem that it says. */
  readonly answer: Promise<{ status: number | undefined; code: string; expired: unknown }>
  readonly leave: () => void
}

function call(url: string): Call {
  const sent = httpRequest(url, { agent: false })
  const answered = async (): Promise<Awaited<Call['answer']>> => {
    const [response] = await once(sent, 'response')
    const { code } = (await json(response)) as { code: string }
    const expired: unknown = response.headers['deadline-expired']
    return { status: response.statusCode, code, expired }
  }
  const answer = answered()
  answer.catch(() => {})
  sent.on('error', () => {}).end()
  return { answer, leave: () => sent.destroy() }
}

const BUDGET_MS = 300

describe('the deadline of the first of three services', () => {
  const { runs } = dialogueRuns(1)

  test('ends the last one’s SQL, and nobody tries again', async () => {
    await using chain = await startChain(BUDGET_MS)
    const { a, b, c } = chain
    for (let run = 1; run <= runs; run += 1) {
      const { answer } = call(a.url)
      expect(await answer).toEqual({ status: 504, code: 'deadline_expired', expired: '?1' })
      for (const each of [a, b, c]) await each.until(() => each.stopped.length >= run)
      await postgres.asleep(0)
    }
    // Each got what was left, and less than the one before it.
    const left = [a, b, c].map(({ begun }) => begun[0]?.leftMs ?? Number.NaN)
    expect(left.toSorted((x, y) => y - x)).toEqual(left)
    expect(left[0]).toBeLessThanOrEqual(BUDGET_MS)
    expect([a, b, c].map(({ begun }) => begun.length)).toEqual([runs, runs, runs])
    // By its own deadline; the others by that answer, or by their own where it came too late.
    for (const { error } of c.stopped) expect(error).toMatch(/^(?:Cancelled|TimeoutError)$/)
    for (const { code, error, outcome } of [...a.stopped, ...b.stopped]) {
      expect(code ?? error).toMatch(/^(?:deadline_expired|Cancelled|TimeoutError)$/)
      expect(outcome).toBe('unknown')
    }
    show('a deadline', chain)
  })

  test('ends all of them where the line between two is half-open', async () => {
    await using chain = await startChain(BUDGET_MS)
    const { a, b, c, line } = chain
    for (let run = 1; run <= runs; run += 1) {
      const { answer } = call(a.url)
      await c.until(() => c.begun.length >= run)
      line.set({ halfOpen: true })
      expect(await answer).toMatchObject({ status: 504, code: 'deadline_expired' })
      for (const each of [a, b, c]) await each.until(() => each.stopped.length >= run)
      await postgres.asleep(0)
      line.clear()
      line.reset()
    }
    expect([a, b, c].map(({ begun }) => begun.length)).toEqual([runs, runs, runs])
    // Neither heard of the other.
    for (const { error } of [...b.stopped, ...c.stopped]) {
      expect(error).toMatch(/^(?:Cancelled|TimeoutError)$/)
    }
    show('a deadline, half-open', chain)
  })
})

test('a caller who gives up takes the SQL of the third service along', async () => {
  await using chain = await startChain(60_000)
  const { a, b, c } = chain
  const { runs } = dialogueRuns(3)
  const gone: number[] = []
  for (let run = 1; run <= runs; run += 1) {
    const { leave } = call(a.url)
    await postgres.asleep(1)
    const left = performance.now()
    leave()
    await postgres.asleep(0)
    gone.push(performance.now() - left)
    for (const each of [a, b, c]) await each.until(() => each.stopped.length >= run)
  }
  expect([a, b, c].map(({ begun }) => begun.length)).toEqual([runs, runs, runs])
  for (const { error } of [...a.stopped, ...b.stopped, ...c.stopped])
    expect(error).toBe('Cancelled')
  // It would have slept for five seconds.
  expect(Math.max(...gone)).toBeLessThan(2_500)
  print('leaving: the SQL is gone after', gone)
})

/** How long after the deadline of the first each service had stopped; negative before it. */
function show(what: string, { a, b, c }: Chain): void {
  for (const [name, { stopped }] of Object.entries({ a, b, c })) {
    const late = stopped.map(({ at }, run) => at - (a.begun[run]?.deadlineAt ?? Number.NaN))
    print(`${what}: ${name} stops after`, late)
  }
}

function print(what: string, milliseconds: readonly number[]): void {
  if (process.env['YUZURU_RUNS'] === undefined) return
  const sorted = milliseconds.toSorted((x, y) => x - y)
  const at = (part: number): string =>
    (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1)
  console.log(`${what} ${at(0)} to ${at(1)} ms, median ${at(0.5)}, p99 ${at(0.99)}`)
}
