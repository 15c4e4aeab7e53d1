import { setImmediate, setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { exerciseOutcomes, type OutcomeFixture } from './exercise-outcomes.ts'
import { io } from '../boundary/io.ts'
import type { IoProgress } from '../boundary/io-call.ts'

/** A server that has effects, and a boundary before it. */
class Server {
  readonly #counts = new Map<string, number>()
  down = false

  readonly count = async (id: string): Promise<number> => this.#counts.get(id) ?? 0

  /** Sends a request that takes a moment each way. */
  async request(id: string, signal: AbortSignal, progress: IoProgress): Promise<void> {
    progress.sent = false
    await setTimeout(2, undefined, { signal })
    progress.sent = true
    if (this.down) throw new Error('connection reset')
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
    await setTimeout(2, undefined, { signal })
  }
}

const call = { boundary: 'test', operation: 'write', effect: 'write' } as const

describe('exerciseOutcomes', () => {
  test('is content with an honest boundary, and has seen all outcomes, without a warning', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    const server = new Server()
    const fixture: OutcomeFixture = {
      act: (id) => io(call, {}, (signal, progress) => server.request(id, signal, progress)),
      count: server.count,
      faults: {
        down: () => {
          server.down = true
          return () => {
            server.down = false
          }
        },
      },
    }
    const tally = await exerciseOutcomes(fixture, { withinMs: 8 })
    await setImmediate()
    process.off('warning', warned)
    expect(warnings).toEqual([])
    expect(Math.min(tally.value, tally.none, tally.unknown)).toBeGreaterThan(0)
  })

  test.each<[string, (server: Server) => OutcomeFixture['act']]>([
    [
      'that says of a write that it reads',
      (server) => (id) =>
        io({ ...call, effect: 'read' }, {}, (signal, progress) =>
          server.request(id, signal, progress),
        ),
    ],
    [
      'that forgets to say that it has sent',
      (server) => (id) =>
        io(call, {}, async (signal, progress) => {
          const own = { sent: true }
          progress.sent = false
          await server.request(id, signal, own)
        }),
    ],
    [
      'that goes on behind the back of its caller',
      (server) => (id) =>
        io(call, {}, async (signal, progress) => {
          progress.sent = false
          const { signal: deaf } = new AbortController()
          const behind = server.request(id, deaf, { sent: false })
          await Promise.race([behind, setTimeout(60_000, undefined, { signal })])
        }),
    ],
  ])('finds one %s, and tells the seed', async (_, act) => {
    const server = new Server()
    const lying = exerciseOutcomes({ act: act(server), count: server.count }, { withinMs: 8 })
    await expect(lying).rejects.toThrow(/\(seed \d+\):\n.* happened [123] times/)
    await setImmediate()
  })
})
