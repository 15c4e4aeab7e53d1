import { createServer } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { Cancelled, sleep } from '@yuzuru/concurrency'
import { Hono } from 'hono'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { HttpProblem } from '../problems/http-problem.ts'
import { afterResponse } from '../request/current-request.ts'
import type { RequestLine } from '../request/request-log.ts'
import { requestScope } from '../scopes/request-scope.ts'
import type { LeavingMoment } from './send-in-memory.ts'
import { inject, serveInMemory } from './serve-in-memory.ts'

const CHUNK = new Uint8Array(2 ** 16)

afterEach(() => {
  vi.restoreAllMocks()
})

describe('inject', () => {
  test('asks an app for a path, an address or a request', async () => {
    const app = new Hono().post('/plans/:id', async (c) => {
      return c.text(`${c.req.param('id')} ${c.req.query('a')} ${await c.req.text()}`)
    })
    const request = new Request('http://yuzuru.test/plans/1?a=b', { method: 'POST', body: 'title' })
    expect(await (await inject(app, request)).text()).toBe('1 b title')
    const answers = [inject(app, '/plans/1'), inject(app, new URL('http://yuzuru.test/nothing'))]
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([404, 404])
  })

  test('gives the answer as it is on the wire: several cookies, a reason, no body where there is none', async () => {
    const app = createServer((_request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']).writeHead(204, 'Nothing').end()
    })
    const answer = await inject(app, '/')
    expect([answer.status, answer.statusText, answer.body]).toEqual([204, 'Nothing', null])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test('makes a problem of a failure, as a server does, and prints what it was', async () => {
    const printed = Promise.withResolvers<unknown[]>()
    vi.spyOn(console, 'error').mockImplementation((...said) => printed.resolve(said))
    const failure = new TypeError('hunter2')
    const answer = await inject(() => Promise.reject(failure), '/plans/7')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      500,
      'application/problem+json',
    ])
    expect(await answer.text()).not.toContain('hunter2')
    expect(await printed.promise).toEqual([
      '%s was answered with %d:',
      'GET /plans/:id',
      500,
      failure,
    ])
  })

  test.each([
    ['an answer', () => new Response('ok')],
    ['a problem that was meant', () => Promise.reject(new HttpProblem(404, 'No such plan'))],
  ])('prints nothing of %s', async (_what, app) => {
    const printed = vi.spyOn(console, 'error').mockReturnValue()
    await using server = await serveInMemory(app)
    await (await server.inject('/')).text()
    await server.close()
    expect(printed).not.toHaveBeenCalled()
  })

  test('fails when the server cuts the connection', async () => {
    const app = createServer((request) => void request.socket.destroy())
    await expect(inject(app, '/')).rejects.toThrow('socket hang up')
  })

  test('ends with the reason of its request’s signal, and the handler with it', async () => {
    const leaving = new AbortController()
    const saw = Promise.withResolvers<unknown>()
    const app = async (): Promise<Response> => {
      leaving.abort(new Error('enough'))
      await sleep(Infinity).catch(saw.resolve)
      throw await saw.promise
    }
    const request = new Request('http://localhost/', { signal: leaving.signal })
    await expect(inject(app, request)).rejects.toThrow('enough')
    expect(Cancelled.isInstance(await saw.promise)).toBe(true)
  })

  test('says where its client is', async () => {
    const app = createServer((request, response) => response.end(request.socket.remoteAddress))
    expect(await (await inject(app, '/', { remoteAddress: '203.0.113.7' })).text()).toBe(
      '203.0.113.7',
    )
  })

  test.each([
    [{ remoteAdress: '::1' }, 'a known option of inject'],
    [{ remoteAddress: 1 }, 'remoteAddress'],
  ])('%o is a TypeError', async (options, what) => {
    await expect(inject(() => new Response(), '/', options as never)).rejects.toThrow(what)
  })
})

