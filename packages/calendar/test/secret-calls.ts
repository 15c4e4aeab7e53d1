import { tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { taskTree } from '@yuzuru/concurrency/inspect'
import type { Calendar } from '../src/calendar.ts'
import { collect, meeting } from '../src/testing/calendar-fixture.ts'

export const me = 'secret-me@example.com'
const guest = 'secret-guest@example.com'
const id = 'plan0001'

/** What nobody may read who reads the logs: tokens of every kind, addresses, and what events say. */
const SECRET = /ya29|1\/\/|GOCSPX|secret-|secret%|秘密|eyJ|channel-token/

/** Listens to all that is said of calls. */
export interface Listener extends Disposable {
  readonly note: (value: unknown) => void
  readonly count: number
  /** What of it should have been said to nobody. */
  secrets(): string[]
}

export function listen(): Listener {
  const seen: string[] = []
  const note = (value: unknown): void => {
    seen.push(inspect(value, { depth: 12, showHidden: true, maxStringLength: null }))
    if (value instanceof Error) seen.push(String(value.stack), JSON.stringify(value))
    seen.push(inspect(taskTree(), { depth: 12 }))
  }
  const traced = { start: note, end: note, asyncStart: note, asyncEnd: note, error: note }
  const channel = tracingChannel('yuzuru:io')
  channel.subscribe(traced)
  return {
    note,
    get count() {
      return seen.length
    },
    secrets: () => seen.flatMap((each) => SECRET.exec(each)?.[0] ?? []),
    [Symbol.dispose]: () => channel.unsubscribe(traced),
  }
}

/** Every verb, with secrets in all that it is given. */
export function secretCalls(calendar: Calendar): Record<string, () => Promise<unknown>> {
  const text = { summary: '秘密の題', description: '秘密', location: '秘密の場所' }
  const event = { ...meeting(1), ...text, id, attendees: [me, guest] }
  return {
    create: () => calendar.events.create('staff-1', event),
    'create by key': () => {
      return calendar.events.create('staff-1', {
        ...event,
        id: undefined,
        idempotencyKey: '秘密',
      })
    },
    get: () => calendar.events.get('staff-1', { id, calendarId: me }),
    update: () => calendar.events.update('staff-1', { id, ...text, etag: '"0"' }),
    guests: () => calendar.events.update('staff-1', { id, attendees: { remove: [guest] } }),
    respond: () =>
      calendar.events.respond('staff-1', { id, response: 'accepted', comment: '秘密の理由' }),
    move: () => calendar.events.move('staff-1', { id, calendarId: me, to: 'secret-other' }),
    list: () => collect(calendar.events.list('staff-1', { calendarId: me })),
    instances: () => collect(calendar.events.instances('staff-1', { id, calendarId: me })),
    sync: () => collect(calendar.sync('staff-1', { calendarId: me, cursor: 'secret-cursor' })),
    freeBusy: () => {
      const { start: from, end: to } = meeting(1)
      return calendar.freeBusy('staff-1', { from, to, calendarIds: [me, guest] })
    },
    calendars: () => calendar.calendars.create('staff-1', { summary: '秘密の暦' }),
    watch: () =>
      calendar.watch('staff-1', {
        calendarId: me,
        address: 'https://secret-host.example.jp/google?place=secret-place',
        token: 'channel-token',
      }),
    native: () =>
      calendar.client('staff-1').events.insert({
        calendarId: me,
        requestBody: { summary: '秘密の題', attendees: [{ email: guest }] },
      }),
    delete: () => calendar.events.delete('staff-1', { id, calendarId: me, etag: '"0"' }),
    exchange: () =>
      calendar.exchange({
        reference: 'staff-1',
        state: 'secret-'.repeat(5),
        code: '4/secret-code',
      }),
  }
}
