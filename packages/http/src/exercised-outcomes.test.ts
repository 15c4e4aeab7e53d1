import { exerciseOutcomes, type Fault } from '@yuzuru/concurrency/testing'
import { startFaultProxy } from '@yuzuru/sandbox'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createHttp } from './http.ts'
import { startScriptedServer } from './testing/scripted-server.ts'

describe('what is said of an effect is true, of', () => {
  test.each([
    ['a POST', { method: 'POST' }],
    ['a PUT that is not repeated', { method: 'PUT', retry: false }],
  ] as const)('%s', async (_, init) => {
    await using server = await startScriptedServer()
    await using line = await startFaultProxy({
      target: { host: '127.0.0.1', port: Number(new URL(server.url).port) },
    })
    await using http = createHttp({
      origin: `http://127.0.0.1:${line.port}`,
      timeouts: { headersMs: 60 },
      retry: { baseDelayMs: 0 },
    })
    server.otherwise(async () => {
      await setTimeout(4)
      return { status: 201 }
    })
    const set =
      (faults: Parameters<typeof line.set>[0]): Fault =>
      () => {
        line.set(faults)
        return () => line.clear()
      }
    const tally = await exerciseOutcomes(
      {
        act: (id) => http.request(`/${id}`, { ...init, json: { id } }),
        count: async (id) => server.requests.filter(({ path }) => path === `/${id}`).length,
        faults: {
          'the answer is lost': set({ dropReply: { times: 1 } }),
          'the connection breaks in the request': set({ resetAfterBytes: { toServer: 40 } }),
          'the connection breaks in the answer': set({ resetAfterBytes: { toClient: 10 } }),
          'no connection is taken': set({ refuse: true }),
          'nothing is answered': set({ halfOpen: true }),
        },
      },
      { rounds: 120, withinMs: 12 },
    )
    expect(tally.value).toBeGreaterThan(0)
  })
})
