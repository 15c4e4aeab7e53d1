import type { calendar_v3 } from '@googleapis/calendar'
import type { FakeEvents } from './fake-events.ts'
import { FakeRefusal } from './fake-refusal.ts'

interface FakeChannel {
  readonly events: FakeEvents
  readonly given: calendar_v3.Schema$Channel
  readonly resourceId: string
  readonly expiresAt: number
  seen: number
  number: number
  stopped: boolean
}

/** The channels of the fake Google. Nothing is sent: a test takes the notifications, or loses them. */
export class FakeChannels {
  readonly #channels = new Map<string, FakeChannel>()

  open(events: FakeEvents, given: calendar_v3.Schema$Channel): calendar_v3.Schema$Channel {
    const { id = '', token, params } = given
    if (this.#channels.has(id ?? '')) throw FakeRefusal.ofCalendar(400, 'channelIdNotUnique')
    const resourceId = `resource-${events.id}`
    const expiresAt = Date.now() + Number(params?.['ttl'] ?? 604_800) * 1_000
    const channel = { events, given, resourceId, expiresAt, seen: events.revision, number: 1 }
    this.#channels.set(id ?? '', { ...channel, stopped: false })
    const expiration = String(expiresAt)
    return { kind: 'api#channel', id, resourceId, expiration, ...(token ? { token } : {}) }
  }

  stop({ id, resourceId }: calendar_v3.Schema$Channel): void {
    const channel = this.#channels.get(id ?? '')
    const isOpen = channel?.resourceId === resourceId && channel?.stopped === false
    if (channel === undefined || !isOpen) throw FakeRefusal.ofCalendar(404, 'notFound')
    channel.stopped = true
  }

  /** What Google would send now; each is given once. */
  notifications(): Request[] {
    const changed = [...this.#channels.values()].filter(
      ({ events, seen, stopped, expiresAt }) =>
        !stopped && expiresAt > Date.now() && events.revision > seen,
    )
    return changed.map((channel) => {
      channel.seen = channel.events.revision
      channel.number += 1
      const { id, token, address } = channel.given
      return new Request(address ?? '', {
        method: 'POST',
        headers: {
          'X-Goog-Channel-ID': id ?? '',
          'X-Goog-Channel-Token': token ?? '',
          'X-Goog-Message-Number': String(channel.number),
          'X-Goog-Resource-ID': channel.resourceId,
          'X-Goog-Resource-State': 'exists',
        },
      })
    })
  }
}
