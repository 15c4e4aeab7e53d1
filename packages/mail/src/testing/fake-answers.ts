import { expectFunction, expectOptions } from '@yuzuru/concurrency/boundary'
import type { ReadableParts } from '../message/readable-parts.ts'

/** A refusal on purpose: 4xx for now, 5xx for good. */
export interface RejectAnswer {
  /** 400–599 */
  readonly reject: number
  readonly message?: string | undefined
}

/** What the fake says once it has a message; see {@link FakeAnswers.onMessage}. */
export type MessageAnswer =
  | 'accept'
  | RejectAnswer
  | { readonly drop: 'kept' | 'lost' }
  | { readonly silent: 'kept' | 'lost' }

/** A message as the receiving side sees it. */
export interface ReceivedMail extends ReadableParts {
  readonly messageId: string
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
}

/** Answers on purpose, in the shape of `@yuzuru/sandbox`'s mail server. `undefined` accepts. */
export interface FakeAnswers {
  readonly onRecipient?: ((address: string) => 'accept' | RejectAnswer | undefined) | undefined
  /**
   * `drop` breaks the connection and `silent` never replies, both after the end of DATA, so that the
   * client can't know; `kept` says that the message arrived all the same.
   */
  readonly onMessage?: ((message: ReceivedMail) => MessageAnswer | undefined) | undefined
}

/** An error such as nodemailer makes of a refusing reply. */
export interface ReplyError extends Error {
  readonly responseCode: number
  readonly response: string
  readonly command: string
}

export function replyError(answer: RejectAnswer, command: string): ReplyError {
  if (typeof answer === 'object') expectOptions(answer, ['reject', 'message'], 'reject')
  const { reject, message = 'Refused by the fake' } = answer
  if (!Number.isInteger(reject) || reject < 400 || reject > 599) {
    throw new TypeError(`Expected reject to be a reply code from 400 to 599, got ${reject}`)
  }
  const response = `${reject} ${message}`
  return Object.assign(new Error(response), { responseCode: reject, response, command })
}

const NAMES = ['onRecipient', 'onMessage']

/** Throws unless `answers` holds known names, each with a function. */
export function expectAnswers(answers: FakeAnswers): void {
  expectOptions(answers, NAMES, 'setAnswers')
  for (const [name, value] of Object.entries(answers)) {
    if (value !== undefined) expectFunction(name, value)
  }
}

/** What becomes of a message: whether it is kept, and what the client meets then. */
export interface MessageFate {
  readonly kept: boolean
  readonly ending: 'accepted' | 'drop' | 'silent'
}

/**
 * @throws {Error} the refusal, when it is one
 * @throws {TypeError} unless it is a {@link MessageAnswer}
 */
export function fateOf(answer: MessageAnswer): MessageFate {
  if (answer === 'accept') return { kept: true, ending: 'accepted' }
  if (typeof answer === 'object' && answer !== null) {
    if ('reject' in answer) throw replyError(answer, 'DATA')
    expectOptions(answer, ['drop', 'silent'], 'onMessage')
    const ending = 'drop' in answer ? 'drop' : 'silent'
    const fate = 'drop' in answer ? answer.drop : answer.silent
    if (fate === 'kept' || fate === 'lost') return { kept: fate === 'kept', ending }
  }
  const given = JSON.stringify(answer)
  throw new TypeError(
    `Expected 'accept', { reject }, { drop: 'kept' | 'lost' } or { silent: 'kept' | 'lost' }, got ${given}`,
  )
}
