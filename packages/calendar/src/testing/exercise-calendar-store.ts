import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { SuiteCase } from '@yuzuru/concurrency/testing'
import type { CalendarTokens } from '../stores/account-tokens.ts'
import type { CalendarStore } from '../stores/calendar-store.ts'

/**
 * What must hold of a {@link CalendarStore}. The cases use references of their own, so they may share
 * one store.
 *
 * @example
 * for (const { name, run } of exerciseCalendarStore(() => store)) test(name, run)
 */
export function exerciseCalendarStore(
  make: () => CalendarStore | Promise<CalendarStore>,
): readonly SuiteCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: async () => check(await make(), randomUUID()),
  }))
}

const LEASE_MS = 60_000

function tokensNamed(name: string): CalendarTokens {
  const scopes = ['https://www.googleapis.com/auth/calendar.events']
  const ended = { at: 2.5, why: 'invalid_grant' }
  const times = { refreshAt: 1.5, connectedAt: 0.5, ended }
  return { accessToken: `${name}-access`, refreshToken: `${name}-refresh`, scopes, ...times }
}

async function putAt(store: CalendarStore, reference: string, name: string): Promise<number> {
  await store.put(reference, tokensNamed(name))
  return await versionOf(store, reference)
}

async function versionOf(store: CalendarStore, reference: string): Promise<number> {
  const account = await store.load(reference)
  assert(account !== undefined)
  return account.version
}

const CASES: Record<string, (store: CalendarStore, reference: string) => Promise<void>> = {
  'gives back the tokens that were put, for their reference only': async (store, reference) => {
    assert.equal(await store.load(reference), undefined)
    await putAt(store, reference, 'first')
    assert.deepEqual((await store.load(reference))?.tokens, tokensNamed('first'))
    assert.equal(await store.load(`${reference}2`), undefined)
  },
  'never gives a version twice, also after a removal': async (store, reference) => {
    const first = await putAt(store, reference, 'first')
    const second = await putAt(store, reference, 'second')
    assert(await store.remove(reference, second))
    const third = await putAt(store, reference, 'third')
    assert(await store.replace(reference, third, tokensNamed('fourth')))
    const fourth = await versionOf(store, reference)
    assert.equal(new Set([first, second, third, fourth]).size, 4)
  },
  'replaces and removes the version that was meant, and no other': async (store, reference) => {
    const version = await putAt(store, reference, 'first')
    assert.equal(await store.replace(reference, version + 1_000, tokensNamed('other')), false)
    assert.equal(await store.remove(reference, version + 1_000), false)
    assert.deepEqual((await store.load(reference))?.tokens, tokensNamed('first'))
    assert.equal(await store.replace(reference, version, tokensNamed('second')), true)
    assert.equal(await store.replace(reference, version, tokensNamed('late')), false)
    assert.deepEqual((await store.load(reference))?.tokens, tokensNamed('second'))
    assert.equal(await store.remove(reference, version), false)
    assert.equal(await store.remove(reference, await versionOf(store, reference)), true)
    assert.equal(await store.load(reference), undefined)
  },
  'gives the right to refresh to one of twenty': async (store, reference) => {
    const version = await putAt(store, reference, 'first')
    const claim = (): ReturnType<CalendarStore['claimRefresh']> =>
      store.claimRefresh(reference, version, LEASE_MS)
    const claims = await Promise.all(Array.from({ length: 20 }, claim))
    assert.equal(claims.filter((claimed) => claimed !== false).length, 1)
  },
  'gives the right to refresh again when it was given back, has run out, or the version changed':
    async (store, reference) => {
      const version = await putAt(store, reference, 'first')
      assert(await store.claimRefresh(reference, version, LEASE_MS))
      await store.releaseRefresh(reference, version, false)
      assert(await store.claimRefresh(reference, version, 0))
      assert(await store.claimRefresh(reference, version, LEASE_MS))
      await store.replace(reference, version, tokensNamed('second'))
      assert.equal(await store.claimRefresh(reference, version, LEASE_MS), false)
      assert(await store.claimRefresh(reference, await versionOf(store, reference), LEASE_MS))
      const third = await putAt(store, reference, 'third')
      assert(await store.claimRefresh(reference, third, LEASE_MS))
    },
  'says of a right to refresh that the one before it has no known end, until the version changes':
    async (store, reference) => {
      const version = await putAt(store, reference, 'first')
      const claim = async (leaseMs: number): Promise<boolean | undefined> => {
        const claimed = await store.claimRefresh(reference, version, leaseMs)
        return claimed === false ? undefined : claimed.unsettled
      }
      assert.equal(await claim(LEASE_MS), false)
      assert.equal(await claim(LEASE_MS), undefined)
      await store.releaseRefresh(reference, version, false)
      // One that runs out at once, of a process that died.
      assert.equal(await claim(0), false)
      assert.equal(await claim(LEASE_MS), true)
      await store.releaseRefresh(reference, version, true)
      assert.equal(await claim(LEASE_MS), true)
      await store.releaseRefresh(reference, version, false)
      assert.equal(await claim(0), false)
      await store.replace(reference, version, tokensNamed('second'))
      const second = await versionOf(store, reference)
      assert.deepEqual(await store.claimRefresh(reference, second, LEASE_MS), { unsettled: false })
    },
  'gives a pending consent once, to one of twenty': async (store, reference) => {
    const pending = { reference, verifier: 'v'.repeat(43), scopes: ['a', 'b'] }
    await store.putPending(reference, pending, LEASE_MS)
    const take = (): ReturnType<CalendarStore['takePending']> => store.takePending(reference)
    const taken = await Promise.all(Array.from({ length: 20 }, take))
    assert.deepEqual(
      taken.filter((each) => each !== undefined),
      [pending],
    )
  },
  'gives no pending consent that has expired, and none for another key': async (
    store,
    reference,
  ) => {
    const pending = { reference, verifier: 'v'.repeat(43), scopes: ['a'] }
    await store.putPending(reference, pending, 0)
    assert.equal(await store.takePending(reference), undefined)
    await store.putPending(`${reference}-1`, pending, LEASE_MS)
    assert.equal(await store.takePending(`${reference}-2`), undefined)
  },
}
