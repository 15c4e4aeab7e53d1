import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountWith, DAY, NOW, recordWith } from '../../test/account.ts'
import type { SubscriptionRecord } from '../stores/account-record.ts'
import { noticesOf } from './notices-of.ts'
import { planOf } from './plan-options.ts'

const plan = planOf({})

function noticesFrom(
  before: readonly SubscriptionRecord[],
  after: readonly SubscriptionRecord[],
): readonly string[] {
  const change = { before: accountWith(before), after: accountWith(after) }
  return noticesOf(change, plan, NOW).filter((name) => name !== 'changed')
}

const paid = recordWith()
const incomplete = recordWith({ status: 'incomplete' })
const trial = recordWith({ status: 'trialing' })
const due = recordWith({ status: 'past_due' })
const ending = recordWith({ endsAt: NOW + DAY })
const passed = recordWith({ endsAt: NOW - DAY })
const ended = recordWith({ status: 'canceled', endsAt: NOW - DAY })
const second = recordWith({ id: 'sub_2' })

test.each<[string, SubscriptionRecord[], SubscriptionRecord[], string[]]>([
  ['the first payment', [incomplete], [paid], ['activated']],
  ['a checkout that is seen paid at once', [], [paid], ['activated']],
  ['a trial that was begun', [], [trial], ['activated']],
  ['the first payment after a trial', [trial], [paid], []],
  ['a checkout that waits for its payment', [], [incomplete], []],
  ['a payment that failed', [paid], [due], ['payment_failed']],
  ['one that failed for good', [due], [recordWith({ status: 'unpaid' })], []],
  ['a payment that was made up for', [due], [paid], ['activated']],
  ['an end that was planned', [paid], [ending], ['canceling']],
  ['an end that was put off', [ending], [recordWith({ endsAt: NOW + 2 * DAY })], []],
  ['an end that was taken back', [ending], [paid], ['resumed']],
  ['the end', [ending], [ended], ['ended']],
  ['the end that was planned, once its time has come', [passed], [ended], ['ended']],
  ['a planned end that has passed, before Stripe says so', [ending], [passed], []],
  [
    'the end of one that was never paid for',
    [incomplete],
    [recordWith({ status: 'incomplete_expired' })],
    [],
  ],
  ['the end of one beside another', [paid, second], [ended, second], []],
  ['a second one', [paid], [paid, second], ['second_subscription']],
  [
    'a second one that waits for its payment',
    [paid],
    [paid, { ...second, status: 'incomplete' }],
    [],
  ],
  ['a new one after the end', [ended], [ended, second], ['activated']],
  ['a pause', [paid], [recordWith({ paused: true })], []],
  ['nothing', [paid, ending], [paid, ending], []],
  ['that it was fetched again', [paid], [recordWith({ fetch: 9, since: NOW })], []],
])('%s is announced as what it is', (_, before, after, names) => {
  expect(noticesFrom(before, after)).toEqual(names)
})

describe('any change', () => {
  const anyRecord = fc
    .record({
      id: fc.constantFrom('sub_1', 'sub_2', 'sub_3'),
      status: fc.constantFrom(
        ...'active trialing past_due unpaid paused incomplete canceled incomplete_expired gone x'.split(
          ' ',
        ),
      ),
      paused: fc.boolean(),
      endsAt: fc.constantFrom(undefined, NOW - DAY, NOW + DAY),
    })
    .map(recordWith)
  const anyRecords = fc.uniqueArray(anyRecord, { selector: ({ id }) => id })

  test('is announced, once under each name, and what is no change is not', () => {
    fc.assert(
      fc.property(anyRecords, anyRecords, (before, after) => {
        const change = { before: accountWith(before), after: accountWith(after) }
        const names = noticesOf(change, plan, NOW)
        expect(new Set(names).size).toBe(names.length)
        const isSame = JSON.stringify(before) === JSON.stringify(after)
        expect(names.includes('changed')).toBe(!isSame)
        expect(noticesOf({ ...change, before: change.after }, plan, NOW)).toEqual([])
      }),
    )
  })
})
