import { cancelScope } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, test } from 'vitest'
import { failureOf } from '../../test/failure-of.ts'
import { memoryBillingStore } from './memory-store.ts'
import { untilCancelled } from './until-cancelled.ts'

const record = { reference: 'office-1', customerId: 'cus_1', intent: undefined }

test('it has every method of a store, and they are called on it', async () => {
  const store = memoryBillingStore()
  const until = untilCancelled(store)
  expect(Object.keys(until).toSorted()).toEqual(Object.keys(store).toSorted())
  await until.settleCustomer('office-1', 'cus_1')
  expect(await until.findCustomer('office-1')).toMatchObject({ customerId: 'cus_1' })
})

test('a call that ends by itself after a cancel says how it ended', async () => {
  using clock = TestClock.install()
  const { promise, reject } = Promise.withResolvers<never>()
  const until = untilCancelled({ ...memoryBillingStore(), findCustomer: () => promise })
  const failing = failureOf(
    cancelScope(async (scope) => {
      const found = until.findCustomer('office-1')
      scope.cancel()
      await clock.advance(24)
      reject(new RangeError('cancelled in the database'))
      await found
    }),
  )
  expect(await failing).toBeInstanceOf(RangeError)
  expect(clock.pending).toBe(0)
})

test('one that does not end is given up 25 ms after a cancel, and its late end is heard by nobody', async () => {
  using clock = TestClock.install()
  const { promise, reject } = Promise.withResolvers<never>()
  const until = untilCancelled({ ...memoryBillingStore(), findCustomer: () => promise })
  await cancelScope(async (scope) => {
    const found = failureOf(until.findCustomer('office-1'))
    scope.cancel()
    await clock.advance(25)
    expect(await found).toBe(scope.signal.reason)
  }).catch(() => undefined)
  reject(new RangeError('too late'))
  await clock.advance(1)
})

test('outside of a scope it waits for as long as it takes', async () => {
  using clock = TestClock.install()
  const { promise, resolve } = Promise.withResolvers<typeof record>()
  const until = untilCancelled({ ...memoryBillingStore(), findCustomer: () => promise })
  const found = until.findCustomer('office-1')
  await clock.advance(86_400_000)
  resolve(record)
  expect(await found).toBe(record)
})
