import { connect, type Socket } from 'node:net'
import type { FaultState } from './fault-state.ts'
import { oneWay } from './faults.ts'
import { carry, type LaneRules } from './lane.ts'
import { RequestTexts } from './request-texts.ts'

/** Where a server listens. */
export interface Target {
  host: string
  port: number
}

type Way = 'toServer' | 'toClient'

/** What one connection has counted since the faults were set. */
class Ledger {
  readonly #state: FaultState
  /** `http` proxies drop replies where they know requests, not here. */
  readonly #dropsReplies: boolean
  #generation = -1
  #passed = { toServer: 0, toClient: 0 }
  /** Reads along from the start of the connection, whatever the faults: else it would lose its place. */
  readonly #texts = new RequestTexts()
  #tail = ''
  #armed = false

  constructor(state: FaultState, dropsReplies: boolean) {
    this.#state = state
    this.#dropsReplies = dropsReplies
  }

  admit(way: Way, chunk: Buffer): { bytes: number; thenCut: boolean } {
    this.#startOver()
    if (way === 'toServer') this.#watch(chunk)
    else if (this.#armed && this.#state.takeReply()) return { bytes: 0, thenCut: true }
    const limit = this.#state.faults.resetAfterBytes?.[way] ?? Infinity
    const bytes = Math.min(chunk.length, limit - this.#passed[way])
    this.#passed[way] += bytes
    return { bytes, thenCut: this.#passed[way] >= limit }
  }

  #startOver(): void {
    if (this.#generation === this.#state.generation) return
    this.#generation = this.#state.generation
    this.#passed = { toServer: 0, toClient: 0 }
    this.#tail = ''
    this.#armed = false
  }

  /** Looks for the text that makes the next reply the one to drop; it may come in two chunks. */
  #watch(chunk: Buffer): void {
    if (!this.#dropsReplies) return
    const texts = this.#texts.read(chunk)
    const { dropReply } = this.#state.faults
    if (!dropReply) return
    const wanted = Buffer.from(dropReply.when ?? '').toString('latin1')
    const seen = this.#tail + texts.map((text) => text.toString('latin1')).join('')
    this.#armed ||= seen.includes(wanted)
    this.#tail = wanted.length > 1 ? seen.slice(1 - wanted.length) : ''
  }
}

/** Connects an accepted client with the target, under the faults in force. Ends when either is gone. */
export async function join(
  client: Socket,
  target: Target,
  state: FaultState,
  options: { dropsReplies: boolean },
): Promise<void> {
  client.setNoDelay(true)
  // Without a listener a reset would end the process.
  client.on('error', () => {})
  if (state.faults.refuse) {
    client.resetAndDestroy()
    return
  }
  await state.passable()
  if (client.destroyed) return
  const server = connect({ ...target, allowHalfOpen: true, noDelay: true })
  const cut = (): void => {
    client.resetAndDestroy()
    server.resetAndDestroy()
  }
  server.on('error', cut)
  client.on('error', cut)
  client.on('close', () => server.destroy())
  const ledger = new Ledger(state, options.dropsReplies)
  const rules = (way: Way): LaneRules => ({
    delayMs: () => oneWay(state.faults.latencyMs, way),
    bytesPerSecond: () => state.faults.bytesPerSecond,
    passable: () => state.passable(),
    admit: (chunk) => ledger.admit(way, chunk),
    cut,
  })
  await Promise.all([
    carry(client, server, rules('toServer')),
    carry(server, client, rules('toClient')),
  ])
}
