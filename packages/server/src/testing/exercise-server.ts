import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { Cancelled, IoError, sleep } from '@yuzuru/concurrency'
import type { CloseOptions } from '@yuzuru/concurrency/boundary'
import { casesOf, type Fixture, type SuiteCase, TestClock } from '@yuzuru/concurrency/testing'
import { HttpProblem } from '../problems/http-problem.ts'
import type { Problem } from '../problems/problem-of.ts'
import { afterResponse, currentRequest } from '../request/current-request.ts'
import type { RequestPriority } from '../overload/request-priority.ts'
import type { RequestLine } from '../request/request-log.ts'
import type { RequestScopeOptions } from '../request/request-options.ts'

/** What a server under test does with each request: gives the text of the answer, or throws. */
export type Handle = (path: string) => Promise<string>

/** A server under test, listening on this machine. */
export interface ServerFixture extends Fixture {
  readonly url: string
  /** Ends it as its program would at SIGTERM. */
  close(options?: CloseOptions): Promise<void>
}

/** Makes a server of its own kind that answers with what `handle` gives, and whose scopes have `options`. */
export type MakeServer = (
  handle: Handle,
  options: RequestScopeOptions,
) => ServerFixture | Promise<ServerFixture>

interface Stage extends Fixture {
  readonly url: string
  readonly clock: TestClock
  readonly lines: readonly RequestLine[]
  /** What the handler of the next request does. */
  handle: Handle
  close(options?: CloseOptions): Promise<void>
}

const DEADLINE_MS = 5_000

/**
 * Makes cases that every server must pass, whatever framework it is made with; run each in a test framework.
 *
 * @param make makes a server whose requests go through `requestScope` or `serve`
 * @example
 * for (const { name, run } of exerciseServer(makeMine)) test(name, run)
 */
export function exerciseServer(make: MakeServer): readonly SuiteCase[] {
  const of = casesOf((options: RequestScopeOptions = {}) => stage(make, options))
  return [
    of('a request is answered in a scope of its own, and is in the log once', async (it) => {
      it.handle = async () => `${currentRequest()?.name} ${currentRequest()?.id}`
      const { status, body } = await get(`${it.url}/plans/42?secret=1`, { 'x-request-id': 'r-1' })
      assert.deepEqual([status, body], [200, 'GET /plans/:id r-1'])
      const [line] = await logged(it, 1)
      assert.deepEqual([line?.route, line?.status, line?.requestId], ['GET /plans/:id', 200, 'r-1'])
    }),
    of('a request that takes too long is cancelled, and answered with 504', async (it) => {
      const { begun, saw } = endless(it)
      const answer = get(it.url)
      await begun
      await it.clock.advance(DEADLINE_MS)
      assert.ok(Cancelled.isInstance(await saw))
      const { status, problem, headers } = await answer
      assert.deepEqual([status, problem.code, problem.outcome], [504, 'deadline_expired', 'none'])
      assert.equal(headers['deadline-expired'], '?1')
    }),
    of('a client that leaves takes what its request waits for with it', async (it) => {
      const { begun, saw } = endless(it)
      const leaving = httpRequest(it.url)
      leaving.on('error', () => {}).end()
      await begun
      leaving.destroy()
      assert.ok(Cancelled.isInstance(await saw))
      assert.equal((await logged(it, 1))[0]?.status, 499)
    }),
    of('an error’s words stay inside; the log has it, under the id of the answer', async (it) => {
      const failure = new TypeError('password=hunter2')
      it.handle = () => Promise.reject(failure)
      const { status, body, problem, headers } = await get(it.url)
      assert.equal(status, 500)
      assert.ok(!`${body}${JSON.stringify(headers)}`.includes('hunter2'))
      const [line] = await logged(it, 1)
      assert.deepEqual([line?.requestId, line?.err], [problem.requestId, failure])
    }),
    of('a problem says what it was made to say', async (it) => {
      const fields = { title: 'is missing' }
      it.handle = () => Promise.reject(new HttpProblem(422, 'Incomplete', { fields }))
      const { status, problem, headers } = await get(it.url)
      assert.deepEqual([status, problem.title, problem.fields], [422, 'Incomplete', fields])
      assert.equal(headers['content-type'], 'application/problem+json')
    }),
    of('a failure of something behind it says whether it may have happened', async (it) => {
      const init = {
        boundary: 'db',
        operation: 'insert',
        code: 'connection_lost',
        retryable: true,
      } as const
      it.handle = () =>
        Promise.reject(new IoError('host db-7 is gone', { ...init, outcome: 'unknown' }))
      const { status, body, problem } = await get(it.url)
      assert.deepEqual([status, problem.code, problem.outcome], [503, 'connection_lost', 'unknown'])
      assert.ok(!body.includes('db-7'))
    }),
    of('work for after the answer outlives its client, and closing waits for it', async (it) => {
      const steps: string[] = []
      const go = Promise.withResolvers<void>()
      it.handle = async () => {
        afterResponse(async () => {
          await go.promise
          steps.push('after')
        })
        return 'answered'
      }
      steps.push((await get(it.url)).body)
      const closed = it.close({ drainMs: Infinity }).then(() => steps.push('closed'))
      go.resolve()
      await settle(it.clock, closed)
      assert.deepEqual(steps, ['answered', 'after', 'closed'])
    }),
    of(
      'more requests than may run and wait are answered with 503, and not begun',
      async (it) => {
        const go = Promise.withResolvers<string>()
        const begun = Promise.withResolvers<void>()
        let calls = 0
        it.handle = () => {
          calls += 1
          begun.resolve()
          return go.promise
        }
        const first = get(it.url)
        await begun.promise
        const { status, problem, headers } = await get(it.url)
        assert.deepEqual([status, problem.code, problem.outcome], [503, 'overloaded', 'none'])
        assert.equal(headers['retry-after'], '1')
        go.resolve('first')
        assert.deepEqual([(await first).body, calls], ['first', 1])
      },
      { limit: 1, queue: 0 },
    ),
    of(
      'a request whose time is over before its turn is never begun',
      async (it) => {
        const go = Promise.withResolvers<string>()
        const begun = Promise.withResolvers<void>()
        const paths: string[] = []
        it.handle = async (path) => {
          paths.push(path)
          begun.resolve()
          return await go.promise
        }
        const first = get(`${it.url}/first`)
        await begun.promise
        const { status, headers } = await get(`${it.url}/late`, { 'x-budget': '0' })
        assert.deepEqual([status, headers['deadline-expired']], [504, '?1'])
        go.resolve('first')
        await first
        assert.deepEqual(paths, ['/first'])
      },
      { limit: 1, budget: { header: 'x-budget', trust: () => true } },
    ),
    of(
      'an interactive request goes before a batch one, and a probe waits for neither',
      async (it) => {
        const go = Promise.withResolvers<string>()
        const seen: string[] = []
        const begun = Promise.withResolvers<void>()
        it.handle = async (path) => {
          seen.push(path)
          begun.resolve()
          return path === '/first' ? await go.promise : ''
        }
        const first = get(`${it.url}/first`)
        await begun.promise
        const rest = [get(`${it.url}/batch`, { 'x-priority': 'batch' })]
        // A probe is answered after what was sent before it has come.
        await get(`${it.url}/probe`, { 'x-priority': 'probe' })
        rest.push(get(`${it.url}/interactive`))
        await get(`${it.url}/probe`, { 'x-priority': 'probe' })
        go.resolve('')
        await Promise.all([first, ...rest])
        assert.deepEqual(seen, ['/first', '/probe', '/probe', '/interactive', '/batch'])
      },
      { limit: 1, priority: priorityOf },
    ),
    of('what is under way at the end is cancelled when its time is over', async (it) => {
      const begun = Promise.withResolvers<void>()
      it.handle = async () => {
        begun.resolve()
        await sleep(Infinity)
        return ''
      }
      const answer = get(it.url)
      await begun.promise
      await settle(it.clock, it.close({ drainMs: 0 }))
      const { status, problem } = await answer
      assert.deepEqual([status, problem.code, problem.retryable], [503, 'closed', true])
    }),
  ]
}

