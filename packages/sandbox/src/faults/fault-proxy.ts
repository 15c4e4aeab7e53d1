import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expected, expectOptions } from '@yuzuru/concurrency/boundary'
import { startServer } from '../in-scope.ts'
import { checkPort, portOf } from '../port.ts'
import { join, type Target } from './connection.ts'
import { FaultState } from './fault-state.ts'
import { checkFaults, type Faults } from './faults.ts'
import { startHttpForwarder } from './http-forwarder.ts'

/** What to stand in front of. */
export interface FaultProxyOptions {
  target: Target
  /** `http` knows requests, and so can answer with a status. @default 'tcp' */
  protocol?: 'tcp' | 'http' | undefined
}

/** A server in front of another one that lets everything through until faults are set. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Clients connected right now. */
  readonly connections: number
  /**
   * How many replies `dropReply` has dropped, and how many answers `status` has given, since the last `set` or
   * `clear`. With 0 nobody has met the fault, and what a test shows holds without it.
   */
  readonly struck: number
  /** The same URL by way of this proxy. */
  url(original: string): string
  /**
   * Puts these faults in force, in place of those before.
   *
   * @throws {TypeError} when an option is unknown or out of its range.
   */
  set(faults: Faults): void
  /** Lets everything through again. */
  clear(): void
  /**
   * Resets the connections of now; new ones are welcome. A pool learns of it as late as any other news:
   * its next use of an idle connection may still fail, as it would after a server's restart.
   */
  reset(): void
  /** Cuts all connections. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Starts a proxy in front of a server, on the loopback interface and a free port: it passes everything on until
 * faults are set.
 *
 * Not covered: TLS, UDP, HTTP/2, upgrades to WebSocket.
 *
 * @throws {TypeError} when an option is unknown or out of its range.
 * @example
 * await using proxy = await startFaultProxy({ target: postgres })
 * proxy.set({ dropReply: { when: 'commit' } })
 * const client = new Client(proxy.url(postgres.url))
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  expectOptions(options, ['target', 'protocol'], 'startFaultProxy')
  return await startServer('startFaultProxy', () => start(options))
}

async function start(options: FaultProxyOptions): Promise<FaultProxy> {
  // From JavaScript there may be no options.
  const { target, protocol = 'tcp' } = (options as FaultProxyOptions | undefined) ?? {
    target: undefined,
  }
  if (typeof target !== 'object' || target === null || typeof target.host !== 'string') {
    throw expected('target to be { host, port }', target)
  }
  if (target.port === undefined) throw expected('target to have a port', target.port)
  checkPort(target.port)
  if (protocol !== 'tcp' && protocol !== 'http') {
    throw new TypeError(`Expected protocol to be 'tcp' or 'http', got ${String(protocol)}`)
  }
  const state = new FaultState()
  const origin = { host: target.host, port: target.port }
  const forwarder = protocol === 'http' ? await startHttpForwarder(origin, state) : undefined
  const next = forwarder?.target ?? origin
  const clients = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
    void join(client, next, state, { dropsReplies: protocol === 'tcp' })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  const reset = (): void => {
    for (const client of clients) client.resetAndDestroy()
  }
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    reset()
    state.set({})
    await Promise.all([closed, forwarder?.close()])
  }
  const proxy: FaultProxy = {
    host: '127.0.0.1',
    port,
    get connections() {
      return clients.size
    },
    get struck() {
      return state.struck
    },
    url(original) {
      const url = new URL(original)
      url.hostname = '127.0.0.1'
      url.port = String(port)
      return url.href
    },
    set(faults) {
      checkFaults(faults, protocol)
      state.set(faults)
    },
    clear: () => state.set({}),
    reset,
    close() {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  }
  return proxy
}
