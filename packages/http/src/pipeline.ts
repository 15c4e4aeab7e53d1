import type { IoProgress } from '@yuzuru/concurrency'
import { throughBreaker } from './breaker.ts'
import { type CallContext, failure } from './call-context.ts'
import type { Closing } from './closing.ts'
import { hedged } from './hedge.ts'
import type { HttpHandler, HttpRequest } from './http-request.ts'
import type { HttpResponse } from './http-response.ts'
import type { Origins } from './origins.ts'
import type { PreparedCall } from './prepare.ts'
import { type Hop, isRedirect, nextHop } from './redirects.ts'
import { send } from './send.ts'
import type { Settings } from './settings.ts'

export interface PipelineInit {
  readonly call: PreparedCall
  readonly settings: Settings
  readonly origins: Origins
  readonly closing: Closing
  readonly progress: IoProgress
  /** When the call began. */
  readonly startedAt: number
}

/** What one attempt goes through: interceptors, then redirects, then for each hop breaker and hedge. */
export class Pipeline {
  /** Sends one attempt. */
  readonly handler: HttpHandler
  readonly #init: PipelineInit

  constructor(init: PipelineInit) {
    this.#init = init
    const { interceptors } = init.settings
    const { redirect } = init.call
    const inner: HttpHandler = (request) =>
      redirect === 'follow' ? this.#follow(request) : this.#sendHop(request, request.signal)
    this.handler = interceptors.reduceRight((next, wrap) => wrap(next), inner)
  }

  async #follow(request: HttpRequest): Promise<HttpResponse> {
    const { maxRedirects } = this.#init.settings
    let hop: Hop = request
    for (let count = 0; ; count += 1) {
      const response = await this.#sendHop(hop, request.signal)
      if (!isRedirect(response)) return response
      response[Symbol.dispose]()
      const context = this.#contextOf(hop)
      if (count >= maxRedirects) {
        const told = `was redirected more than ${maxRedirects} times`
        throw failure(context, 'too_many_redirects', told, { outcome: 'none', retryable: false })
      }
      hop = nextHop(context, hop, response)
    }
  }

  #contextOf({ method, url, headers }: Hop): CallContext {
    return { method, url, headers, effect: this.#init.call.context.effect }
  }

  async #sendHop(hop: Hop, signal: AbortSignal): Promise<HttpResponse> {
    const { settings, origins } = this.#init
    const context = this.#contextOf(hop)
    const origin = origins.get(context.url.origin)
    const sendOnce = (signal: AbortSignal): Promise<HttpResponse> =>
      send(origin, settings, this.#sendInit(context, hop, signal))
    const { hedge } = settings
    const isSafe = context.method === 'GET' || context.method === 'HEAD'
    const sendIt = (): Promise<HttpResponse> => {
      if (hedge === undefined || !isSafe) return sendOnce(signal)
      const mayHedge = (): boolean => origin.hasFree && origin.budget?.take() !== false
      return hedged(hedge.delayMs, signal, mayHedge, ({ ok }) => ok, sendOnce)
    }
    if (origin.breaker === undefined) return await sendIt()
    return await throughBreaker(origin.breaker, context, sendIt)
  }

  #sendInit(context: CallContext, hop: Hop, signal: AbortSignal): Parameters<typeof send>[2] {
    const { call, closing, progress, startedAt } = this.#init
    const timeoutMs = call.bodyTimeoutMs
    const streams = call.mode === 'stream'
    return {
      context,
      signal,
      closing,
      body: hop.body,
      whole: !streams,
      maxBytes: call.maxBytes,
      bodySignal: streams ? call.options.signal : undefined,
      deadline:
        streams && timeoutMs !== Infinity ? { at: startedAt + timeoutMs, timeoutMs } : undefined,
      onSent: () => {
        progress.sent = true
      },
    }
  }
}
