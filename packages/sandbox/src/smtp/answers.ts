import { expectOptions } from '@yuzuru/concurrency/boundary'
import type { InboxMessage } from './message.ts'

/** What the server says to a recipient. */
export type RecipientAnswer = 'accept' | RejectAnswer

/** A refusal. 4xx asks the client to come again, 5xx is for good (RFC 5321, 4.2.1). */
export interface RejectAnswer {
  /** 400–599, such as 451 or 550. */
  reject: number
  message?: string | undefined
}

/**
 * What the server does once it has the whole message. With `drop` it closes the connection and with `silent` it keeps
 * it open, both without a reply, so that the client can't know; `kept` says that the message is in the inbox
 * nevertheless, `lost` that it is not.
 */
export type MessageAnswer =
  | 'accept'
  | RejectAnswer
  | { drop: 'kept' | 'lost' }
  | { silent: 'kept' | 'lost' }

type Maybe<Answer> = Answer | undefined | Promise<Answer | undefined>

/** Answers on purpose. `undefined` accepts. */
export interface SmtpAnswers {
  onRecipient?: ((address: string) => Maybe<RecipientAnswer>) | undefined
  /** The message is parsed and not yet in the inbox. */
  onMessage?: ((message: InboxMessage) => Maybe<MessageAnswer>) | undefined
}

/** The error that smtp-server turns into that reply. */
export function rejection(answer: RejectAnswer): Error {
  if (typeof answer === 'object') expectOptions(answer, ['reject', 'message'], 'reject')
  const { reject, message = 'Refused by the sandbox' } = answer
  if (!Number.isInteger(reject) || reject < 400 || reject > 599) {
    throw new TypeError(`Expected reject to be a reply code from 400 to 599, got ${reject}`)
  }
  return Object.assign(new Error(message), { responseCode: reject })
}

const NAMES = ['onRecipient', 'onMessage']

/** @throws {TypeError} on what would never be asked, or could not be. */
export function checkAnswers(answers: SmtpAnswers): void {
  expectOptions(answers, NAMES, 'setAnswers')
  for (const [name, value] of Object.entries(answers)) {
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`Expected ${name} to be a function, got ${typeof value}`)
    }
  }
}

/** What becomes of a message: whether it is kept, and what the client meets then. */
export interface MessageFate {
  kept: boolean
  ending: 'accepted' | 'drop' | 'silent'
}

/**
 * @throws an error with its reply when the answer is a refusal
 * @throws {TypeError} on an unknown answer; the client gets it in the reply, too
 */
export function fateOf(answer: MessageAnswer): MessageFate {
  if (answer === 'accept') return { kept: true, ending: 'accepted' }
  if (typeof answer === 'object') {
    if ('reject' in answer) throw rejection(answer)
    expectOptions(answer, ['drop', 'silent'], 'onMessage')
    const ending = 'drop' in answer ? 'drop' : 'silent'
    const fate = 'drop' in answer ? answer.drop : answer.silent
    if (fate === 'kept' || fate === 'lost') return { kept: fate === 'kept', ending }
  }
  throw new TypeError(
    `Expected 'accept', { reject }, { drop: 'kept' | 'lost' } or { silent: 'kept' | 'lost' }, got ${JSON.stringify(answer)}`,
  )
}
