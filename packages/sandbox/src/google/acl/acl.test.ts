import type { calendar_v3 } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'

import {
  clientFor,
  email as hana,
  meeting,
  openCalendar,
  refusal,
} from '../../../test/google/fixture.ts'
import type { Role } from '../core/role.ts'

type Client = calendar_v3.Calendar

const taro = 'taro@example.com'
const calendarId = hana
const FORBIDDEN = { status: 403, reason: 'requiredAccessLevel' }

interface Shared extends AsyncDisposable {
  readonly server: Awaited<ReturnType<typeof openCalendar>>['server']
  readonly owner: Client
  readonly other: Client
}

/** A calendar with an open and a private event, and an account that has this role in it. */
async function shared(role?: Role, ...scopes: string[]): Promise<Shared> {
  const { server, client: owner } = await openCalendar()
  await owner.events.insert({ calendarId, requestBody: { ...meeting(10), id: 'open1' } })
  const secret = { ...meeting(12), id: 'private1', location: '病院', visibility: 'private' }
  await owner.events.insert({ calendarId, requestBody: secret })
  if (role) await share(owner, role)
  const other = await clientFor(server, taro, ...scopes)
  return { server, owner, other, [Symbol.asyncDispose]: () => server.close() }
}

async function share(owner: Client, role: Role, scope: object = user): Promise<void> {
  await owner.acl.insert({ calendarId, requestBody: { role, scope } })
}

const user = { type: 'user', value: taro }

const CALLS: Record<string, (client: Client) => Promise<unknown>> = {
  busy: async (client) => {
    const range = { timeMin: '2026-04-01T00:00:00Z', timeMax: '2026-04-02T00:00:00Z' }
    const { data } = await client.freebusy.query({
      requestBody: { ...range, items: [{ id: calendarId }] },
    })
    expect(data.calendars?.[calendarId]).not.toHaveProperty('errors')
  },
  list: (client) => client.events.list({ calendarId }),
  read: async (client) => {
    const { data } = await client.events.get({ calendarId, eventId: 'open1' })
    expect(data.summary).toBe('会議 10')
  },
  write: (client) => client.events.insert({ calendarId, requestBody: meeting(14) }),
  'read the private': async (client) => {
    const { data } = await client.events.get({ calendarId, eventId: 'private1' })
    expect(data.location).toBe('病院')
  },
  'write the private': (client) =>
    client.events.patch({ calendarId, eventId: 'private1', requestBody: { summary: '新' } }),
  rules: (client) => client.acl.list({ calendarId }),
  share: (client) =>
    client.acl.insert({
      calendarId,
      requestBody: { role: 'reader', scope: { type: 'user', value: 'jiro@example.com' } },
    }),
  rename: (client) => client.calendars.patch({ calendarId, requestBody: { summary: '新' } }),
}

describe('a role', () => {
  const reading = ['busy', 'list', 'read']
  const writing = [...reading, 'write', 'read the private', 'write the private', 'rules']
  test.each<[Role | undefined, string[]]>([
    [undefined, []],
    ['none', []],
    ['freeBusyReader', ['busy', 'list']],
    ['reader', reading],
    ['writerWithoutPrivateAccess', [...reading, 'write']],
    ['writer', writing],
    ['owner', [...writing, 'share', 'rename']],
  ])('%s may do what the reference says, and no more', async (role, allowed) => {
    await using it = await shared(role)
    const done: string[] = []
    for (const [name, call] of Object.entries(CALLS)) {
      await call(it.other).then(
        () => done.push(name),
        () => undefined,
      )
    }
    expect(done).toEqual(allowed)
  })

  test('that is not enough is 403; without one the calendar is not found', async () => {
    await using it = await shared('reader')
    for (const name of ['write', 'rules', 'share', 'rename']) {
      expect(await refusal(CALLS[name]?.(it.other) ?? Promise.resolve())).toEqual(FORBIDDEN)
    }
    await it.owner.acl.delete({ calendarId, ruleId: `user:${taro}` })
    const gone = it.other.events.list({ calendarId })
    expect(await refusal(gone)).toEqual({ status: 404, reason: 'notFound' })
  })

  test('of a reader shows a private event as a time that is taken, in lists and searches too', async () => {
    await using it = await shared('reader')
    const { data } = await it.other.events.list({ calendarId })
    expect([data.accessRole, data.items?.map(({ summary }) => summary)]).toEqual([
      'reader',
      ['会議 10', undefined],
    ])
    expect(data.items?.[1]).toMatchObject({ id: 'private1', visibility: 'private' })
    expect(data.items?.[1]).not.toHaveProperty('location')
    const found = await it.other.events.list({ calendarId, q: '病院' })
    expect(found.data.items).toEqual([])
    const syncToken = data.nextSyncToken ?? ''
    await it.owner.events.patch({
      calendarId,
      eventId: 'private1',
      requestBody: { summary: '診察' },
    })
    const { data: changed } = await it.other.events.list({ calendarId, syncToken })
    expect(changed.items).toMatchObject([{ id: 'private1' }])
    expect(changed.items?.[0]).not.toHaveProperty('summary')
  })

  test('may be everybody’s, or a domain’s; the highest counts', async () => {
    await using it = await shared()
    await share(it.owner, 'freeBusyReader', { type: 'default' })
    expect((await it.other.events.list({ calendarId })).data.accessRole).toBe('freeBusyReader')
    await share(it.owner, 'writer', { type: 'domain', value: 'example.com' })
    expect((await it.other.events.list({ calendarId })).data.accessRole).toBe('writer')
    expect(await refusal(share(it.owner, 'writer', { type: 'default' }))).toMatchObject({
      status: 400,
    })
  })
})

