import { createHmac, timingSafeEqual } from 'node:crypto'

/** A calendar of an account. */
export interface WatchedPlace {
  readonly reference: string
  readonly calendarId: string
}

/**
 * Signs channels, so that a notification is believed by any process that has the secret, whether it has
 * opened the channel or not: the place is in the address, and the token says that address and channel belong
 * together.
 */
export class ChannelTokens {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  /** The address of a place's notifications. */
  addressOf(address: string, { reference, calendarId }: WatchedPlace): string {
    const url = new URL(address)
    const place = Buffer.from(JSON.stringify([reference, calendarId])).toString('base64url')
    url.searchParams.set('place', place)
    return url.href
  }

  tokenOf(channelId: string, { reference, calendarId }: WatchedPlace): string {
    const text = JSON.stringify(['yuzuru.channel.1', channelId, reference, calendarId])
    return createHmac('sha256', this.#secret).update(text).digest('base64url')
  }

  /** The place of a notification, or `undefined` for one that we have not asked for. */
  placeOf(request: Request): WatchedPlace | undefined {
    const channelId = request.headers.get('x-goog-channel-id') ?? ''
    const given = Buffer.from(request.headers.get('x-goog-channel-token') ?? '')
    const place = readPlace(new URL(request.url).searchParams.get('place') ?? '')
    if (place === undefined) return undefined
    const own = Buffer.from(this.tokenOf(channelId, place))
    return given.length === own.length && timingSafeEqual(given, own) ? place : undefined
  }
}

function readPlace(text: string): WatchedPlace | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    const [reference, calendarId] = Array.isArray(read) ? (read as unknown[]) : []
    if (typeof reference !== 'string' || typeof calendarId !== 'string') return undefined
    return { reference, calendarId }
  } catch {
    return undefined
  }
}
