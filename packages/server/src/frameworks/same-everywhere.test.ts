import { request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { Cancelled, sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ask } from '../../test/ask.ts'
import { type Behaviour, behaviours } from '../../test/behaviours.ts'
import { makers, makersInMemory } from '../../test/makers.ts'
import type { RequestLine } from '../request/request-log.ts'
import type { Handle, MakeServer } from '../testing/exercise-server.ts'

/** A server that answers with what `handle` gives, and the line that its log gets for the one request. */
async function started(make: MakeServer, handle: Handle) {
  const logged = Promise.withResolvers<RequestLine>()
  const clock = TestClock.install()
  const server = await make(handle, {
    maxRequestMs: 5_000,
    budget: { header: 'x-budget', trust: () => true },
    log: { info: (line) => logged.resolve(line) },
  })
  onTestFinished(async () => {
    await server.close({ drainMs: 0 })
    clock[Symbol.dispose]()
  })
  const through =
    'connect' in server
      ? { createConnection: server.connect as () => Duplex, agent: undefined }
      : ({ agent: false } as const)
  return { server, clock, through, line: logged.promise }
}

const all = Object.entries({ ...makers, ...makersInMemory })

describe.each(all)('the same on each framework, %s:', (_kind, make) => {
  test.each(Object.entries(behaviours))('%s', async (_what, behaviour: Behaviour) => {
    const { path = '/', method = 'GET', status } = behaviour
    const { server, through, line } = await started(make, behaviour.handle)
    const headers = { 'x-request-id': 'r-1', ...behaviour.headers }
    const answer = await ask(`${server.url}${path}`, { ...through, method, headers })
    expect(answer.status).toBe(status)
    expect(JSON.stringify(answer)).not.toContain('hunter2')
    const isText = status < 400
    if (answer.body !== '' || status >= 400) {
      const type = behaviour.type ?? (isText ? 'text/plain' : 'application/problem+json')
      expect(answer.headers['content-type']?.split(';')[0]).toBe(type)
    }
    expect(answer.headers['retry-after']).toBe(behaviour.retryAfter)
    expect(answer.headers['cache-control']).toBe(isText ? undefined : 'no-store')
    const isJson = typeof behaviour.body === 'object'
    expect(isJson ? JSON.parse(answer.body) : answer.body).toEqual(behaviour.body)
    expect(await line).toMatchObject({ requestId: 'r-1', status, method })
    expect('err' in (await line)).toBe(behaviour.isLogged === true)
  })

  const endless = () => {
    const begun = Promise.withResolvers<void>()
    const saw = Promise.withResolvers<unknown>()
    const handle = async (): Promise<string> => {
      begun.resolve()
      await sleep(Infinity).catch(saw.resolve)
      throw await saw.promise
    }
    return { begun: begun.promise, saw: saw.promise, handle }
  }

  test('a deadline', async () => {
    const { begun, saw, handle } = endless()
    const { server, clock, through, line } = await started(make, handle)
    const answer = ask(server.url, {
      ...through,
      headers: { 'x-budget': '100', 'x-request-id': 'r-1' },
    })
    await begun
    await clock.advance(100)
    expect(Cancelled.isInstance(await saw)).toBe(true)
    const { status, body } = await answer
    const shown = { code: 'deadline_expired', retryable: true, outcome: 'none', requestId: 'r-1' }
    expect([status, JSON.parse(body)]).toMatchObject([504, shown])
    expect((await line).status).toBe(504)
  })

  test('a handler that does not end in time', async () => {
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<string>()
    const { server, clock, through, line } = await started(make, () => {
      begun.resolve()
      return go.promise
    })
    const answer = ask(server.url, { ...through, headers: { 'x-budget': '100' } })
    await begun.promise
    await clock.advance(100)
    await clock.advance(1_000)
    expect((await answer).status).toBe(504)
    expect((await line).status).toBe(504)
    // What it gives then is nobody's: it neither ends the connection nor becomes a line on stderr.
    const complaint = vi.spyOn(console, 'error').mockReturnValue()
    go.resolve('too late')
    await new Promise((resolve) => setImmediate(resolve))
    expect(complaint).not.toHaveBeenCalled()
  })

  test('a client that leaves', async () => {
    const { begun, saw, handle } = endless()
    const { server, through, line } = await started(make, handle)
    const leaving = httpRequest(server.url, through)
    leaving.on('error', () => {}).end()
    await begun
    leaving.destroy()
    expect(Cancelled.isInstance(await saw)).toBe(true)
    expect((await line).status).toBe(499)
  })
})
