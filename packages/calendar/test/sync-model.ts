import { type Arbitrary, array, constantFrom, nat, record } from 'fast-check'
import { expect } from 'vitest'
import type { Calendar } from '../src/calendar.ts'
import { CalendarError } from '../src/calendar-error.ts'
import type { CalendarEvent } from '../src/events/calendar-event.ts'
import type { CreatedEvent } from '../src/events/create-event.ts'
import type { EventChange } from '../src/events/sync.ts'
import { collect } from '../src/testing/calendar-fixture.ts'

export const email = 'hana@example.com'
const EVENTS = '/calendar/v3/calendars/primary/events'

/** What an application keeps of a calendar, and the cursor. */
export class Copy {
  #kept: Map<string, EventChange> = new Map()
  #cursor: string | undefined

  /**
   * Both are replaced at once, as in a transaction.
   *
   * @param crashAfter after so many pages the process dies, and what was not stored is lost
   * @param meanwhile is done once the first page has come
   */
  async sync(
    calendar: Calendar,
    crashAfter: number = Infinity,
    meanwhile: () => unknown = () => undefined,
  ): Promise<void> {
    // Where there is no cursor yet, everything comes, and what was kept before is of no use.
    const draft = new Map(this.#cursor === undefined ? [] : this.#kept)
    let pages = 0
    const query = { cursor: this.#cursor, pageSize: 2 }
    for await (const { reset, changes, nextCursor } of calendar.sync('us', query)) {
      if ((pages += 1) > crashAfter) return
      if (reset) draft.clear()
      for (const change of changes) apply(draft, change)
      if (pages === 1) await meanwhile()
      if (nextCursor === undefined) continue
      this.#kept = draft
      this.#cursor = nextCursor
    }
  }

  /**
   * Without a transaction: each change is applied where it is kept, twice, until the process dies after so many, in
   * the middle of a page; the cursor is not stored, so all of them come again.
   */
  async tear(calendar: Calendar, changesLeft: number): Promise<void> {
    let left = changesLeft
    if (this.#cursor === undefined) this.#kept.clear()
    for await (const { reset, changes } of calendar.sync('us', {
      cursor: this.#cursor,
      pageSize: 2,
    })) {
      if (reset) this.#kept.clear()
      for (const change of [...changes, ...changes]) {
        if ((left -= 1) < 0) return
        apply(this.#kept, change)
      }
    }
  }

  get events(): string[] {
    // One occurrence of a series to which we are not asked: where it is called off, nothing is left of it.
    const kept = [...this.#kept.values()].filter(
      (each) => each.type !== 'occurrence-cancelled' || this.#kept.has(each.seriesId),
    )
    return Array.from(kept, (change) => {
      const said = change.type === 'changed' ? shown(change.event) : ''
      return `${change.type} ${change.id} ${said}`
    }).toSorted()
  }
}

function apply(copy: Map<string, EventChange>, change: EventChange): void {
  if (change.type !== 'deleted') return void copy.set(change.id, change)
  copy.delete(change.id)
  for (const [id, kept] of copy) {
    const series = kept.type === 'changed' ? kept.event.seriesId : undefined
    const of = kept.type === 'occurrence-cancelled' ? kept.seriesId : series
    if (of === change.id) copy.delete(id)
  }
}

/** All that the package shows of an event, and what Google said, whatever the order of the fields. */
function shown(event: CalendarEvent): string {
  return JSON.stringify(event, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}

export interface Step {
  readonly what: string
  /** Which event, and how it is changed. */
  readonly which: number
  readonly how: number
}

const at = (day: number, hour: number): Date => new Date(Date.UTC(2026, 3, 1 + day, hour))
const idOf = (which: number): string => `event000${which % 4}`
const occurrenceOf = (which: number): string => `${idOf(which)}_2026040${1 + (which % 3)}T010000Z`
/** A person, in Google's pages: another grant of the same account, without our keys and digests. */
export const PERSON = 'person'

export interface Stage {
  readonly calendar: Calendar
  readonly copy: Copy
  readonly fixture: {
    invalidateSyncTokens(email: string): void | Promise<void>
    dropReply(line: string, times: number): void
  }
}

/** Somebody else, whose events we are guests of. */
export const HOST = 'host'
export const hostEmail = 'host@example.com'
const theirs = (which: number): string => `theirs00${which % 2}`
const theirOccurrence = (which: number): string =>
  `${theirs(which)}_2026040${1 + (which % 3)}T010000Z`

const daily = (count: number): string[] => [`RRULE:FREQ=DAILY;COUNT=${1 + count}`]

const STEPS: Readonly<Record<string, (stage: Stage, step: Step) => unknown>> = {
  create: async ({ calendar }: Stage, { which, how }: Step) => {
    const times = { start: at(how, 1), end: at(how, 2), timeZone: 'Asia/Tokyo' }
    const event = { id: idOf(which), summary: `新 ${how}`, ifDeleted: 'restore', ...times } as const
    await calendar.events.create('us', event)
  },
  createSeries: async ({ calendar }: Stage, { which, how }: Step) => {
    const times = { start: at(0, 1), end: at(0, 2), timeZone: 'Asia/Tokyo' }
    const event = { id: idOf(which), summary: '定例', ifDeleted: 'restore', ...times } as const
    await calendar.events.create('us', { ...event, recurrence: daily(how) })
  },
  repeatCreate: async ({ calendar, fixture }: Stage, { which, how }: Step) => {
    const times = { start: at(which % 3, 3), end: at(which % 3, 4), timeZone: 'Asia/Tokyo' }
    const ifDeleted = (['fail', 'restore', 'recreate'] as const)[which % 3]
    const key = `${ifDeleted} ${which % 2}`
    const event = { idempotencyKey: key, summary: `鍵 ${key}`, ifDeleted, ...times }
    const create = (): Promise<CreatedEvent> => calendar.events.create('us', event)
    if (how % 2 === 0) fixture.dropReply(`POST ${EVENTS}`, 1)
    const first = await create().catch((error: unknown) => error)
    // What was lost may have been that the key is taken, so only an answer that came says whose the event is.
    if (CalendarError.isInstance(first) && first.outcome === 'none') throw first
    const again = await create()
    if (!CalendarError.isInstance(first)) {
      expect(again).toEqual({ ...(first as CreatedEvent), created: false })
    }
    if (how > 2) await calendar.events.delete(PERSON, { id: again.event.id })
  },
  rename: async ({ calendar }: Stage, { which, how }: Step) =>
    await calendar.events.update(PERSON, { id: idOf(which), summary: `題 ${how}` }),
  rule: async ({ calendar }: Stage, { which, how }: Step) => {
    const times = { start: at(0, 1), end: at(0, 2), timeZone: 'Asia/Tokyo' }
    await calendar.events.update(PERSON, { id: idOf(which), ...times, recurrence: daily(how) })
  },
  single: async ({ calendar }: Stage, { which }: Step) =>
    await calendar.events.update(PERSON, { id: idOf(which), recurrence: null }),
  delete: async ({ calendar }: Stage, { which }: Step) =>
    await calendar.events.delete(PERSON, { id: idOf(which) }),
  moveOccurrence: async ({ calendar }: Stage, { which, how }: Step) =>
    await calendar.events.update(PERSON, {
      id: occurrenceOf(which),
      start: at(5, how),
      end: at(5, how + 1),
    }),
  deleteOccurrence: async ({ calendar }: Stage, { which }: Step) =>
    await calendar.events.delete('us', { id: occurrenceOf(which) }),
  invite: async ({ calendar }: Stage, { which, how }: Step) => {
    const times = { start: at(0, 1), end: at(0, 2), timeZone: 'Asia/Tokyo' }
    const event = {
      id: theirs(which),
      summary: `招待 ${how}`,
      ifDeleted: 'restore',
      ...times,
    } as const
    const series = how % 2 === 0 ? {} : { recurrence: daily(how) }
    await calendar.events.create(HOST, { ...event, ...series, attendees: [email] })
  },
  inviteAgain: async ({ calendar }: Stage, { which }: Step) =>
    await calendar.events.update(HOST, { id: theirs(which), attendees: { add: [email] } }),
  takeOff: async ({ calendar }: Stage, { which }: Step) =>
    await calendar.events.update(HOST, { id: theirs(which), attendees: { remove: [email] } }),
  inviteOnce: async ({ calendar }: Stage, { which, how }: Step) => {
    const attendees = how % 2 === 0 ? { add: [email] } : { remove: [email] }
    await calendar.events.update(HOST, { id: theirOccurrence(which), attendees })
  },
  theirRename: async ({ calendar }: Stage, { which, how }: Step) => {
    const id = how % 2 === 0 ? theirs(which) : theirOccurrence(which)
    await calendar.events.update(HOST, { id, summary: `題 ${how}` })
  },
  theirRule: async ({ calendar }: Stage, { which, how }: Step) => {
    const times = { start: at(0, 1), end: at(0, 2), timeZone: 'Asia/Tokyo' }
    await calendar.events.update(HOST, { id: theirs(which), ...times, recurrence: daily(how) })
  },
  theirDelete: async ({ calendar }: Stage, { which, how }: Step) => {
    const id = how % 2 === 0 ? theirs(which) : theirOccurrence(which)
    await calendar.events.delete(HOST, { id })
  },
  answer: async ({ calendar }: Stage, { which, how }: Step) => {
    const id = how % 2 === 0 ? theirs(which) : theirOccurrence(which)
    await calendar.events.respond('us', { id, response: 'accepted' })
  },
  takeAway: async ({ calendar }: Stage, { which, how }: Step) => {
    const id = how % 2 === 0 ? theirs(which) : theirOccurrence(which)
    await calendar.events.delete('us', { id })
  },
  expire: async ({ fixture }: Stage) => await fixture.invalidateSyncTokens(email),
  losePage: ({ fixture }: Stage) => fixture.dropReply(`GET ${EVENTS}`, 1),
  crash: async ({ calendar, copy }: Stage, { how }: Step) => await copy.sync(calendar, how),
  editMeanwhile: async (stage: Stage, step: Step) => {
    const edits = ['rename', 'delete', 'create', 'deleteOccurrence', 'moveOccurrence', 'rule']
    const edit = STEPS[edits[(step.which + step.how) % edits.length] ?? '']
    // That it is refused is no matter of the sync around it.
    const meanwhile = async (): Promise<unknown> =>
      await Promise.try(() => edit?.(stage, step)).catch(refused)
    await stage.copy.sync(stage.calendar, Infinity, meanwhile)
  },
  tear: async ({ calendar, copy }: Stage, { which, how }: Step) =>
    await copy.tear(calendar, which + how),
  sync: async ({ calendar, copy }: Stage) => await copy.sync(calendar),
}

/** Those that need another account. */
const OF_HOSTS: ReadonlySet<string> = new Set([
  'invite',
  'inviteAgain',
  'takeOff',
  'inviteOnce',
  'theirRename',
  'theirRule',
  'theirDelete',
  'answer',
  'takeAway',
])

/** What may be done, in a row; `'alone'`: by one account, whose cursors can't be made to expire. */
export function stepsOf(who: 'all' | 'alone', most: number): Arbitrary<Step[]> {
  const names = Object.keys(STEPS).filter(
    (name) => who === 'all' || !(OF_HOSTS.has(name) || name === 'expire'),
  )
  const step = record({
    what: constantFrom(...names),
    which: nat({ max: 11 }),
    how: nat({ max: 4 }),
  })
  return array(step, { minLength: 4, maxLength: most })
}

/** An edit that Google refuses, or a page that is lost, is no matter of the copy. */
function refused(error: unknown): void {
  if (!CalendarError.isInstance(error)) throw error
}

export async function play(stage: Stage, steps: readonly Step[]): Promise<void> {
  for (const each of steps) {
    try {
      await STEPS[each.what]?.(stage, each)
    } catch (error) {
      refused(error)
    }
  }
  const { calendar, copy } = stage
  // Pages that were to be lost may be lost now.
  for (const _ of [...steps, 'the last']) {
    const lost = await copy.sync(calendar).catch((error: unknown) => error)
    if (!CalendarError.isInstance(lost)) break
  }
  const fresh = new Copy()
  await fresh.sync(calendar)
  expect(copy.events).toEqual(fresh.events)
  const listed = await collect(calendar.events.list('us'))
  const living = copy.events.filter((each) => each.startsWith('changed'))
  const expected = listed.filter(({ status }) => status !== 'cancelled')
  expect(living).toEqual(expected.map((each) => `changed ${each.id} ${shown(each)}`).toSorted())
}
