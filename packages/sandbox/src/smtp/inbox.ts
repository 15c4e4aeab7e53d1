import { expectOptions } from '@yuzuru/concurrency/boundary'
import { waitInScope } from '../in-scope.ts'
import type { InboxMessage } from './message.ts'

/** Which message: a function, or what must hold of it. */
export type MessageMatch =
  | ((message: InboxMessage) => boolean)
  | {
      /** One of the envelope's recipients, whatever the case of its letters. */
      to?: string | undefined
      /** A part of the subject, or a pattern for it. */
      subject?: string | RegExp | undefined
    }

/** How long to wait. The ambient scope's cancel or deadline ends the wait too. */
export interface WaitOptions {
  /** @default 5000 */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** What the server accepted, oldest first. */
export interface Inbox {
  readonly messages: readonly InboxMessage[]
  /**
   * The first message that matches, at once if it is there, else when it comes. Nothing is polled.
   *
   * @throws {Error} when none came in time; it lists the addresses of what came.
   * @throws {Cancelled} when its signal or the ambient scope ends it.
   */
  waitFor(match?: MessageMatch, options?: WaitOptions): Promise<InboxMessage>
  /** All matching messages, as soon as there are `count` of them. */
  waitForCount(
    count: number,
    match?: MessageMatch,
    options?: WaitOptions,
  ): Promise<readonly InboxMessage[]>
  /** Forgets all messages, in the folder too. */
  clear(): Promise<void>
}

function matcher(match: MessageMatch): (message: InboxMessage) => boolean {
  if (typeof match === 'function') return match
  expectOptions(match, ['to', 'subject'], 'inbox.waitFor')
  const { subject } = match
  const to = match.to?.toLowerCase()
  return (message) =>
    (to === undefined || message.envelope.to.some((address) => address.toLowerCase() === to)) &&
    (subject === undefined ||
      (typeof subject === 'string'
        ? message.subject.includes(subject)
        : message.subject.search(subject) >= 0))
}

/** The inbox in memory: the newest `limit` messages, and the waiters for the next. */
export class MessageList {
  #messages: InboxMessage[]
  readonly #limit: number
  readonly #waiting = new Set<() => void>()

  constructor(messages: readonly InboxMessage[], limit: number) {
    this.#messages = messages.slice(-limit)
    this.#limit = limit
  }

  get messages(): readonly InboxMessage[] {
    return this.#messages
  }

  add(message: InboxMessage): void {
    // A fresh array: a reader's snapshot does not change under its loop.
    this.#messages = [...this.#messages, message].slice(-this.#limit)
    for (const look of this.#waiting) look()
  }

  clear(): void {
    this.#messages = []
  }

  async waitForCount(
    count: number,
    match: MessageMatch = {},
    options: WaitOptions = {},
  ): Promise<readonly InboxMessage[]> {
    expectOptions(options, ['timeoutMs', 'signal'], 'inbox.waitFor')
    const { timeoutMs = 5_000, signal } = options
    if (!Number.isInteger(count) || count < 1) {
      throw new TypeError(`Expected count to be a whole number from 1, got ${count}`)
    }
    const matches = matcher(match)
    const found = (): InboxMessage[] => this.#messages.filter((message) => matches(message))
    const untilFound = (ended: AbortSignal): Promise<readonly InboxMessage[]> =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer)
          ended.removeEventListener('abort', end)
          this.#waiting.delete(look)
        }
        const look = (): void => {
          const messages = found()
          if (messages.length < count) return
          end()
          resolve(messages)
        }
        const timer = setTimeout(() => {
          end()
          reject(this.#tooFew(timeoutMs, count, found().length))
        }, timeoutMs)
        this.#waiting.add(look)
        ended.addEventListener('abort', end)
        look()
      })
    return await waitInScope('inbox.waitForCount', untilFound, { signal })
  }

  #tooFew(timeoutMs: number, count: number, found: number): Error {
    const all = this.#messages.map(
      ({ envelope, subject }) => `${envelope.to.join(', ')}: ${subject}`,
    )
    return new Error(
      `Waited ${timeoutMs} ms for ${count} matching message(s), got ${found}. ` +
        `In the inbox: ${all.slice(-10).join('; ') || 'nothing'}`,
    )
  }
}
