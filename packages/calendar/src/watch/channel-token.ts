import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** A calendar of an account. */
export interface WatchedPlace {
  readonly reference: string
  readonly calendarId: string
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Signs channels, so that a notification is believed by any process that has the secret, whether it has
 * opened the channel or not: the place is in the address, and the token says that address and channel belong
 * together. The place is sealed: an address stands in access logs, and a calendar's id is often a person's
 * address.
 */
export class ChannelTokens {
  readonly #secret: string
  readonly #key: Buffer

  constructor(secret: string) {
    this.#secret = secret
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'yuzuru.channel.place.1', 32))
  }

  /** The address of a place's notifications; another one each time. */
  addressOf(address: string, { reference, calendarId }: WatchedPlace): string {
    const url = new URL(address)
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
    const text = JSON.stringify([reference, calendarId])
    const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
    url.searchParams.set('place', Buffer.concat(sealed).toString('base64url'))
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
    const place = this.#open(new URL(request.url).searchParams.get('place') ?? '')
    if (place === undefined) return undefined
    const own = Buffer.from(this.tokenOf(channelId, place))
    return given.length === own.length && timingSafeEqual(given, own) ? place : undefined
  }

  #open(text: string): WatchedPlace | undefined {
    const sealed = Buffer.from(text, 'base64url')
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    try {
      const opened = [decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]
      const [reference, calendarId] = JSON.parse(Buffer.concat(opened).toString()) as string[]
      if (reference === undefined || calendarId === undefined) return undefined
      return { reference, calendarId }
    } catch {
      return undefined
    }
  }
}
