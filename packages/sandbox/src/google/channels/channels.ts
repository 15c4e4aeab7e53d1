import { createHash } from 'node:crypto'
import { isJsonObject, type JsonObject, textOf } from '../../json.ts'
import { calendarOf, findCalendar, notFound } from '../api/access.ts'
import { CalendarFailure, invalid } from '../api/failure.ts'
import type { Call, Method } from '../api/method.ts'
import { type Fields, flag, readOnly, text, texts } from '../api/shape.ts'
import { entry, type StoredChannel } from '../core/state.ts'
import { LIST_PARAMETERS } from '../events/list-query.ts'

/** A week, where a client asks for no other time. */
const TTL_SECONDS = 604_800

/** Of events: about a month. */
const MOST_SECONDS = 2_592_000

/** Source: https://developers.google.com/workspace/calendar/api/guides/push */
export const CHANNEL: Fields = {
  address: text,
  expiration: text,
  id: text,
  kind: readOnly,
  params: texts,
  payload: flag,
  resourceId: text,
  resourceUri: readOnly,
  token: text,
  type: text,
}

export const channelMethods: readonly Method[] = [
  {
    name: 'events.watch',
    verb: 'POST',
    path: '/calendar/v3/calendars/:calendarId/events/watch',
    parameters: LIST_PARAMETERS,
    body: CHANNEL,
    reply: CHANNEL,
    run: (call) => Response.json(watch(call)),
  },
  {
    name: 'channels.stop',
    verb: 'POST',
    path: '/calendar/v3/channels/stop',
    parameters: {},
    body: CHANNEL,
    run: (call) => {
      const { service, grant, body } = call
      const channel = entry(service.state.channels, textOf(body['id']))
      const isThis = channel?.resourceId === body['resourceId'] && channel?.email === grant.email
      if (channel === undefined || !isThis || channel.expiresAt <= service.now()) {
        throw new CalendarFailure(404, 'notFound', `Channel '${textOf(body['id'])}' not found`)
      }
      channel.stopped = true
      return new Response(null, { status: 204 })
    },
  },
]

function watch({ service, grant, part, body }: Call): JsonObject {
  const calendar = findCalendar(service, grant, part('calendarId'), 'events.watch')
  const id = textOf(body['id'])
  const address = textOf(body['address'])
  const token = textOf(body['token'])
  if (!/^[A-Za-z0-9\-_+/=]{1,64}$/.test(id)) throw invalid('Invalid channel id.')
  if (body['type'] !== 'web_hook') throw invalid('Unknown channel type.')
  if (token.length > 256) throw invalid('Channel token is too long.')
  expectAddress(address)
  // Also that of one that was stopped.
  if (entry(service.state.channels, id)) {
    throw new CalendarFailure(400, 'channelIdNotUnique', `Channel id ${id} not unique`)
  }
  const channel: StoredChannel = {
    id,
    address,
    token,
    email: grant.email,
    calendarId: calendar.id,
    resourceId: createHash('sha256').update(calendar.id).digest('base64url').slice(0, 27),
    expiresAt: service.now() + secondsOf(body, service.now()) * 1_000,
    seen: calendar.revision,
    number: 0,
    stopped: false,
  }
  service.state.channels[id] = channel
  service.notifier.send(channel, 'sync')
  return {
    kind: 'api#channel',
    id,
    resourceId: channel.resourceId,
    resourceUri: uriOf(service.url, channel),
    ...(token === '' ? {} : { token }),
    expiration: String(channel.expiresAt),
  }
}

/** What a channel watches. */
function uriOf(url: string, { calendarId }: StoredChannel): string {
  return `${url}/calendar/v3/calendars/${encodeURIComponent(calendarId)}/events?alt=json`
}

/** Tells every channel whose calendar has changed since it was told last. */
export function notifyChannels({ service }: Pick<Call, 'service'>): void {
  for (const channel of Object.values(service.state.channels)) {
    if (channel.stopped || channel.expiresAt <= service.now()) continue
    const { revision } = calendarOf(service, channel.calendarId)
    if (revision <= channel.seen) continue
    channel.seen = revision
    service.notifier.send(channel, 'exists')
  }
}

/** Over TLS only, but for this machine. */
function expectAddress(address: string): void {
  const url = URL.parse(address)
  if (url === null) throw notFound()
  const isNear = url.protocol === 'http:' && url.hostname === '127.0.0.1'
  if (url.protocol === 'https:' || isNear) return
  const message = `WebHook callback must be HTTPS: ${address}`
  throw new CalendarFailure(400, 'push.webhookUrlNotHttps', message)
}

function secondsOf(body: JsonObject, now: number): number {
  const { params, expiration } = body
  const ttl = isJsonObject(params) ? textOf(params['ttl']) : ''
  const asked =
    ttl === '' && typeof expiration === 'string' ? (Number(expiration) - now) / 1_000 : Number(ttl)
  if (ttl === '' && expiration === undefined) return TTL_SECONDS
  if (!(asked > 0)) throw invalid('Invalid channel expiration.')
  return Math.min(asked, MOST_SECONDS)
}
