import type { calendar_v3 } from '@googleapis/calendar'
import { describe, expect, test } from 'vitest'

import { calendarId, email as hana, meeting, refusal } from '../../../test/google/fixture.ts'
import {
  answering,
  answers,
  change,
  id,
  jiro,
  place,
  read,
  stage,
  taro,
} from '../../../test/google/invited.ts'

describe('a guest’s copy', () => {
  test('has the id, the organizer and what all share, and its own colour and reminders', async () => {
    await using it = await stage({
      colorId: '3',
      reminders: { useDefault: false, overrides: [{ method: 'popup', minutes: 5 }] },
      extendedProperties: { private: { ours: '1' }, shared: { all: '2' } },
    })
    const copy = await read(it.guest)
    expect(copy).toMatchObject({
      id,
      summary: '会議 10',
      organizer: { email: hana },
      creator: { email: hana },
      reminders: { useDefault: true },
      extendedProperties: { shared: { all: '2' } },
    })
    expect(copy.organizer).not.toHaveProperty('self')
    expect(copy).not.toHaveProperty('colorId')
    expect(copy.extendedProperties).not.toHaveProperty('private')
    expect(copy.attendees?.filter(({ self }) => self)).toMatchObject([{ email: taro }])
    await change(it.guest, { colorId: '7', extendedProperties: { private: { mine: '3' } } })
    await change(it.organizer, { summary: '新' })
    expect(await read(it.guest)).toMatchObject({
      summary: '新',
      colorId: '7',
      extendedProperties: { private: { mine: '3' }, shared: { all: '2' } },
    })
    expect(await read(it.organizer)).toMatchObject({ colorId: '3' })
  })

  test('is in a sync of its calendar: made, changed, cancelled', async () => {
    await using it = await stage()
    const first = await it.guest.events.list({ calendarId })
    expect(first.data.items).toMatchObject([{ id, status: 'confirmed' }])
    const syncToken = first.data.nextSyncToken ?? ''
    const changes = async (): Promise<unknown> =>
      (await it.guest.events.list({ calendarId, syncToken })).data.items
    expect(await changes()).toEqual([])
    await change(it.organizer, { colorId: '5' })
    expect(await changes()).toEqual([])
    await change(it.organizer, { summary: '新' })
    expect(await changes()).toMatchObject([{ id, summary: '新' }])
    await it.organizer.events.delete(place)
    expect(await changes()).toMatchObject([{ id, status: 'cancelled' }])
  })

  test('goes when the guest is taken off the list, and comes back when asked again', async () => {
    await using it = await stage()
    await change(it.organizer, { attendees: [{ email: jiro }] })
    expect(await read(it.guest)).toMatchObject({ status: 'cancelled' })
    expect(await read(it.other)).toMatchObject({ status: 'confirmed' })
    await change(it.organizer, { attendees: [{ email: jiro }, { email: taro }] })
    expect(await read(it.guest)).toMatchObject({ status: 'confirmed' })
  })

  test('of another event with the same id is none', async () => {
    await using it = await stage()
    const own = { ...meeting(12), id: 'meeting2', summary: '自分の' }
    await it.guest.events.insert({ calendarId, requestBody: own })
    const theirs = { ...meeting(13), id: 'meeting2', attendees: [{ email: taro }] }
    await it.organizer.events.insert({ calendarId, requestBody: theirs })
    expect((await read(it.guest, 'meeting2')).summary).toBe('自分の')
  })

  test('shows no other guests where the organizer hides them, and answers all the same', async () => {
    await using it = await stage({ guestsCanSeeOtherGuests: false })
    const copy = await read(it.guest)
    expect(copy).toMatchObject({ attendeesOmitted: true, attendees: [{ email: taro, self: true }] })
    const said = {
      attendeesOmitted: true,
      attendees: [{ email: taro, responseStatus: 'accepted' }],
    }
    await change(it.guest, said)
    expect(answers(await read(it.organizer))).toEqual([
      [taro, 'accepted'],
      [jiro, 'needsAction'],
      ['out@example.net', 'needsAction'],
    ])
  })

  test('takes the time of its guest, unless that declines', async () => {
    await using it = await stage()
    const busy = async (): Promise<number | undefined> => {
      const range = { timeMin: '2026-04-01T00:00:00Z', timeMax: '2026-04-02T00:00:00Z' }
      const requestBody = { ...range, items: [{ id: calendarId }] }
      const { data } = await it.guest.freebusy.query({ requestBody })
      return data.calendars?.[calendarId]?.busy?.length
    }
    expect(await busy()).toBe(1)
    await change(it.guest, answering(await read(it.guest), taro, 'declined'))
    expect(await busy()).toBe(0)
  })
})

