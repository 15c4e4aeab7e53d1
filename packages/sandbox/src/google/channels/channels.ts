import { createHash } from 'node:crypto'
import { isJsonObject, type JsonObject, textOf } from '../../json.ts'
import { ACL_LIST_PARAMETERS } from '../acl/acl.ts'
import { findCalendar, listOf, notFound } from '../api/access.ts'
import { CalendarFailure, invalid } from '../api/failure.ts'
import type { Call, Method } from '../api/method.ts'
import { type Fields, flag, readOnly, text, texts } from '../api/shape.ts'
import { CALENDAR_LIST_PARAMETERS } from '../calendars/calendar-list.ts'
import type { GoogleService } from '../core/service.ts'
import { entry, type StoredChannel, type WatchedResource } from '../core/state.ts'
import { LIST_PARAMETERS } from '../events/list-query.ts'
import { resourceUri } from './notifier.ts'

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
    run: (call) => Response.json(watch(call, 'events', calendarOf(call, 'events.watch'))),
  },
  {
    name: 'acl.watch',
    verb: 'POST',
    path: '/calendar/v3/calendars/:calendarId/acl/watch',
    parameters: ACL_LIST_PARAMETERS,
    body: CHANNEL,
    reply: CHANNEL,
    run: (call) => Response.json(watch(call, 'acl', calendarOf(call, 'acl.watch'))),
  },
  {
    name: 'calendarList.watch',
    verb: 'POST',
    path: '/calendar/v3/users/me/calendarList/watch',
    parameters: CALENDAR_LIST_PARAMETERS,
    body: CHANNEL,
    reply: CHANNEL,
    run: (call) => Response.json(watch(call, 'calendarList', call.grant.email)),
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

function calendarOf({ service, grant, part }: Call, method: string): string {
  return findCalendar(service, grant, part('calendarId'), method).id
}

function watch(
  { service, grant, body }: Call,
  resource: WatchedResource,
  calendarId: string,
): JsonObject {
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
  const watched = `${resource} ${calendarId}`
  const channel: StoredChannel = {
    id,
    address,
    token,
    email: grant.email,
    resource,
    calendarId,
    resourceId: createHash('sha256').update(watched).digest('base64url').slice(0, 27),
    expiresAt: service.now() + secondsOf(body, service.now()) * 1_000,
    seen: 0,
    number: 0,
    stopped: false,
  }
  channel.seen = revisionOf(service, channel) ?? 0
  service.state.channels[id] = channel
  service.notifier.send(channel, 'sync')
  return {
    kind: 'api#channel',
    id,
    resourceId: channel.resourceId,
    resourceUri: resourceUri(service.url, channel),
    ...(token === '' ? {} : { token }),
    expiration: String(channel.expiresAt),
  }
}

/** The revision of what a channel watches; none once that is gone. */
function revisionOf(
  service: GoogleService,
  { resource, calendarId }: StoredChannel,
): number | undefined {
  if (resource === 'calendarList') return listOf(service, calendarId).revision
  const calendar = entry(service.state.calendars, calendarId)
  return resource === 'acl' ? calendar?.acl.revision : calendar?.revision
}

/** Tells every channel of what has changed since it was told last. */
export function notifyChannels({ service }: Pick<Call, 'service'>): void {
  for (const channel of Object.values(service.state.channels)) {
    if (channel.stopped || channel.expiresAt <= service.now()) continue
    const revision = revisionOf(service, channel)
    if (revision === undefined || revision <= channel.seen) continue
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
