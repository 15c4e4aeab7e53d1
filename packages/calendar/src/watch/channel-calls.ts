import type { calendar_v3 } from '@googleapis/calendar'
import type { IoOptions } from '@yuzuru/concurrency'
import {
  expectInteger,
  expectObject,
  expectOptions,
  expectText,
  IO_OPTIONS,
} from '@yuzuru/concurrency/boundary'
import { randomBytes } from 'node:crypto'
import type { AccountApi } from '../accounts/account-api.ts'
import { CalendarError } from '../calendar-error.ts'
import { eventsPath, type InCalendar } from '../events/event-place.ts'
import { expectReference } from '../reference.ts'
import type { Operations } from '../wire/operations.ts'

/** A channel that is to be opened. */
export interface NewChannel extends InCalendar {
  /** Where Google sends its notifications: a URL of https, of a domain of yours. */
  readonly address: string
  /** Comes back with each notification, so that a forged one is known: 1 to 256 characters. */
  readonly token: string
  /** 1 to 64 characters of `A` to `Z`, `a` to `z`, `0` to `9` and `-_+/=`; never used before. @default random */
  readonly id?: string | undefined
  /** How long it lasts, in milliseconds from 1,000 up; Google may make it shorter. @default 7 days */
  readonly ttlMs?: number | undefined
}

/** A channel as Google has opened it: keep it to close it. */
export interface Channel {
  readonly id: string
  readonly resourceId: string
  readonly calendarId: string
  /** It ends then, without a word. */
  readonly expiresAt: Date
}

const NEW_CHANNEL = Object.keys({
  calendarId: true,
  address: true,
  token: true,
  id: true,
  ttlMs: true,
} satisfies Record<keyof NewChannel, true>)

const CHANNEL = Object.keys({
  id: true,
  resourceId: true,
  calendarId: true,
  expiresAt: true,
} satisfies Record<keyof Channel, true>)

const WEEK_MS = 604_800_000

/** Opens and closes channels: https://developers.google.com/workspace/calendar/api/guides/push */
export class ChannelCalls {
  readonly #api: AccountApi
  readonly #operations: Operations

  constructor(api: AccountApi, operations: Operations) {
    this.#api = api
    this.#operations = operations
  }

  async watch(reference: string, channel: NewChannel, options?: IoOptions): Promise<Channel> {
    expectReference(reference)
    expectObject('channel', channel)
    expectOptions(channel, NEW_CHANNEL, 'calendar.watch')
    expectOptions(options, IO_OPTIONS, 'calendar.watch')
    const { calendarId = 'primary', address, token, ttlMs = WEEK_MS } = channel
    const id = channel.id ?? randomBytes(24).toString('base64url')
    const url = `${eventsPath(calendarId)}/watch`
    expectAddress(address)
    expectText('token', token, 256)
    if (typeof id !== 'string' || !/^[\w\-+/=]{1,64}$/.test(id)) {
      throw new TypeError('Expected id to be 1 to 64 letters, digits and -_+/=')
    }
    expectInteger('ttlMs', ttlMs, 1_000, Infinity)
    const ttl = String(Math.floor(ttlMs / 1_000))
    const json = { id, type: 'web_hook', address, token, params: { ttl } }
    const call = { operation: 'watch', effect: 'write', reference } as const
    return await this.#operations.perform(call, options, async () => {
      const request = { method: 'POST', url, json }
      const made = await this.#api.json<calendar_v3.Schema$Channel>(call, request)
      const { resourceId, expiration } = made
      const expiresAt = new Date(Number(expiration ?? Number.NaN))
      if (typeof resourceId === 'string' && !Number.isNaN(expiresAt.getTime())) {
        return { id, resourceId, calendarId, expiresAt }
      }
      const message = 'calendar.watch failed: Google’s answer holds no channel'
      const init = {
        operation: 'watch',
        reference,
        code: 'unexpected',
        outcome: 'unknown',
      } as const
      throw new CalendarError(message, init)
    })
  }

  async unwatch(
    reference: string,
    channel: Channel,
    options?: IoOptions,
  ): Promise<{ readonly stopped: boolean }> {
    expectReference(reference)
    expectObject('channel', channel)
    expectOptions(channel, CHANNEL, 'calendar.unwatch')
    expectOptions(options, IO_OPTIONS, 'calendar.unwatch')
    const { id, resourceId } = channel
    expectText('id', id, 64)
    expectText('resourceId', resourceId, 1_024)
    const call = { operation: 'unwatch', effect: 'idempotent', reference } as const
    return await this.#operations.perform(call, options, async () => {
      const request = { method: 'POST', url: '/calendar/v3/channels/stop', idempotencyKey: id }
      try {
        await this.#api.send(call, { ...request, json: { id, resourceId } })
        return { stopped: true }
      } catch (error) {
        if (CalendarError.isInstance(error) && error.code === 'not_found') return { stopped: false }
        throw error
      }
    })
  }
}

function expectAddress(address: string): void {
  const url = typeof address === 'string' ? URL.parse(address) : null
  const isNear = url?.protocol === 'http:' && url.hostname === '127.0.0.1'
  if (url?.protocol === 'https:' || isNear) return
  throw new TypeError('Expected address to be a URL of https')
}