describe('a server in memory', () => {
  test('hands a failure to its log, if it has one, and prints nothing', async () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue()
    const lines: RequestLine[] = []
    const log = { info: (line: RequestLine) => void lines.push(line) }
    const failure = new Error('hunter2')
    await using server = await serveInMemory(() => Promise.reject(failure), { log })
    expect((await server.inject('/')).status).toBe(500)
    await server.close()
    expect(lines.map(({ err }) => err)).toEqual([failure])
    expect(printed).not.toHaveBeenCalled()
  })

  test('holds an answer back while its reader does not read', async () => {
    let given = 0
    await using server = await serveInMemory(async () => {
      const pull = (controller: ReadableStreamDefaultController): void => {
        given += 1
        controller.enqueue(CHUNK)
      }
      return new Response(new ReadableStream({ pull }))
    })
    const answer = await server.inject('/')
    const reader = answer.body?.getReader()
    await reader?.read()
    // As long as anything moves.
    for (let before = -1; before !== given;) {
      before = given
      for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    }
    expect(given).toBeLessThan(40)
    await reader?.cancel()
  })

  test('holds an upload back while its handler does not read', async () => {
    let given = 0
    const go = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const app = async (request: Request): Promise<Response> => {
      begun.resolve()
      await go.promise
      return new Response(`${(await request.arrayBuffer()).byteLength}`)
    }
    await using server = await serveInMemory(app, { limits: { maxBodyBytes: Infinity } })
    const pull = (controller: ReadableStreamDefaultController): void => {
      if ((given += 1) > 100) controller.close()
      else controller.enqueue(CHUNK)
    }
    const body = new ReadableStream({ pull })
    const upload = { method: 'POST', body, duplex: 'half' } as RequestInit
    const answer = server.inject(new Request('http://localhost/', upload))
    await begun.promise
    for (let before = -1; before !== given;) {
      before = given
      for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    }
    expect(given).toBeLessThan(40)
    go.resolve()
    expect(await (await answer).text()).toBe(`${100 * CHUNK.byteLength}`)
  })

  test.each<[LeavingMoment, number]>([
    ['sent', 499],
    ['head', 200],
    ['firstByte', 200],
  ])(
    'has a client leave after "%s", and returns when nothing of its request runs any more',
    async (after, status) => {
      const lines: RequestLine[] = []
      const steps: unknown[] = []
      const app = createHandler(after, steps)
      await using server = await serveInMemory(app, {
        log: { info: (line) => void lines.push(line) },
      })
      await server.leave('/reports/1', { after })
      expect(steps).toEqual(['begun', 'cancelled', 'after'])
      expect(server.active).toBe(0)
      expect(lines).toMatchObject([{ status, route: 'GET /reports/:id' }])
    },
  )

  test('has the scopes of a server that is passed in, and no others', async () => {
    const lines: RequestLine[] = []
    const scope = requestScope({ log: { info: (line) => void lines.push(line) } })
    const own = createServer((request, response) => {
      scope(request, response, () => response.end('hello'))
    })
    await using server = await serveInMemory(own)
    expect(await (await server.inject('/')).text()).toBe('hello')
    await scope.close()
    expect(lines).toHaveLength(1)
  })

  test('waits at its end for what is under way', async () => {
    const steps: string[] = []
    const go = Promise.withResolvers<void>()
    const server = await serveInMemory(async () => {
      afterResponse(async () => {
        await go.promise
        steps.push('after')
      })
      return new Response()
    })
    await server.inject('/')
    const closed = server.close().then(() => steps.push('closed'))
    go.resolve()
    await closed
    expect(steps).toEqual(['after', 'closed'])
  })

  test.each([
    [{ port: 3_000 }, 'a known option of serveInMemory'],
    [{ maxRequestMs: 0 }, 'maxRequestMs'],
  ])('%o is a TypeError', async (options, what) => {
    await expect(serveInMemory(() => new Response(), options as never)).rejects.toThrow(what)
  })

  test('takes no options for a server that is passed in', async () => {
    const options = { maxRequestMs: 1 }
    await expect(serveInMemory(createServer(), options)).rejects.toThrow('maxRequestMs')
  })

  test.each([undefined, {}, { after: 'half' }])('leave with %o is a TypeError', async (options) => {
    await using server = await serveInMemory(() => new Response())
    await expect(server.leave('/', options as never)).rejects.toThrow(TypeError)
  })
})

/** Gives as much of an answer as the client waits for, and then nothing more. */
function createHandler(after: LeavingMoment, steps: unknown[]) {
  const wait = async (): Promise<void> => {
    await sleep(Infinity).catch((error: unknown) => {
      steps.push(Cancelled.isInstance(error) ? 'cancelled' : error)
      throw error
    })
  }
  return async (
    _request: unknown,
    response: { writeHead(status: number): { flushHeaders(): void }; write(text: string): void },
  ): Promise<void> => {
    steps.push('begun')
    afterResponse(() => steps.push('after'))
    if (after !== 'sent') response.writeHead(200).flushHeaders()
    if (after === 'firstByte') response.write('a')
    await wait()
  }
}