describe('what a guest says', () => {
  test('reaches the organizer and the others; what it says of others does not', async () => {
    await using it = await stage()
    const both = answering(answering(await read(it.guest), taro, 'tentative'), jiro, 'accepted')
    const [mine = {}, ...others] = both.attendees ?? []
    const said = { ...mine, comment: '遅れます', additionalGuests: 2 }
    await change(it.guest, { attendees: [said, ...others] })
    const expected = [
      [taro, 'tentative'],
      [jiro, 'needsAction'],
      ['out@example.net', 'needsAction'],
    ]
    for (const each of [it.organizer, it.guest, it.other]) {
      const seen = await read(each)
      expect(answers(seen)).toEqual(expected)
      expect(seen.attendees?.[0]).toMatchObject({ comment: '遅れます', additionalGuests: 2 })
    }
  })

  test('by deleting the copy is no, and it stays away until the guest is asked anew', async () => {
    await using it = await stage()
    await it.guest.events.delete(place)
    expect(answers(await read(it.organizer))[0]).toEqual([taro, 'declined'])
    await change(it.organizer, { summary: '新' })
    expect(await read(it.guest)).toMatchObject({ status: 'cancelled' })
    const attendees = [{ email: taro, responseStatus: 'needsAction' }]
    await change(it.organizer, { attendees })
    expect(await read(it.guest)).toMatchObject({ status: 'confirmed', summary: '新' })
  })

  test('of a title stays in the copy until the organizer changes the event', async () => {
    await using it = await stage()
    await change(it.guest, { summary: '私の題' })
    expect((await read(it.organizer)).summary).toBe('会議 10')
    await change(it.other, answering(await read(it.other), jiro, 'accepted'))
    const kept = await read(it.guest)
    expect([kept.summary, answers(kept)[1]]).toEqual(['私の題', [jiro, 'accepted']])
    await change(it.organizer, { location: '会議室' })
    expect(await read(it.guest)).toMatchObject({ summary: '会議 10', location: '会議室' })
  })

  test('of a title reaches all where guests may modify, and never takes a guest off', async () => {
    await using it = await stage({ guestsCanModify: true })
    await change(it.guest, { summary: '皆の題', attendees: [{ email: taro }] })
    for (const each of [it.organizer, it.other]) {
      expect((await read(each)).summary).toBe('皆の題')
      expect(answers(await read(each))).toHaveLength(3)
    }
  })

  test('to invite others counts unless the organizer forbids it', async () => {
    await using it = await stage()
    const more = async (): Promise<void> => {
      const { attendees = [] } = await read(it.guest)
      await change(it.guest, { attendees: [...attendees, { email: 'saburo@example.com' }] })
    }
    await change(it.organizer, { guestsCanInviteOthers: false })
    await more()
    expect(answers(await read(it.organizer))).toHaveLength(3)
    await change(it.organizer, { guestsCanInviteOthers: true })
    await more()
    expect(answers(await read(it.organizer))[3]).toEqual(['saburo@example.com', 'needsAction'])
  })

  test('of what only the organizer may is 403', async () => {
    await using it = await stage()
    const refused = { status: 403, reason: 'forbiddenForNonOrganizer' }
    expect(await refusal(change(it.guest, { guestsCanModify: true }))).toEqual(refused)
    const { data } = await it.guest.calendars.insert({ requestBody: { summary: '私' } })
    const move = it.guest.events.move({ ...place, destination: data.id ?? '' })
    expect(await refusal(move)).toEqual(refused)
  })
})

