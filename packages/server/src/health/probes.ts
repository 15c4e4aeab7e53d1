import type { IncomingMessage, ServerResponse } from 'node:http'
import { expected, expectOptions } from '@yuzuru/concurrency/boundary'
import { type Health, type HealthCheck, healthOf } from './health.ts'

/** Paths that the server answers itself, without the app. */
export interface ProbeOptions {
  /** The path that answers 200 while the process runs. @default '/livez' */
  readonly live?: string | undefined
  /** The path that answers 200 while requests should come, else 503. @default '/readyz' */
  readonly ready?: string | undefined
  /**
   * Where the requests under way are shown, each with its age and what it waits for: a path, such as
   * `'/statusz'`, or a path and whether this client may see it. @default nowhere
   */
  readonly status?: string | StatusOptions | undefined
  /** What requests need, by name: `readiness([db, mail])`, or functions that throw. @default nothing */
  readonly checks?: Readonly<Record<string, HealthCheck>> | undefined
  /**
   * How long one check may take, in milliseconds from 1 up. A call that goes on after that fails its check until it
   * ends, and no second one is made beside it.
   *
   * @default 1_000
   */
  readonly checkTimeoutMs?: number | undefined
}

/** A page of the requests under way. */
export interface StatusOptions {
  readonly path: string
  /**
   * Whether this client may see it: `true`, or it is as if there was no such page. Behind a proxy on the same
   * machine every client has a loopback address; ask for something that only you can send.
   *
   * @default only a client on this machine that names this machine (`localhost`, a loopback address), and that no
   *   proxy says to speak for
   */
  readonly allow?: ((request: IncomingMessage) => boolean) | undefined
}

const OPTIONS = ['live', 'ready', 'status', 'checks', 'checkTimeoutMs'] as const

/** Answers the probes of an orchestrator before any request waits for its turn. */
export class Probes {
  readonly #live: string
  readonly #ready: string
  readonly #health: () => Promise<Health>
  /** Whether the server is about to close: then it is not ready, whatever the checks say. */
  leaving = false

  constructor(options: ProbeOptions) {
    expectOptions(options, OPTIONS, 'probes')
    const { live = '/livez', ready = '/readyz', checks = {}, checkTimeoutMs } = options
    expectPath('probes.live', live)
    expectPath('probes.ready', ready)
    this.#live = live
    this.#ready = ready
    this.#health = healthOf(checks, checkTimeoutMs)
  }

  /** Answers a probe; `false` if it is none. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    const { url = '' } = request
    if (url === this.#live) {
      send(response, 200, { ok: true, checks: {} })
      return true
    }
    if (url !== this.#ready) return false
    if (this.leaving) send(response, 503, { ok: false, checks: { server: 'closing' } })
    else void this.#health().then((health) => send(response, health.ok ? 200 : 503, health))
    return true
  }
}

function send(response: ServerResponse, status: number, health: Health): void {
  if (response.destroyed) return
  const body = JSON.stringify(health)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** Throws unless `value` is a path. */
export function expectPath(name: string, value: string): void {
  if (typeof value === 'string' && /^\/[\w./~-]*$/.test(value)) return
  throw expected(`${name} to be a path that begins with a slash`, value)
}
