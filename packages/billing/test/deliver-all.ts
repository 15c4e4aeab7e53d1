import { expect } from 'vitest'
import type { Subscribed } from './subscribed.ts'

/** All that Stripe has to say, in this order, each with status 200. */
export async function deliverAll(
  open: Subscribed,
  order: (events: readonly object[]) => readonly object[] = (events) => events,
): Promise<void> {
  for (const event of order(open.events())) {
    expect((await open.deliver(event)).status).toBe(200)
  }
}

export const forwards = (events: readonly object[]): readonly object[] => events
export const backwards = (events: readonly object[]): readonly object[] => events.toReversed()