function priorityOf({ headers }: IncomingMessage): RequestPriority {
  return (headers['x-priority'] ?? 'interactive') as RequestPriority
}

/** Has the next request wait for ever: when it began, and what ended its wait. */
function endless(stage: Stage): { begun: Promise<void>; saw: Promise<unknown> } {
  const saw = Promise.withResolvers<unknown>()
  const begun = Promise.withResolvers<void>()
  stage.handle = async () => {
    begun.resolve()
    await sleep(Infinity).catch(saw.resolve)
    throw await saw.promise
  }
  return { begun: begun.promise, saw: saw.promise }
}

async function stage(make: MakeServer, options: RequestScopeOptions): Promise<Stage> {
  const clock = TestClock.install()
  const lines: RequestLine[] = []
  const stage = { handle: async () => '' } as { handle: Handle }
  const log = { info: (line: RequestLine) => void lines.push(line) }
  const server = await make((path) => stage.handle(path), {
    maxRequestMs: DEADLINE_MS,
    log,
    ...options,
  })
  return Object.assign(stage, {
    url: server.url,
    clock,
    lines,
    close: (closeOptions?: CloseOptions) => server.close(closeOptions),
    async [Symbol.asyncDispose]() {
      await settle(clock, Promise.resolve(server[Symbol.asyncDispose]()))
      clock[Symbol.dispose]()
    },
  })
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly problem: Partial<Problem>
}

/** One request on a connection of its own. */
async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const sent = httpRequest(url, { headers, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const body = await text(response)
  const isJson = response.headers['content-type']?.includes('json') === true
  const problem = isJson ? (JSON.parse(body) as Problem) : {}
  return { status: response.statusCode ?? 0, headers: response.headers, body, problem }
}

/** Waits until there are so many lines: a line is written once the answer has left. */
async function logged(stage: Stage, count: number): Promise<readonly RequestLine[]> {
  while (stage.lines.length < count) await turn()
  return stage.lines
}

/** Moves time on until `promise` has settled. */
async function settle(clock: TestClock, promise: Promise<unknown>): Promise<void> {
  const settled = { yet: false }
  const end = promise.finally(() => (settled.yet = true))
  while (!settled.yet) {
    await turn()
    if (clock.pending > 0) await clock.advanceToNext()
  }
  await end
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
