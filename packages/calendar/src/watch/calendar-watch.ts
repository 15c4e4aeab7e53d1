import { currentClock, isRetryable, shield, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import {
  expected,
  expectFunction,
  expectMilliseconds,
  expectOptions,
  expectRequiredOptions,
  expectText,
  onCancel,
} from '@yuzuru/concurrency/boundary'
import type { Calendar } from '../calendar.ts'
import { expectReference } from '../reference.ts'
import type { Channel } from './channel-calls.ts'
import { ChannelTokens, type WatchedPlace } from './channel-token.ts'
import { LatestRuns } from './latest-runs.ts'

/** Why a calendar is looked at: the watch begins, Google has sent a notification, or it is time to look. */
export type WatchCause = 'start' | 'notification' | 'poll'

/** Options of {@link createCalendarWatch}. */
export interface CalendarWatchOptions {
  readonly calendar: Pick<Calendar, 'watch' | 'unwatch'>
  /** Where `fetch` is reached from outside: a URL of https, of a domain of yours. */
  readonly address: string
  /** What channels are signed with: 32 to 1,000 characters that nobody knows; the same in all processes. */
  readonly secret: string
  /**
   * Looks what has changed, by `calendar.sync` say, and returns whether there was something. For one calendar
   * it runs once at a time in this process. It belongs to no scope of its callers, and goes on when they are
   * cancelled: give it a deadline.
   */
  readonly onChange: (place: WatchedPlace, cause: WatchCause) => Promise<boolean>
  /**
   * Told of what failed and will be tried again: a channel that could not be opened, a look that failed. What it
   * throws becomes a process warning.
   */
  readonly onProblem?: ((place: WatchedPlace, error: unknown) => void) | undefined
  /**
   * How often a calendar is looked at without a notification, as some are lost, in milliseconds from 1,000 up.
   * Each time it is up to a tenth sooner, so that many calendars are not looked at all at once.
   * @default 15 minutes
   */
  readonly pollMs?: number | undefined
  /** How long a channel is asked for, in milliseconds from 1,000 up. @default 7 days */
  readonly ttlMs?: number | undefined
  /** How long before its end a channel is replaced, in milliseconds from 0 up. @default 1 hour */
  readonly renewBeforeMs?: number | undefined
}

const OPTIONS = Object.keys({
  calendar: true,
  address: true,
  secret: true,
  onChange: true,
  onProblem: true,
  pollMs: true,
  ttlMs: true,
  renewBeforeMs: true,
} satisfies Record<keyof CalendarWatchOptions, true>)

/** Hears of changes in calendars. See {@link createCalendarWatch}. */
export interface CalendarWatch {
  /**
   * Watches one calendar until the scope around it is cancelled: opens a channel, replaces it before it ends,
   * and looks every `pollMs` whether a notification is missing; if one was, the channel is taken for lost and
   * replaced. What may be over soon goes to `onProblem`. Run it in one process for each calendar.
   *
   * @throws what `onChange` throws and the calendar's errors, unless they are `retryable`: `reconnect_required`,
   *   `not_found` …
   * @throws {TypeError} unless the place has a `reference`
   */
  keep(place: {
    readonly reference: string
    readonly calendarId?: string | undefined
  }): Promise<never>
  /**
   * Answers Google's notifications, in any process. A request whose token is not of this `secret` is 401, and
   * nobody is told. When `onChange` fails the answer is 500 or 503, so that Google sends it again.
   */
  fetch(request: Request): Promise<Response>
}

const DAY_MS = 86_400_000

/** How long a channel may take to be closed when its watch ends. */
const CLOSE_MS = 5_000

/**
 * Makes a watch over calendars: https://developers.google.com/workspace/calendar/api/guides/push
 *
 * @throws {TypeError} when an option is unknown, missing or out of its range
 * @example
 * const watch = createCalendarWatch({
 *   calendar, address: 'https://example.jp/google', secret,
 *   onChange: async ({ reference }) => {
 *     let changed = false
 *     for await (const { changes } of calendar.sync(reference, { cursor })) changed ||= changes.length > 0
 *     return changed
 *   },
 * })
 * await taskGroup(async (group) => {
 *   for (const reference of staffIds) group.spawn(() => watch.keep({ reference }))
 * })
 */
export function createCalendarWatch(options: CalendarWatchOptions): CalendarWatch {
  const watch = new Watch(options)
  return {
    keep: (place) => watch.keep(place),
    fetch: (request) => watch.fetch(request),
  }
}

class Watch {
  readonly #options: CalendarWatchOptions
  readonly #tokens: ChannelTokens
  readonly #runs: LatestRuns<boolean> = new LatestRuns()

  constructor(options: CalendarWatchOptions) {
    expectRequiredOptions(options, OPTIONS, 'createCalendarWatch')
    const { calendar, address, secret, onChange, onProblem } = options
    const { pollMs, ttlMs, renewBeforeMs } = options
    if (typeof calendar?.watch !== 'function') {
      throw expected('calendar to be made by createCalendar', calendar)
    }
    expectText('address', address, 2_000)
    if (URL.parse(address) === null) throw new TypeError('Expected address to be a URL')
    expectText('secret', secret, 1_000)
    if (secret.length < 32) throw new TypeError('Expected secret to be at least 32 characters')
    expectFunction('onChange', onChange)
    if (onProblem !== undefined) expectFunction('onProblem', onProblem)
    if (pollMs !== undefined) expectMilliseconds('pollMs', pollMs, 1_000)
    if (ttlMs !== undefined) expectMilliseconds('ttlMs', ttlMs, 1_000)
    if (renewBeforeMs !== undefined) expectMilliseconds('renewBeforeMs', renewBeforeMs)
    this.#options = options
    this.#tokens = new ChannelTokens(secret)
  }

  async keep(given: {
    readonly reference: string
    readonly calendarId?: string | undefined
  }): Promise<never> {
    expectOptions(given, ['reference', 'calendarId'], 'watch.keep')
    const { reference, calendarId = 'primary' } = given
    expectReference(reference)
    expectText('calendarId', calendarId, 1_024)
    const place = { reference, calendarId }
    const { pollMs = 900_000 } = this.#options
    const kept = { channel: undefined as Channel | undefined, renewAt: 0 }
    const clock = currentClock()
    let cause: WatchCause = 'start'
    try {
      for (let pollAt = clock.now(); ;) {
        if (kept.channel === undefined || kept.renewAt <= clock.now())
          await this.#renew(place, kept)
        if (pollAt <= clock.now()) {
          const isMissing = (await this.#tried(place, () => this.#look(place, cause))) === true
          // Something had changed, and no notification came of it: such a channel is of no use.
          if (isMissing && cause === 'poll') kept.renewAt = clock.now()
          cause = 'poll'
          pollAt = clock.now() + pollMs * (1 - Math.random() / 10)
        }
        const renewAt = kept.channel === undefined ? pollAt : kept.renewAt
        await sleep(Math.max(0, Math.min(pollAt, renewAt) - clock.now()))
      }
    } finally {
      await this.#close(place, kept.channel)
    }
  }

  async fetch(request: Request): Promise<Response> {
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const place = this.#tokens.placeOf(request)
    if (place === undefined) return new Response(null, { status: 401 })
    // That a channel was opened is no change.
    const isBeginning = request.headers.get('x-goog-resource-state') === 'sync'
    if (isBeginning) return new Response(null, { status: 204 })
    try {
      await this.#look(place, 'notification')
      return new Response(null, { status: 204 })
    } catch (error) {
      throwIfCancelled()
      this.#report(place, error)
      return new Response(null, { status: isRetryable(error) ? 503 : 500 })
    }
  }

  /** A cancel of the scope around it ends the wait, and not the look, for which others may wait. */
  #look(place: WatchedPlace, cause: WatchCause): Promise<boolean> {
    const { onChange } = this.#options
    const key = JSON.stringify([place.reference, place.calendarId])
    const run = this.#runs.run(key, async () => await onChange(place, cause))
    return new Promise<boolean>((resolve, reject) => {
      const off = onCancel(reject)
      run.then(resolve, reject).finally(() => off())
    })
  }

  /** Opens the next channel before the old one is closed, so that nothing falls between them. */
  async #renew(
    place: WatchedPlace,
    kept: { channel: Channel | undefined; renewAt: number },
  ): Promise<void> {
    const { calendar, address, ttlMs = 7 * DAY_MS, renewBeforeMs = 3_600_000 } = this.#options
    const { pollMs = 900_000 } = this.#options
    const id = crypto.randomUUID()
    const channel = await this.#tried(place, () =>
      calendar.watch(place.reference, {
        calendarId: place.calendarId,
        id,
        address: this.#tokens.addressOf(address, place),
        token: this.#tokens.tokenOf(id, place),
        ttlMs,
      }),
    )
    if (channel === undefined) {
      kept.renewAt = currentClock().now() + pollMs
      return
    }
    await this.#close(place, kept.channel)
    // By the clock that runs evenly: that of the wall may be set in between.
    const lastsMs = channel.expiresAt.getTime() - Date.now()
    kept.channel = channel
    // One that seems to have ended already is opened by a clock that is wrong: not again and again.
    const renewInMs = lastsMs > 0 ? Math.max(lastsMs - renewBeforeMs, lastsMs / 2, 1_000) : pollMs
    kept.renewAt = currentClock().now() + renewInMs
  }

  /** The old one runs out by itself if it can't be closed. */
  async #close(place: WatchedPlace, channel: Channel | undefined): Promise<void> {
    if (channel === undefined) return
    const { calendar } = this.#options
    const close = (): Promise<unknown> => calendar.unwatch(place.reference, channel)
    await shield(close, { timeoutMs: CLOSE_MS }).catch(() => undefined)
  }

  /** `undefined`: it failed, and may be over soon. */
  async #tried<T>(place: WatchedPlace, fn: () => Promise<T>): Promise<T | undefined> {
    try {
      return await fn()
    } catch (error) {
      if (!isRetryable(error)) throw error
      this.#report(place, error)
      return undefined
    }
  }

  #report(place: WatchedPlace, error: unknown): void {
    try {
      this.#options.onProblem?.(place, error)
    } catch (thrown) {
      // Its name alone: what a message says may be personal.
      const name = thrown instanceof Error ? thrown.name : typeof thrown
      process.emitWarning(`onProblem failed (${name})`, 'CalendarWatchWarning')
    }
  }
}
