import { expectFunction, expectOneOf } from '@yuzuru/concurrency/boundary'
import type { AccountChange } from '../stores/account-record.ts'
import type { ChangeListener } from '../stores/billing-store.ts'
import {
  NOTICE_NAMES,
  type NoticeHandler,
  type NoticeName,
  type Notices,
  type ReceivedEvent,
} from './notice.ts'
import { goingOn, noticesOf } from './notices-of.ts'
import type { Plan } from './plan-options.ts'
import { statusOf } from './status-of.ts'

/** Those who want to know of changes, each called in the transaction that writes one. */
export class Listeners<Tx> {
  readonly #plan: Plan
  readonly #handlers = new Map<NoticeName, Set<NoticeHandler<NoticeName, Tx>>>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  on<Name extends NoticeName>(name: Name, handler: NoticeHandler<Name, Tx>): () => void {
    expectOneOf('name', name, NOTICE_NAMES)
    expectFunction('handler', handler)
    // One of its own for each call: the same function may be given twice.
    const own: NoticeHandler<NoticeName, Tx> = (notice, tx) => handler(notice as Notices[Name], tx)
    const handlers = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, handlers.add(own))
    return () => {
      handlers.delete(own)
    }
  }

  has(name: NoticeName): boolean {
    return (this.#handlers.get(name)?.size ?? 0) > 0
  }

  /** What a write is to call; `undefined` when nobody listens. */
  ofWrite(event: ReceivedEvent | undefined, now: number): ChangeListener<Tx> | undefined {
    if (!NOTICE_NAMES.some((name) => this.has(name))) return undefined
    return async (change, { tx, duplicate }) => {
      if (event !== undefined && !duplicate) await this.#announceEvent(event, tx)
      if (change === undefined) return
      for (const name of noticesOf(change, this.#plan, now)) {
        await this.#announce(name, this.#noticeOf(change, now), tx)
      }
    }
  }

  /** What is called when the app's own trial is about to end. */
  ofTrial(now: number): ChangeListener<Tx> {
    return async (change, { tx }) => {
      if (change === undefined) return
      const notice = this.#noticeOf(change, now)
      const isSubscribed = notice.subscriptionIds.length > 0
      if (!isSubscribed) await this.#announce('trial_ending', notice, tx)
    }
  }

  #noticeOf({ before, after }: AccountChange, now: number): Notices['second_subscription'] {
    return {
      reference: after.reference,
      status: statusOf(after, this.#plan, now),
      previous: statusOf(before, this.#plan, now),
      subscriptionIds: goingOn(after, this.#plan, now),
    }
  }

  async #announceEvent({ createdAt, ...event }: ReceivedEvent, tx: Tx): Promise<void> {
    await this.#announce('event', { ...event, createdAt: new Date(createdAt) }, tx)
  }

  async #announce<Name extends NoticeName>(
    name: Name,
    notice: Notices[Name],
    tx: Tx,
  ): Promise<void> {
    for (const handler of this.#handlers.get(name) ?? []) await handler(notice, tx)
  }
}
