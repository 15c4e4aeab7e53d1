import { expected } from '@yuzuru/concurrency/boundary'
import type { HealthCheck } from './health.ts'

/** A client that can say whether what is behind it answers: those of `@yuzuru/db`, `/mail` and `/storage`. */
export interface HealthyClient {
  /** What it is called in the answer of the probe, unless you give it another name. */
  readonly boundary?: string | undefined
  /** Rejects unless what is behind it answers. The scope around it has a deadline. */
  health(): PromiseLike<unknown>
}

/** Clients, each called by its boundary, or by names of your own. */
export type ReadinessClients = readonly HealthyClient[] | Readonly<Record<string, HealthyClient>>

/**
 * Makes the checks of `/readyz` from the clients that requests need: each is asked for its `health()`. List what
 * no request can do without. Leave out what only some requests need, or what all processes share and that fails for
 * all at once, such as a payment provider: an orchestrator would take every process out of service.
 *
 * @throws {TypeError} when a client has no `health()`, or two have the same name
 * @example
 * await using server = await serve(app, { probes: { checks: readiness([db, mail, storage]) } })
 * @example
 * const reports = createDatabase({ url })
 * const checks = readiness({ main: db, reports })
 */
export function readiness(clients: ReadinessClients): Readonly<Record<string, HealthCheck>> {
  if (typeof clients !== 'object' || clients === null) {
    throw expected('clients to be a list of clients, or an object of them', clients)
  }
  const named = Array.isArray(clients) ? namesOf(clients) : Object.entries(clients)
  const checks = new Map<string, HealthCheck>()
  for (const [name, client] of named) {
    if (typeof client?.health !== 'function') {
      throw expected(`the client ${JSON.stringify(name)} to have a function health`, client)
    }
    if (checks.has(name)) {
      throw new TypeError(
        `Expected clients of different boundaries, or an object that names them, got two of ${JSON.stringify(name)}`,
      )
    }
    checks.set(name, () => client.health())
  }
  return Object.fromEntries(checks)
}

function namesOf(clients: readonly HealthyClient[]): [string, HealthyClient][] {
  return clients.map((client, at) => {
    const name = client?.boundary
    if (typeof name === 'string' && name !== '') return [name, client]
    if (typeof client?.health !== 'function') return [String(at), client]
    throw expected(`clients[${at}].boundary to be a text; name it, as in { name: client }`, name)
  })
}
