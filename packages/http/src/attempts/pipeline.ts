import {
  currentClock,
  type Effect,
  io,
  type IoProgress,
  type Outcome,
  outcomeOf,
  remaining,
} from '@yuzuru/concurrency'
import type { Closing } from '@yuzuru/concurrency/boundary'
import { throughBreaker } from './breaker.ts'
import { type CallContext, failure } from '../errors/call-context.ts'
import { hedged, type HedgeOptions } from './hedge.ts'
import type { HttpHandler, HttpInterceptor } from './interceptor.ts'
import type { HttpRequest } from '../request/http-request.ts'
import { type HttpResponse, isVouchedFor } from '../response/http-response.ts'
import type { Origin } from './origin.ts'
import type { Origins } from './origins.ts'
import type { PreparedCall } from './prepared-call.ts'
import { effectOf, isWorse } from '../request/effect-of.ts'
import { type Hop, isRedirect, nextHop } from './redirects.ts'
import { type BudgetSettings, RequestBudget } from '../request/budget.ts'
import { expectReachable, takesClientHeaders, type UrlRules } from '../request/request-url.ts'
import type { PhaseLimits } from '../exchange/exchange.ts'
import { send } from '../exchange/send.ts'
import { outcomeSoFar } from '../response/status-failure.ts'
import { followCancel, Stopper, type StopSignal } from '../exchange/stop-signal.ts'

/** The options that concern one attempt. */
export interface PipelineSettings extends UrlRules {
  /** Those of the client. */
  readonly headers: Readonly<Record<string, string>>
  readonly interceptors: readonly HttpInterceptor[]
  readonly maxRedirects: number
  readonly hedge: HedgeOptions | undefined
  readonly budget: BudgetSettings | undefined
  readonly timeouts: PhaseLimits
}

/** What the attempts of a call share with other calls. */
export interface PipelineInit {
  readonly settings: PipelineSettings
  readonly origins: Origins
  readonly closing: Closing<CallContext>
  readonly progress: IoProgress
  /** That of the call. */
  readonly signal: AbortSignal
  /** Stops what is sent, unless an interceptor sends it. */
  readonly stop: StopSignal
}

/** What one attempt goes through: interceptors, then redirects, then for each hop breaker and hedge. */
export class Pipeline {
  /** Sends one attempt. */
  readonly handler: HttpHandler
  readonly #call: PreparedCall
  readonly #init: PipelineInit
  #acted = false
  /** How much an interceptor has sent that has not been answered. */
  #underWay = 0
  #effect: Effect

