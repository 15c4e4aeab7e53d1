import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/**
 * What happens to a request:
 * - `'cut'`: the connection is reset, and the server never hears of it.
 * - `'lost'`: the server has done it, and its answer is lost.
 * - `'refused'`: it is answered with a 4xx, and the server never hears of it.
 * - `'failed'`: it is answered with a 500, and the server never hears of it.
 * - `'failed after'`: the server has done it, and the answer is a 500.
 * - `'silent'`: the server has done it, and nothing is answered.
 * - `'held'`: the server never hears of it, and nothing is answered.
 */
export type Stroke = 'cut' | 'lost' | 'refused' | 'failed' | 'failed after' | 'silent' | 'held'

/** A request that came by, and what became of it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly body: string
  /** What the server itself answered; `undefined`: it never heard of it. */
  readonly status: number | undefined
}

/** What happens to the request of this number, from 1, and line; `undefined`: it passes. */
export type Strike = (count: number, line: string) => Stroke | undefined

/** The request number `at` meets `stroke`, and no other. */
export function strikeAt(at: number, stroke: Stroke): Strike {
  return (count) => (count === at ? stroke : undefined)
}

/** An answer in the place of the server's. */
export interface StandIn {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface SteppedHttpInit {
  readonly target: { readonly host: string; readonly port: number }
  /** What the server answers when it refuses a request. */
  readonly refusal: StandIn
  /** What it answers when it fails. */
  readonly failure?: StandIn
}

/** For tests: stands before a server of HTTP, counts requests, and lets something happen to one of them. */
export class SteppedHttp implements AsyncDisposable {
  readonly #init: SteppedHttpInit
  readonly #server = createServer((incoming, outgoing) => {
    this.#handle(incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  #seen: SeenRequest[] = []
  #count = 0
  #struck = false
  #strike: Strike = () => undefined
  #onStroke: () => void = () => undefined

  private constructor(init: SteppedHttpInit) {
    this.#init = init
    this.#server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      outgoing.writeContinue()
      this.#handle(incoming, outgoing).catch(() => incoming.socket.destroy())
    })
  }

  static async start(init: SteppedHttpInit): Promise<SteppedHttp> {
    const self = new SteppedHttp(init)
    self.#server.listen(0, '127.0.0.1')
    await once(self.#server, 'listening')
    return self
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** All requests since the last `begin`. */
  get seen(): readonly SeenRequest[] {
    return this.#seen
  }

  /** Those that may have changed something, and that the server has done. */
  get done(): readonly SeenRequest[] {
    return this.#seen.filter(
      ({ method, status }) => method !== 'GET' && method !== 'HEAD' && (status ?? 500) < 400,
    )
  }

  /** Whether something has happened to a request since the last `begin`. */
  get struck(): boolean {
    return this.#struck
  }

  /** The same URL by way of this. */
  url(original: string): string {
    const url = new URL(original)
    url.host = `127.0.0.1:${this.port}`
    return url.href
  }

  /** Counts anew: `strike` is asked for each request, and `onStroke` called after what it says has happened. */
  begin(strike: Strike, onStroke: () => void = () => undefined): void {
    this.#seen = []
    this.#count = 0
    this.#struck = false
    this.#strike = strike
    this.#onStroke = onStroke
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    this.#count += 1
    const { method = '', url: path = '' } = incoming
    const stroke = this.#strike(this.#count, `${method} ${path}`)
    this.#struck ||= stroke !== undefined
    const [seen, onStroke] = [this.#seen, this.#onStroke]
    const body = await buffer(incoming)
    const note = (status: number | undefined): void => {
      seen.push({ method, path, body: body.toString(), status })
    }
    const { refusal, failure = { status: 500 } } = this.#init
    if (stroke === 'cut' || stroke === 'held' || stroke === 'refused' || stroke === 'failed') {
      note(undefined)
      onStroke()
      if (stroke === 'cut') incoming.socket.resetAndDestroy()
      else if (stroke !== 'held') reply(outgoing, stroke === 'refused' ? refusal : failure)
      return
    }
    const answer = await this.#forward(incoming, body)
    note(answer.status)
    if (stroke !== undefined) onStroke()
    if (stroke === 'lost') incoming.socket.resetAndDestroy()
    else if (stroke === 'failed after') reply(outgoing, { status: failure.status })
    else if (stroke === undefined)
      outgoing.writeHead(answer.status, answer.headers).end(answer.body)
  }

  async #forward(
    { method, url: path, headers }: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
    const { host, port } = this.#init.target
    const { connection: _, 'transfer-encoding': _coding, expect: _expect, ...kept } = headers
    const sent = request({ host, port, method, path, setHost: false, headers: kept, agent: false })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...own } = response.headers
    return { status: response.statusCode ?? 0, headers: own, body: await buffer(response) }
  }
}

function reply(outgoing: ServerResponse, { status, headers = {}, body = '' }: StandIn): void {
  outgoing.writeHead(status, headers).end(body)
}
