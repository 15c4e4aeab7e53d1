import assert from 'node:assert/strict'
import type { AccountRecord, FetchedSubscription, FetchWrite } from '../stores/account-record.ts'
import type { BillingStore } from '../stores/billing-store.ts'

type Check = (store: BillingStore, id: string) => Promise<void>

const NOW = 1_800_000_000_123
const TRIAL_ENDS = NOW + 180 * 86_400_000

const fetched = (id: string, change: Partial<FetchedSubscription> = {}): FetchedSubscription => ({
  id: `sub_${id}`,
  customerId: `cus_${id}`,
  namedReference: undefined,
  status: 'active',
  paused: false,
  items: [
    { id: 'si_1', priceId: 'price_1', productId: 'prod_1', lookupKey: '月', quantity: 3 },
    {
      id: 'si_2',
      priceId: 'price_2',
      productId: undefined,
      lookupKey: undefined,
      quantity: undefined,
    },
  ],
  createdAt: 1_800_000_000_000,
  periodEndsAt: 1_802_592_000_000,
  trialEndsAt: undefined,
  endsAt: undefined,
  ...change,
})

async function draw(store: BillingStore): Promise<number> {
  return (await store.drawFetch(undefined)).number
}

async function writeOf(
  store: BillingStore,
  reference: string | undefined,
  subscriptions: readonly FetchedSubscription[],
  change: Partial<FetchWrite> = {},
): Promise<FetchWrite> {
  const number = await draw(store)
  const event = undefined
  return { number, now: NOW, trialEndsAt: TRIAL_ENDS, reference, event, subscriptions, ...change }
}

const open = (store: BillingStore, reference: string): Promise<AccountRecord> =>
  store.openAccount(reference, { now: NOW + 1, trialEndsAt: undefined })

const statuses = ({ subscriptions }: AccountRecord): string[] =>
  subscriptions.map(({ status }) => status)

