import { Cancelled, moveOnAfter, throwIfCancelled } from '@yuzuru/concurrency'
import { mapConcurrent } from '@yuzuru/concurrency/tasks'
import {
  expected,
  expectFunction,
  expectInteger,
  expectMilliseconds,
  expectOptions,
  orAborted,
} from '@yuzuru/concurrency/boundary'
import type { IoOptions } from '@yuzuru/concurrency'
import { MailError } from '../mail-error.ts'
import type { MailMessage } from '../message/mail-message.ts'
import type { SentMail } from './sent-mail.ts'

/** How many messages have come how far. */
export interface SendProgress {
  /** Taken from the source. */
  readonly taken: number
  readonly sent: number
  readonly failed: number
}

/** What became of one message of many. */
export type SendResult = PromiseSettledResult<SentMail> & {
  /** Which one it was of the source, from 0. */
  readonly index: number
  readonly message: MailMessage
}

/** For {@link Mail.sendMany}. */
export interface SendManyOptions extends IoOptions {
  /** A limit for each message, in milliseconds. @default none */
  readonly timeoutMs?: number | undefined
  /**
   * How many messages are under way, or wait to be looked at, at once: 1 or more. No more than that are
   * taken from the source. @default twice `connections`
   */
  readonly concurrency?: number | undefined
  /** When the loop ends early: how long what is under way may take to end before it is cut. @default 10_000 */
  readonly drainMs?: number | undefined
  /** Called whenever a message has come to its end. */
  readonly onProgress?: ((progress: SendProgress) => void) | undefined
}

/** What {@link Mail.sendMany} gives: the results as they come, and how far it is. */
export interface SendingMany
  extends AsyncIterableIterator<SendResult, void, undefined>, AsyncDisposable {
  readonly progress: SendProgress
}

const SEND_MANY_OPTIONS: readonly string[] = Object.keys({
  signal: true,
  timeoutMs: true,
  concurrency: true,
  drainMs: true,
  onProgress: true,
} satisfies Record<keyof SendManyOptions, true>)

type Source = Iterable<MailMessage> | AsyncIterable<MailMessage>
type Send = (message: MailMessage, options: IoOptions) => Promise<SentMail>

/** @param usual the concurrency without one */
export function sendMany(
  send: Send,
  usual: number,
  source: Source,
  options: SendManyOptions = {},
): SendingMany {
  expectOptions(options, SEND_MANY_OPTIONS, 'mail.sendMany')
  const { concurrency = usual, drainMs = 10_000, onProgress, signal, timeoutMs } = options
  if (typeof source !== 'object' || source === null || !isIterable(source)) {
    throw expected('messages to be iterable', source)
  }
  expectInteger('concurrency', concurrency, 1)
  expectMilliseconds('drainMs', drainMs)
  if (onProgress !== undefined) expectFunction('onProgress', onProgress)
  return new Batch(send, source, { concurrency, drainMs, onProgress, io: { signal, timeoutMs } })
}

function isIterable(source: object): boolean {
  return Symbol.iterator in source || Symbol.asyncIterator in source
}

interface BatchOptions {
  readonly concurrency: number
  readonly drainMs: number
  readonly onProgress: SendManyOptions['onProgress']
  readonly io: IoOptions
}

class Batch implements SendingMany {
  readonly #send: Send
  readonly #options: BatchOptions
  readonly #results: AsyncIterableIterator<SendResult | undefined, void, undefined> &
    AsyncDisposable
  readonly #underWay = new Set<Promise<unknown>>()
  #progress: SendProgress = { taken: 0, sent: 0, failed: 0 }
  #isStopped = false

  constructor(send: Send, source: Source, options: BatchOptions) {
    this.#send = send
    this.#options = options
    this.#results = mapConcurrent(source, (message, index) => this.#one(message, index), {
      concurrency: options.concurrency,
      ordered: false,
      name: 'mail.sendMany',
    })
  }

  get progress(): SendProgress {
    return this.#progress
  }

  async next(): Promise<IteratorResult<SendResult, void>> {
    for (;;) {
      const { done, value } = await this.#results.next()
      if (done === true) return { done: true, value: undefined }
      if (value !== undefined) return { done: false, value }
    }
  }

  /** Takes no more; what is under way comes to its end, so that nothing is left in doubt. */
  async return(): Promise<IteratorResult<SendResult, void>> {
    this.#isStopped = true
    const ended = Promise.allSettled(this.#underWay)
    await moveOnAfter(this.#options.drainMs, ({ signal }) => orAborted(ended, signal))
    await this.#results.return?.()
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #one(message: MailMessage, index: number): Promise<SendResult | undefined> {
    if (this.#isStopped) return undefined
    this.#count('taken')
    const sending = this.#send(message, this.#options.io)
    this.#underWay.add(sending)
    try {
      const value = await sending
      this.#count('sent')
      return { index, message, status: 'fulfilled', value }
    } catch (reason) {
      // Neither a cancel nor the end of the client is a matter of this one message.
      throwIfCancelled()
      if (Cancelled.isInstance(reason) || isClosed(reason)) throw reason
      this.#count('failed')
      return { index, message, status: 'rejected', reason }
    } finally {
      this.#underWay.delete(sending)
    }
  }

  #count(what: keyof SendProgress): void {
    this.#progress = { ...this.#progress, [what]: this.#progress[what] + 1 }
    if (what !== 'taken') this.#options.onProgress?.(this.#progress)
  }
}

function isClosed(error: unknown): boolean {
  return MailError.isInstance(error) && error.code === 'closed'
}
