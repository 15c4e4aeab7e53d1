import { createServer, type IncomingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { calendarId, meeting, openCalendar, refusal } from '../../../test/google/fixture.ts'

interface Listener extends AsyncDisposable {
  readonly address: string
  readonly heard: IncomingHttpHeaders[]
}

async function listen(): Promise<Listener> {
  const heard: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    heard.push(request.headers)
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const address = `http://127.0.0.1:${port}/google`
  return {
    address,
    heard,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const statesOf = ({ heard }: Listener): unknown[] =>
  heard.map((each) => each['x-goog-resource-state'])

test('a channel is told that it began, and of each change, but of those that are lost', async () => {
  await using listener = await listen()
  await using session = await openCalendar()
  const { client, server } = session
  const { address } = listener
  const requestBody = { id: 'channel-1', type: 'web_hook', address, token: 'secret' }
  const { data } = await client.events.watch({ calendarId, requestBody })
  expect(data).toMatchObject({ kind: 'api#channel', id: 'channel-1', token: 'secret' })
  await server.notified()
  await client.events.insert({ calendarId, requestBody: meeting(10) })
  await client.events.list({ calendarId })
  await server.notified()
  expect(listener.heard).toMatchObject([
    { 'x-goog-resource-state': 'sync', 'x-goog-message-number': '1' },
    {
      'x-goog-resource-state': 'exists',
      'x-goog-message-number': '2',
      'x-goog-channel-id': 'channel-1',
      'x-goog-channel-token': 'secret',
      'x-goog-resource-id': data.resourceId,
    },
  ])
  server.loseNotifications()
  await client.events.insert({ calendarId, requestBody: meeting(11) })
  await server.notified()
  expect(listener.heard).toHaveLength(2)
  await client.events.insert({ calendarId, requestBody: meeting(12) })
  await server.notified()
  expect(listener.heard).toHaveLength(3)
})

test('a channel that is stopped, or whose time is over, is told no more', async () => {
  let time = Date.now()
  await using listener = await listen()
  await using session = await openCalendar({ now: () => time })
  const { client, server } = session
  const { address } = listener
  const watch = async (id: string, ttl: string): Promise<string> => {
    const requestBody = { id, type: 'web_hook', address, params: { ttl } }
    const { data } = await client.events.watch({ calendarId, requestBody })
    return data.resourceId ?? ''
  }
  const resourceId = await watch('a', '3000')
  await watch('b', '60')
  await client.channels.stop({ requestBody: { id: 'a', resourceId } })
  time += 61_000
  await client.events.insert({ calendarId, requestBody: meeting(10) })
  await server.notified()
  expect(statesOf(listener)).toEqual(['sync', 'sync'])
  const again = { requestBody: { id: 'b', resourceId } }
  expect(await refusal(client.channels.stop(again))).toMatchObject({ status: 404 })
})

test('what Google refuses of a channel is refused', async () => {
  await using session = await openCalendar()
  const { client } = session
  const good = { id: 'a', type: 'web_hook', address: 'https://example.jp/google' }
  const watch = (change: object): ReturnType<typeof refusal> =>
    refusal(client.events.watch({ calendarId, requestBody: { ...good, ...change } }))
  const near = { address: 'http://127.0.0.1:1/google' }
  expect(await watch({ address: 'http://example.jp/google' })).toEqual({
    status: 400,
    reason: 'push.webhookUrlNotHttps',
  })
  expect(await watch({ type: 'email' })).toMatchObject({ status: 400 })
  expect(await watch({ id: 'an id' })).toMatchObject({ status: 400 })
  expect(await watch({ token: 'x'.repeat(257) })).toMatchObject({ status: 400 })
  expect(await watch(near)).toMatchObject({ status: 200 })
  expect(await watch(near)).toEqual({ status: 400, reason: 'channelIdNotUnique' })
})

test('channels are for the list of calendars and for rules too, each told of its own', async () => {
  await using listener = await listen()
  await using session = await openCalendar()
  const { client, server } = session
  const { address } = listener
  const body = (id: string): { id: string; type: string; address: string } => {
    return { id, type: 'web_hook', address }
  }
  const { data: calendar } = await client.calendars.insert({ requestBody: { summary: '二課' } })
  const second = calendar.id ?? ''
  await client.calendarList.watch({ requestBody: body('list') })
  await client.acl.watch({ calendarId: second, requestBody: body('rules') })
  await client.events.watch({ calendarId: second, requestBody: body('events') })
  const told = async (): Promise<string[]> => {
    await server.notified()
    const ids = listener.heard.splice(0).map((each) => String(each['x-goog-channel-id']))
    return ids.toSorted()
  }
  expect(await told()).toEqual(['events', 'list', 'rules'])
  await client.events.insert({ calendarId: second, requestBody: meeting(10) })
  expect(await told()).toEqual(['events'])
  await client.calendarList.patch({ calendarId: second, requestBody: { hidden: true } })
  expect(await told()).toEqual(['list'])
  const scope = { type: 'user', value: 'taro@example.com' }
  await client.acl.insert({ calendarId: second, requestBody: { role: 'reader', scope } })
  expect(await told()).toContain('rules')
  // Nothing is told of a calendar that is gone, and nothing breaks.
  await client.calendars.delete({ calendarId: second })
  expect(await told()).toEqual(['list'])
})