test('calendar.events.owned reaches calendars that the account owns, calendar.events all', async () => {
  await using it = await shared('writer', 'calendar.events.owned')
  const refused = { status: 403, reason: 'insufficientPermissions' }
  expect(await refusal(it.other.events.list({ calendarId }))).toEqual(refused)
  const wider = await clientFor(it.server, taro, 'calendar.events')
  const { data } = await wider.events.insert({ calendarId, requestBody: meeting(15) })
  expect(data).toMatchObject({ creator: { email: taro }, organizer: { email: hana, self: true } })
})

test('a shared calendar is in the list of an account that puts it there, until it is shared no more', async () => {
  await using it = await shared('reader')
  const { data: before } = await it.other.calendarList.list()
  expect(before.items?.map(({ id }) => id)).toEqual([taro])
  const { data: own } = await it.other.calendarList.insert({ requestBody: { id: calendarId } })
  expect(own).toMatchObject({ id: hana, accessRole: 'reader' })
  expect(own).not.toHaveProperty('primary')
  const syncToken = before.nextSyncToken ?? ''
  const writers = await it.other.calendarList.list({ minAccessRole: 'writer' })
  expect(writers.data.items?.map(({ id }) => id)).toEqual([taro])
  await share(it.owner, 'writer')
  const { data: raised } = await it.other.calendarList.list({ syncToken })
  expect(raised.items).toMatchObject([{ id: hana, accessRole: 'writer' }])
  await it.owner.acl.delete({ calendarId, ruleId: `user:${taro}` })
  const { data: gone } = await it.other.calendarList.list({ syncToken })
  expect(gone.items).toMatchObject([{ id: hana, deleted: true }])
})

test('rules are listed, synced, changed where If-Match agrees, and deleted', async () => {
  await using it = await shared()
  const rules = async (query: object = {}): Promise<unknown[]> => {
    const { data } = await it.owner.acl.list({ calendarId, ...query })
    return (data.items ?? []).map(({ id, role }) => `${role} ${id}`)
  }
  const first = await it.owner.acl.list({ calendarId })
  const syncToken = first.data.nextSyncToken ?? ''
  await share(it.owner, 'reader')
  expect(await rules()).toEqual([`owner user:${hana}`, `reader user:${taro}`])
  const ruleId = `user:${taro}`
  const { data } = await it.owner.acl.get({ calendarId, ruleId })
  expect(data.scope).toEqual(user)
  const patch = { calendarId, ruleId, requestBody: { role: 'writer' } }
  await it.owner.acl.patch(patch, { headers: { 'If-Match': data.etag ?? '' } })
  const stale = it.owner.acl.update(patch, { headers: { 'If-Match': data.etag ?? '' } })
  expect(await refusal(stale)).toMatchObject({ status: 412 })
  expect(await rules({ syncToken })).toEqual([`writer user:${taro}`])
  await it.owner.acl.delete({ calendarId, ruleId })
  expect(await rules()).toEqual([`owner user:${hana}`])
  expect(await rules({ showDeleted: true })).toEqual([`owner user:${hana}`, `none user:${taro}`])
  expect(await refusal(it.owner.acl.get({ calendarId, ruleId }))).toMatchObject({ status: 404 })
  await it.server.invalidateSyncTokens(hana)
  expect(await refusal(rules({ syncToken }))).toEqual({ status: 410, reason: 'fullSyncRequired' })
})

test.each([
  ['its own role', { role: 'reader', scope: { type: 'user', value: hana } }, 403],
  ['no role', { scope: user }, 400],
  ['no scope', { role: 'reader' }, 400],
  ['a scope without a value', { role: 'reader', scope: { type: 'user' } }, 400],
  ['a role that there is not', { role: 'king', scope: user }, 400],
  ['a group', { role: 'reader', scope: { type: 'group', value: 'g@example.com' } }, 501],
])('a rule with %s is refused', async (_what, requestBody, status) => {
  await using it = await shared()
  expect(await refusal(it.owner.acl.insert({ calendarId, requestBody }))).toMatchObject({ status })
})