export const ACCOUNT_CASES: Readonly<Record<string, Check>> = {
  'an account is made once, with one trial, by a hundred that look at once': async (store, id) => {
    const looks = Array.from({ length: 100 }, (_, at) =>
      store.openAccount(id, { now: NOW + at, trialEndsAt: TRIAL_ENDS + at }),
    )
    const accounts = await Promise.all(looks)
    const [first] = accounts
    for (const account of accounts) assert.deepEqual(account, first)
    assert.deepEqual(await open(store, id), first)
    const at = (first?.createdAt ?? 0) - NOW
    assert.deepEqual(first, {
      reference: id,
      createdAt: NOW + at,
      trialEndsAt: TRIAL_ENDS + at,
      trialNoticed: false,
      subscriptions: [],
    })
  },
  'an account without a trial never gets one': async (store, id) => {
    assert.equal((await open(store, id)).trialEndsAt, undefined)
    const later = await store.openAccount(id, { now: NOW, trialEndsAt: TRIAL_ENDS })
    assert.equal(later.trialEndsAt, undefined)
  },
  'numbers of fetches grow, also drawn at once': async (store) => {
    const first = await draw(store)
    const numbers = await Promise.all(Array.from({ length: 20 }, () => draw(store)))
    assert.equal(new Set(numbers).size, 20)
    assert.ok(Math.min(...numbers) > first)
    assert.ok((await draw(store)) > Math.max(...numbers))
  },
  'what was fetched is read back, and the write makes the account': async (store, id) => {
    const subscription = fetched(id, { trialEndsAt: NOW, endsAt: NOW + 1_000 })
    const write = await writeOf(store, id, [subscription])
    const { change, duplicate } = await store.writeFetch(write)
    assert.equal(duplicate, false)
    assert.deepEqual(change?.before.subscriptions, [])
    const { namedReference: _, ...shown } = subscription
    const record = { ...shown, reference: id, since: NOW, fetch: write.number }
    assert.deepEqual(change.after.subscriptions, [record])
    assert.equal(change.after.trialEndsAt, TRIAL_ENDS)
    assert.deepEqual(await open(store, id), change.after)
    assert.deepEqual(await store.findSubscription(record.id), record)
    assert.equal(await store.findSubscription('sub_other'), undefined)
  },
  'a fetch drawn earlier writes nothing over one drawn later': async (store, id) => {
    const early = await writeOf(store, id, [fetched(id, { status: 'incomplete' })])
    const late = await writeOf(store, id, [fetched(id), fetched(`${id}-b`)])
    await store.writeFetch(late)
    const { change } = await store.writeFetch(early)
    assert.deepEqual(change?.before, change?.after)
    assert.deepEqual(statuses(await open(store, id)), ['active', 'active'])
    await store.writeFetch(await writeOf(store, id, [fetched(id, { status: 'past_due' })]))
    assert.deepEqual(statuses(await open(store, id)), ['past_due', 'active'])
  },
  'writes at once leave what was drawn last': async (store, id) => {
    const writes: FetchWrite[] = []
    for (let at = 0; at < 20; at += 1) {
      writes.push(await writeOf(store, id, [fetched(id, { status: `status ${at}` })]))
    }
    let seen = 'none'
    const inTurn = writes.toReversed().map((write) =>
      store.writeFetch(write, async (change) => {
        const [before] = statuses(change?.before ?? (await open(store, id)))
        assert.equal(before ?? 'none', seen)
        seen = statuses(change?.after ?? (await open(store, id)))[0] ?? ''
      }),
    )
    await Promise.all(inTurn)
    assert.deepEqual(statuses(await open(store, id)), ['status 19'])
  },
  'writes at once for one reference see each other, whatever they write': async (store, id) => {
    const writes: FetchWrite[] = []
    for (let at = 0; at < 10; at += 1) {
      writes.push(await writeOf(store, id, [fetched(`${id}-${at}`)]))
    }
    const written = await Promise.all(writes.map((write) => store.writeFetch(write)))
    const before = written.map(({ change }) => change?.before.subscriptions.length ?? -1)
    assert.deepEqual(
      before.toSorted((a, b) => a - b),
      writes.map((_, at) => at),
    )
  },
  'since stays while the state does': async (store, id) => {
    const write = async (now: number, change: Partial<FetchedSubscription>): Promise<unknown> =>
      store.writeFetch(await writeOf(store, id, [fetched(id, change)], { now }))
    const since = async (): Promise<number | undefined> =>
      (await store.findSubscription(`sub_${id}`))?.since
    await write(NOW, {})
    await write(NOW + 1_000, { periodEndsAt: NOW + 5_000 })
    assert.equal(await since(), NOW)
    await write(NOW + 2_000, { endsAt: NOW + 5_000 })
    assert.equal(await since(), NOW + 2_000)
    await write(NOW + 3_000, { endsAt: NOW + 6_000 })
    assert.equal(await since(), NOW + 2_000)
    await write(NOW + 4_000, { paused: true, endsAt: NOW + 6_000 })
    assert.equal(await since(), NOW + 4_000)
    await write(NOW + 5_000, { status: 'canceled', paused: true, endsAt: NOW + 6_000 })
    assert.equal(await since(), NOW + 5_000)
  },
  'since stays for one that is past due, whatever end is planned': async (store, id) => {
    const ends = [undefined, NOW + 9_000, undefined]
    for (const [at, endsAt] of ends.entries()) {
      const change = { status: 'past_due', endsAt }
      await store.writeFetch(await writeOf(store, id, [fetched(id, change)], { now: NOW + at }))
    }
    assert.equal((await store.findSubscription(`sub_${id}`))?.since, NOW)
  },
  'a listener that throws leaves neither the write nor the event': async (store, id) => {
    const event = { id: `evt_${id}`, type: 'x.y', createdAt: NOW }
    const write = await writeOf(store, id, [fetched(id)], { event })
    const failing = store.writeFetch(write, async () => {
      throw new RangeError('not yet')
    })
    await assert.rejects(failing, RangeError)
    assert.deepEqual((await open(store, id)).subscriptions, [])
    assert.equal((await store.drawFetch(event.id)).duplicate, false)
    const duplicates: boolean[] = []
    for (const _ of [1, 2]) {
      await store.writeFetch(write, async (_change, { duplicate }) => {
        duplicates.push(duplicate)
      })
    }
    assert.deepEqual(duplicates, [false, true])
    assert.equal((await store.drawFetch(event.id)).duplicate, true)
    assert.deepEqual(statuses(await open(store, id)), ['active'])
  },
  'a subscription is its customer’s reference’s, else that of its record, else the one it names':
    async (store, id) => {
      const whose = async (
        change: Partial<FetchedSubscription>,
        reference?: string,
      ): Promise<string | undefined> => {
        const write = await writeOf(store, reference, [fetched(id, change)])
        return (await store.writeFetch(write)).change?.after.reference
      }
      assert.equal(await whose({}), undefined)
      assert.equal(await store.findSubscription(`sub_${id}`), undefined)
      assert.equal(await whose({ namedReference: `${id}-named` }), `${id}-named`)
      assert.equal(await whose({ namedReference: `${id}-other` }), `${id}-named`)
      await store.settleCustomer(`${id}-paid`, `cus_${id}`)
      assert.equal(await whose({ namedReference: `${id}-named` }), `${id}-paid`)
      assert.equal(await whose({}, `${id}-given`), `${id}-given`)
      assert.deepEqual((await open(store, `${id}-named`)).subscriptions, [])
    },
  'an event that concerns nobody is marked': async (store, id) => {
    const event = { id: `evt_${id}`, type: 'x.y', createdAt: NOW }
    for (const duplicate of [false, true]) {
      const write = await writeOf(store, undefined, [], { event })
      assert.deepEqual(await store.writeFetch(write), { duplicate, change: undefined })
    }
  },
  'an event that many write at once is marked by one': async (store, id) => {
    const event = { id: `evt_${id}`, type: 'x.y', createdAt: NOW }
    let announced = 0
    const mark = async (): Promise<boolean> => {
      const write = await writeOf(store, undefined, [], { event })
      const { duplicate } = await store.writeFetch(write, async (_, context) => {
        if (!context.duplicate) announced += 1
      })
      return duplicate
    }
    const marks = await Promise.all([mark(), mark(), mark(), mark()])
    assert.equal(marks.filter((duplicate) => !duplicate).length, 1)
    assert.equal(announced, 1)
  },
  'subscriptions that have not ended are listed page by page': async (store, id) => {
    const ids = ['a', 'b', 'c', 'd'].map((letter) => `${id}-${letter}`)
    const [ended = '', ...living] = ids
    const all = [fetched(ended, { status: 'canceled' }), ...living.map((one) => fetched(one))]
    await store.writeFetch(await writeOf(store, id, all))
    let after: string | undefined = `sub_${id}`
    const seen: string[] = []
    for (let page = 0; page < 2; page += 1) {
      const found = await store.listSubscriptions({ after, limit: 2 })
      after = found.at(-1)?.id
      seen.push(...found.filter(({ reference }) => reference === id).map((one) => one.id))
    }
    assert.deepEqual(
      seen,
      living.map((one) => `sub_${one}`),
    )
  },
  'the end of a trial is noticed once, in the transaction of its listener': async (store, id) => {
    await store.openAccount(id, { now: NOW, trialEndsAt: TRIAL_ENDS })
    const ending = async (): Promise<boolean> => {
      const page = { after: TRIAL_ENDS - 1, before: TRIAL_ENDS, limit: 1_000 }
      return (await store.listTrialsEnding(page)).includes(id)
    }
    assert.equal(await ending(), true)
    const early = { after: 0, before: TRIAL_ENDS - 1, limit: 1_000 }
    assert.equal((await store.listTrialsEnding(early)).includes(id), false)
    const failing = store.noticeTrial(id, async () => {
      throw new RangeError('not yet')
    })
    await assert.rejects(failing, RangeError)
    assert.equal(await ending(), true)
    let noticed = 0
    const notice = (): Promise<boolean> =>
      store.noticeTrial(id, async (change) => {
        assert.equal(change?.after.reference, id)
        noticed += 1
      })
    const calls = await Promise.all([notice(), notice(), notice()])
    assert.equal(calls.filter(Boolean).length, 1)
    assert.equal(noticed, 1)
    assert.equal(await ending(), false)
    assert.equal((await open(store, id)).trialNoticed, true)
  },
}