describe('a series with guests', () => {
  const times = {
    start: { dateTime: '2026-04-01T10:00:00', timeZone: 'Asia/Tokyo' },
    end: { dateTime: '2026-04-01T11:00:00', timeZone: 'Asia/Tokyo' },
  }
  const recurrence = ['RRULE:FREQ=DAILY;COUNT=3']
  const second = `${id}_20260402T010000Z`
  const third = `${id}_20260403T010000Z`
  const shown = async (client: calendar_v3.Calendar): Promise<unknown[]> => {
    const { data } = await client.events.list({ calendarId, singleEvents: true })
    return (data.items ?? []).map((each) => [each.id, each.summary])
  }

  test('its exceptions are in the copies, also for a guest who comes late', async () => {
    await using it = await stage({ ...times, recurrence, attendees: [{ email: taro }] })
    await change(it.organizer, { summary: '特別' }, second)
    await it.organizer.events.delete({ calendarId, eventId: third })
    const both = [{ email: taro }, { email: jiro }]
    await change(it.organizer, { attendees: both })
    await change(it.organizer, { attendees: both }, second)
    const expected = [
      [`${id}_20260401T010000Z`, '会議 10'],
      [second, '特別'],
    ]
    for (const each of [it.organizer, it.guest, it.other])
      expect(await shown(each)).toEqual(expected)
  })

  test('an answer to one occurrence is for that one', async () => {
    await using it = await stage({ ...times, recurrence })
    await change(it.guest, answering(await read(it.guest, second), taro, 'declined'), second)
    expect(answers(await read(it.organizer, second))[0]).toEqual([taro, 'declined'])
    expect(answers(await read(it.organizer))[0]).toEqual([taro, 'needsAction'])
    await it.guest.events.delete({ calendarId, eventId: third })
    expect(answers(await read(it.organizer, third))[0]).toEqual([taro, 'declined'])
    expect(await shown(it.organizer)).toHaveLength(3)
    expect(await shown(it.guest)).toHaveLength(2)
  })

  test('a guest of one occurrence has that one, and not the series', async () => {
    await using it = await stage({ ...times, recurrence, attendees: [{ email: taro }] })
    const attendees = [{ email: taro }, { email: jiro }]
    await change(it.organizer, { attendees }, second)
    expect(await shown(it.other)).toEqual([[second, '会議 10']])
    expect(await refusal(read(it.other))).toMatchObject({ status: 404 })
    await change(it.organizer, { attendees: [{ email: taro }] }, second)
    expect(await shown(it.other)).toEqual([])
  })
})

test('a move makes the other calendar the organizer, and keeps a guest who was the organizer', async () => {
  await using it = await stage({ attendees: [{ email: taro }, { email: hana }] })
  const { data } = await it.organizer.calendars.insert({ requestBody: { summary: '二課' } })
  const destination = data.id ?? ''
  await it.organizer.events.move({ ...place, destination })
  for (const each of [it.organizer, it.guest]) {
    expect(await read(each)).toMatchObject({
      status: 'confirmed',
      organizer: { email: destination },
    })
  }
  await change(it.guest, answering(await read(it.guest), taro, 'accepted'))
  const main = await it.organizer.events.get({ calendarId: destination, eventId: id })
  expect(answers(main.data)[0]).toEqual([taro, 'accepted'])
  await it.organizer.calendars.delete({ calendarId: destination })
  expect(await read(it.guest)).toMatchObject({ status: 'cancelled' })
})

test('sendUpdates says who is mailed: all, those without an account, or nobody', async () => {
  await using it = await stage()
  const mailed = (): string[] => it.server.mails().map(({ to, about }) => `${about} ${to}`)
  expect(mailed()).toEqual([])
  const patch = { ...place, requestBody: { summary: '新' } }
  await it.organizer.events.patch({ ...patch, sendUpdates: 'externalOnly' })
  expect(mailed()).toEqual(['update out@example.net'])
  await it.guest.events.delete({ ...place, sendUpdates: 'all' })
  await it.organizer.events.delete({ ...place, sendNotifications: true })
  expect(mailed().slice(1)).toEqual([
    `response ${hana}`,
    `cancellation ${taro}`,
    `cancellation ${jiro.toUpperCase()}`,
    'cancellation out@example.net',
  ])
})
