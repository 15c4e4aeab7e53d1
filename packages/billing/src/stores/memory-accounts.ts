import { Lock } from '@yuzuru/concurrency/sync'
import type {
  AccountRecord,
  EventRecord,
  FetchDraw,
  FetchedSubscription,
  FetchWrite,
  FetchWritten,
  NewAccount,
  SubscriptionRecord,
} from './account-record.ts'
import { ENDED_STATUSES, inOrder } from './account-rows.ts'
import { chosenOf } from './chosen-of.ts'
import type { BillingStore, ChangeListener } from './billing-store.ts'
import type { MemoryCustomers } from './memory-customers.ts'

type Account = Omit<AccountRecord, 'subscriptions'>

/** Accounts and subscriptions in memory. */
export class MemoryAccounts {
  readonly #customers: MemoryCustomers
  readonly #accounts = new Map<string, Account>()
  readonly #subscriptions = new Map<string, SubscriptionRecord>()
  /** The ids of those that a choice has passed over. */
  readonly #passedOver = new Set<string>()
  /** When each event was recorded. */
  readonly #events = new Map<string, number>()
  /** A transaction with its listeners is alone: a listener that throws leaves nothing behind. */
  readonly #transaction = new Lock()
  #drawn = 0

  constructor(customers: MemoryCustomers) {
    this.#customers = customers
  }

  async openAccount(reference: string, { now, trialEndsAt }: NewAccount): Promise<AccountRecord> {
    const account = this.#accounts.get(reference) ?? newAccount(reference, now, trialEndsAt)
    this.#accounts.set(reference, account)
    return this.#shown(account)
  }

  async findSubscription(id: string): Promise<SubscriptionRecord | undefined> {
    return this.#subscriptions.get(id)
  }

  async drawFetch(eventId: string | undefined): Promise<FetchDraw> {
    this.#drawn += 1
    return { number: this.#drawn, duplicate: eventId !== undefined && this.#events.has(eventId) }
  }

  async writeFetch(write: FetchWrite, listener?: ChangeListener<undefined>): Promise<FetchWritten> {
    using _alone = await this.#transaction.acquire()
    const { event, now, trialEndsAt } = write
    const duplicate = event !== undefined && this.#events.has(event.id)
    const reference = this.#referenceOf(write)
    if (reference === undefined) {
      await listener?.(undefined, { tx: undefined, duplicate })
      this.#mark(event)
      return { duplicate, change: undefined }
    }
    const account = this.#accounts.get(reference) ?? newAccount(reference, now, trialEndsAt)
    const before = this.#shown(account)
    const written = write.subscriptions.flatMap((fetched) => this.#next(reference, fetched, write))
    const all = new Map([...before.subscriptions, ...written].map((one) => [one.id, one]))
    const change = { before, after: { ...account, subscriptions: inOrder(all.values()) } }
    await listener?.(change, { tx: undefined, duplicate })
    if (!this.#accounts.has(reference)) this.#accounts.set(reference, account)
    for (const one of written) this.#subscriptions.set(one.id, one)
    this.#mark(event)
    return { duplicate, change }
  }

  async chooseSubscription(_reference: string, ids: readonly string[]): Promise<string> {
    const chosen = chosenOf(ids, this.#passedOver)
    for (const id of ids) if (id !== chosen) this.#passedOver.add(id)
    return chosen
  }

  async listSubscriptions({
    after = '',
    limit,
  }: Parameters<BillingStore['listSubscriptions']>[0]): Promise<readonly SubscriptionRecord[]> {
    return [...this.#subscriptions.values()]
      .filter(({ id, status }) => id > after && !ENDED_STATUSES.includes(status))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
  }

  async listTrialsEnding({
    after,
    before,
    limit,
  }: Parameters<BillingStore['listTrialsEnding']>[0]): Promise<readonly string[]> {
    return [...this.#accounts.values()]
      .filter(({ trialEndsAt = 0, trialNoticed }) => {
        return !trialNoticed && trialEndsAt > after && trialEndsAt <= before
      })
      .toSorted((a, b) => (a.trialEndsAt ?? 0) - (b.trialEndsAt ?? 0))
      .slice(0, limit)
      .map(({ reference }) => reference)
  }

  async noticeTrial(reference: string, listener: ChangeListener<undefined>): Promise<boolean> {
    using _alone = await this.#transaction.acquire()
    const account = this.#accounts.get(reference)
    if (account === undefined || account.trialNoticed) return false
    const noticed = { ...account, trialNoticed: true }
    const shown = this.#shown(noticed)
    await listener({ before: shown, after: shown }, { tx: undefined, duplicate: false })
    this.#accounts.set(reference, noticed)
    return true
  }

  async pruneEvents(before: Date): Promise<number> {
    let pruned = 0
    for (const [id, receivedAt] of this.#events) {
      if (receivedAt >= before.getTime()) continue
      this.#events.delete(id)
      pruned += 1
    }
    return pruned
  }

  #mark(event: EventRecord | undefined): void {
    if (event !== undefined && !this.#events.has(event.id)) this.#events.set(event.id, Date.now())
  }

  #shown(account: Account): AccountRecord {
    const { reference } = account
    const own = this.#subscriptions.values().filter((one) => one.reference === reference)
    return { ...account, subscriptions: inOrder(own) }
  }

  #referenceOf({ reference, subscriptions: [first] }: FetchWrite): string | undefined {
    if (reference !== undefined || first === undefined) return reference
    return (
      this.#customers.owner(first.customerId) ??
      this.#subscriptions.get(first.id)?.reference ??
      first.namedReference
    )
  }

  /** The record that replaces the one there is; none when a later fetch has written it. */
  #next(
    reference: string,
    subscription: FetchedSubscription,
    { number, now }: FetchWrite,
  ): readonly SubscriptionRecord[] {
    const { namedReference: _, ...fetched } = subscription
    const known = this.#subscriptions.get(fetched.id)
    if (known !== undefined && known.fetch >= number) return []
    const since = known !== undefined && isSameState(known, fetched) ? known.since : now
    return [{ ...fetched, reference, since, fetch: number }]
  }
}

function newAccount(
  reference: string,
  createdAt: number,
  trialEndsAt: number | undefined,
): Account {
  return { reference, createdAt, trialEndsAt, trialNoticed: false }
}

function isSameState(
  a: SubscriptionRecord,
  b: Omit<FetchedSubscription, 'namedReference'>,
): boolean {
  return (
    a.status === b.status &&
    a.paused === b.paused &&
    (!canBeCanceling(a) || (a.endsAt === undefined) === (b.endsAt === undefined))
  )
}

/** Whether a planned end makes another state of it: one that is past due stays so, and its days of grace run. */
function canBeCanceling({ status }: Pick<SubscriptionRecord, 'status'>): boolean {
  return status === 'active' || status === 'trialing'
}
