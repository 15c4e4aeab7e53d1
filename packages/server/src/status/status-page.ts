import type { IncomingMessage, ServerResponse } from 'node:http'
import { expectFunction, expectOptions } from '@yuzuru/concurrency/boundary'
import { expectPath, type StatusOptions } from '../health/probes.ts'
import { writeProblem } from '../problems/write-problem.ts'
import { leave } from '../request/is-thenable.ts'
import { warnOf } from '../request/warn-of.ts'
import { fromThisMachine } from './from-this-machine.ts'
import { type RequestUnderWay, serverStatus } from './server-status.ts'
import { statusText } from './status-text.ts'

const HEADERS = {
  'cache-control': 'no-store',
  // Nothing but its own style, and in no other page.
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

/** Shows the requests under way to those who may see them, without waiting for a turn. */
export class StatusPage {
  readonly #path: string | undefined
  readonly #allow: (request: IncomingMessage) => boolean
  readonly #requests: () => readonly RequestUnderWay[]

  /**
   * @param requests those under way, the oldest first
   * @throws {TypeError} when an option is unknown or out of its range
   */
  constructor(
    options: string | StatusOptions | undefined,
    requests: () => readonly RequestUnderWay[],
  ) {
    const { path, allow } = checked(options)
    this.#path = path
    this.#allow = allow ?? fromThisMachine
    this.#requests = requests
  }

  /** Answers a request for the page; `false` if it is none, or of a client that may not see it. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#path === undefined || request.url !== this.#path) return false
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    try {
      const isAllowed: unknown = this.#allow(request)
      // Not a promise, which an async function would give for yes and no alike.
      if (isAllowed !== true) {
        leave(isAllowed)
        return false
      }
    } catch (error) {
      warnOf('probes.status.allow', error, 'StatusPageWarning')
      writeProblem(error, request, response)
      return true
    }
    const { type, body } = statusText(serverStatus(this.#requests()), request.headers.accept)
    response.writeHead(200, {
      ...HEADERS,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
    return true
  }
}

function checked(options: string | StatusOptions | undefined): Partial<StatusOptions> {
  if (options === undefined) return {}
  if (typeof options !== 'string') expectOptions(options, ['path', 'allow'], 'probes.status')
  const { path, allow } = typeof options === 'string' ? { path: options } : options
  expectPath('probes.status', path)
  if (allow !== undefined) expectFunction('probes.status.allow', allow)
  return { path, allow }
}