  constructor(call: PreparedCall, init: PipelineInit) {
    this.#call = call
    this.#effect = call.context.effect
    this.#init = init
    const inner: HttpHandler = (request) => this.#sendFirst(request, init.stop, false)
    const { interceptors } = init.settings
    this.handler =
      interceptors.length === 0
        ? inner
        : this.#judging(
            interceptors.reduceRight<HttpHandler>(
              (next, wrap) => wrap(next),
              (request) => this.#sendWatched(request),
            ),
          )
  }

  /** What an interceptor promises of an attempt counts in place of what was sent for it. */
  #judging(handler: HttpHandler): HttpHandler {
    return async (request) => {
      const acted = this.#acted
      const response = await handler(request)
      if (isVouchedFor(response)) this.#acted = acted
      return response
    }
  }

  /** Sends for interceptors: they may send more than once, and each sending counts for those after it. */
  async #sendWatched(given: HttpRequest): Promise<HttpResponse> {
    const request = this.#admitted(given)
    const { method: operation } = request
    const effect = effectOf(operation, request.headers)
    if (isWorse(effect, this.#effect)) this.#effect = effect
    // A cancel goes by the effect of the call, unless it meets one of more effect.
    return isWorse(effect, this.#call.context.effect)
      ? await io({ boundary: 'http', operation, effect }, {}, () => this.#sendCounted(request))
      : await this.#sendCounted(request)
  }

  async #sendCounted(request: HttpRequest): Promise<HttpResponse> {
    const { acted } = this
    this.#underWay += 1
    // An interceptor may send in a scope of its own, or with another signal.
    const stop = new Stopper()
    const { signal } = request
    const unfollow = followCancel(stop, signal === this.#init.signal ? undefined : signal)
    try {
      const response = await this.#sendFirst(request, stop, acted)
      this.#note(outcomeSoFar(this.#contextOf(request, acted), response))
      return response
    } catch (error) {
      this.#note(outcomeOf(error))
      throw error
    } finally {
      this.#underWay -= 1
      unfollow()
    }
  }

  /** That of the call, or what an interceptor has made of it: another method, or no idempotency key. */
  get effect(): Effect {
    return this.#effect
  }

  get acted(): boolean {
    return this.#acted || (this.#underWay > 0 && this.#effect !== 'read')
  }

  #note(outcome: Outcome | undefined): void {
    if (outcome !== 'none') this.#acted = true
  }

  #sendFirst(request: HttpRequest, stop: StopSignal, acted: boolean): Promise<HttpResponse> {
    return this.#call.redirect === 'follow'
      ? this.#sendAndFollow(request, stop, acted)
      : this.#sendHop(request, stop, acted)
  }

  /** A request that an interceptor sends elsewhere is held to what a call is held to. */
  #admitted(request: HttpRequest): HttpRequest {
    const { url } = request
    if (url === this.#call.context.url) return request
    const settings = this.#init.settings
    expectReachable(settings, url)
    if (takesClientHeaders(settings, url)) return request
    const own = settings.headers
    const theirs = Object.entries(request.headers).filter(([name, value]) => own[name] !== value)
    return { ...request, headers: Object.fromEntries(theirs) }
  }

  #sendAndFollow(request: HttpRequest, stop: StopSignal, before: boolean): Promise<HttpResponse> {
    return this.#sendHop(request, stop, before).then((response) =>
      isRedirect(response) ? this.#follow(request, stop, response, before) : response,
    )
  }

  async #follow(
    request: HttpRequest,
    stop: StopSignal,
    redirect: HttpResponse,
    before: boolean,
  ): Promise<HttpResponse> {
    const { maxRedirects } = this.#init.settings
    let hop: Hop = request
    let response = redirect
    let acted = before
    for (let count = 0; isRedirect(response); count += 1) {
      acted ||= outcomeSoFar(this.#contextOf(hop, acted), response) === 'unknown'
      response[Symbol.dispose]()
      const context = this.#contextOf(hop, acted)
      if (count >= maxRedirects) {
        const reason = `was redirected more than ${maxRedirects} times`
        throw failure(context, 'too_many_redirects', reason, { outcome: 'none', retryable: false })
      }
      hop = nextHop(this.#init.settings, context, hop, response)
      response = await this.#sendHop(hop, stop, acted)
    }
    return response
  }

  #contextOf({ method, url, headers }: Hop, acted: boolean): CallContext {
    const { context } = this.#call
    const effect = this.#effect
    const isSame = context.url === url && context.headers === headers && context.method === method
    return isSame && !acted && effect === context.effect
      ? context
      : { method, url, headers, effect, acted }
  }

  #sendHop(hop: Hop, signal: StopSignal, acted: boolean): Promise<HttpResponse> {
    const context = this.#contextOf(hop, acted)
    // Asked for each time: an origin that is not in use may be forgotten between two attempts.
    const origin = this.#init.origins.get(context.url.origin)
    const { hedge } = this.#init.settings
    const budget = this.#budgetFor(context)
    if (hedge === undefined && origin.breaker === undefined) {
      return this.#send(origin, context, hop, budget, signal)
    }
    const isSafe = context.method === 'GET' || context.method === 'HEAD'
    const sendIt = (): Promise<HttpResponse> => {
      if (hedge === undefined || !isSafe) {
        return this.#send(origin, context, hop, budget, signal)
      }
      const mayHedge = (): boolean =>
        origin.connections.hasFree && origin.budget?.tryWithdraw() !== false
      const sendOne = (signal: StopSignal): Promise<HttpResponse> =>
        this.#send(origin, context, hop, budget, signal)
      return hedged(hedge.delayMs, signal, mayHedge, ({ ok }) => ok, sendOne)
    }
    if (origin.breaker === undefined) return sendIt()
    return throughBreaker(origin.breaker, context, sendIt)
  }

  /** A deadline that an interceptor sets around its sending counts as well. */
  #budgetFor({ url }: CallContext): RequestBudget | undefined {
    const { budget } = this.#init.settings
    if (budget === undefined || !budget.reaches(url.origin)) return undefined
    const deadline = this.#call.patience ?? currentClock().now() + remaining()
    return deadline === Infinity ? undefined : new RequestBudget(budget, deadline)
  }

  #send(
    origin: Origin,
    context: CallContext,
    { body }: Hop,
    budget: RequestBudget | undefined,
    signal: StopSignal,
  ): Promise<HttpResponse> {
    const { mode, maxBytes, decompress, acquireTimeoutMs, options, deadline } = this.#call
    const streams = mode === 'stream'
    return send(origin.connections, {
      context,
      body,
      budget,
      signal,
      acquireTimeoutMs,
      maxBytes,
      decompress,
      whole: !streams,
      bodySignal: streams ? options.signal : undefined,
      deadline: streams ? deadline : undefined,
      limits: this.#init.settings.timeouts,
      closing: this.#init.closing,
      progress: this.#init.progress,
    })
  }
}
