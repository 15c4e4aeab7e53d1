import type { StoredChannel } from '../core/state.ts'

/** What a notification says: that a channel began, or that something has changed. */
type ResourceState = 'sync' | 'exists'

/** How long an address may take to answer. */
const DELIVERY_MS = 10_000

/**
 * Sends notifications, which carry no body. Google promises neither that each comes nor that it comes once:
 * `lose` leaves some out.
 */
export class Notifier {
  readonly #url: string
  readonly #pending = new Set<Promise<void>>()
  #left = 0
  #closed = false

  constructor(url: string) {
    this.#url = url
  }

  /** The next `times` are not sent. */
  lose(times: number): void {
    this.#left = times
  }

  /** Sends one, and waits for nothing. */
  send(channel: StoredChannel, state: ResourceState): void {
    if (state === 'exists' && this.#left > 0) {
      this.#left -= 1
      return
    }
    if (this.#closed) return
    const { id, address, token, resourceId, expiresAt } = channel
    channel.number += 1
    const headers = {
      'X-Goog-Channel-ID': id,
      'X-Goog-Channel-Expiration': new Date(expiresAt).toUTCString(),
      'X-Goog-Message-Number': String(channel.number),
      'X-Goog-Resource-ID': resourceId,
      'X-Goog-Resource-State': state,
      'X-Goog-Resource-URI': resourceUri(this.#url, channel),
      ...(token === '' ? {} : { 'X-Goog-Channel-Token': token }),
    }
    // Nobody listens, or too slowly: what was not heard is missing.
    const sent = deliver(address, headers).catch(() => undefined)
    this.#pending.add(sent)
    void sent.finally(() => this.#pending.delete(sent))
  }

  /** Waits until all that was sent has been answered. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
  }
}

/** What a channel watches. */
export function resourceUri(url: string, { resource, calendarId }: StoredChannel): string {
  const path =
    resource === 'calendarList'
      ? 'users/me/calendarList'
      : `calendars/${encodeURIComponent(calendarId)}/${resource}`
  return `${url}/calendar/v3/${path}?alt=json`
}

async function deliver(address: string, headers: Record<string, string>): Promise<void> {
  const signal = AbortSignal.timeout(DELIVERY_MS)
  const response = await fetch(address, { method: 'POST', headers, signal })
  await response.body?.cancel()
}
