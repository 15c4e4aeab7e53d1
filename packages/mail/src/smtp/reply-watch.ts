import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { codeOf, isFarewell } from './smtp-reply.ts'

/**
 * How much a server may say to one step, in bytes. A reply has lines of up to 512 octets (RFC 5321,
 * 4.5.3.1.5), and the longest are lists of what it can do.
 */
const STEP_BYTES = 65_536
/** How much more for each recipient, who may have replies of several lines. */
const RECIPIENT_BYTES = 4_096

/** How nodemailer's connection speaks and hears, and what it keeps of that. */
interface Dialogue {
  _onSocketData: (chunk: Buffer) => void
  _sendCommand: (command: string, shown?: string) => void
  _processResponse: () => unknown
  /** What waits for a reply, in order. */
  readonly _responseActions: readonly object[]
  /** Replies that are not read yet. */
  readonly _responseQueue: readonly string[]
  /** What has come of a line. */
  readonly _remainder: string
}

/** What is called when a server does what it must not, and when it goes on. */
export interface ReplyListener {
  /** Nothing more of it is heard. */
  readonly onUnlawful: (what: string) => void
  /** It was asked for something, or has answered. */
  readonly onStep: () => void
}

/**
 * Watches a dialogue for what nodemailer passes over. It bounds a single reply, but neither how many come
 * nor empty lines, of which it keeps all; it takes a reply that came before its question for the
 * answer to it; and it goes by the first digit of a reply, whatever follows (`2500`, `250-yes` and `550 no`).
 */
export class ReplyWatch {
  readonly #dialogue: Dialogue
  #left = STEP_BYTES
  /** What waits for the answer to DATA. */
  #data: object | undefined

  constructor(connection: SMTPConnection, { onUnlawful, onStep }: ReplyListener) {
    const dialogue = connection as unknown as Dialogue
    this.#dialogue = dialogue
    const hear = dialogue._onSocketData
    dialogue._onSocketData = (chunk) => {
      if (this.#left < 0) return
      this.#left -= chunk.length
      if (this.#left < 0) onUnlawful('it says more than it was asked')
      else hear(chunk)
    }
    const say = dialogue._sendCommand
    dialogue._sendCommand = (command, shown) => {
      onStep()
      if (command !== 'QUIT' && this.hasStray) onUnlawful('it replies to what it was not asked')
      else {
        if (command === 'DATA') this.#data = dialogue._responseActions.at(-1)
        say.call(dialogue, command, shown)
      }
    }
    const read = dialogue._processResponse
    dialogue._processResponse = () => {
      const waiting = dialogue._responseActions.length
      if (dialogue._responseQueue.length > 0 && waiting > 0) {
        onStep()
        if (isUnreadable(dialogue._responseQueue[0] ?? '')) {
          return onUnlawful('a reply that does not have one meaning')
        }
        if (dialogue._responseActions[0] === this.#data && this.#isOutOfStepAtData) {
          return onUnlawful('it replies to what it was not asked')
        }
      }
      return read.call(dialogue)
    }
  }

  /** Whether it has said more than it was asked, which would be taken for the answer to what comes next. */
  get hasMore(): boolean {
    const { _responseQueue: replies, _remainder: rest } = this.#dialogue
    return replies.length > 0 || rest !== ''
  }

  /**
   * Whether there is a reply already when the server is about to be asked for one. A refusal is one, too: it
   * would be taken for the answer to what comes next, so that the server seems to refuse an address of
   * which it has not said a word. Only a farewell is none: a server may say at any time that it ends (RFC
   * 5321, 3.8).
   */
  get hasStray(): boolean {
    const said = this.#said
    return said !== undefined && !isFarewell(said)
  }

  /** Whether a reply has come, or a part of one, that is not read yet; empty lines are none. */
  get hasSaid(): boolean {
    return this.#said !== undefined
  }

  /**
   * Where commands go out several at once (PIPELINING, RFC 2920), a stray reply is found at DATA only: that
   * gets the answer of another command, and there is one more behind it.
   */
  get #isOutOfStepAtData(): boolean {
    const [reply = '', ...more] = this.#dialogue._responseQueue
    const next = more.find((text) => text.trim() !== '')
    return reply.startsWith('2') || (next !== undefined && !isFarewell(next))
  }

  get #said(): string | undefined {
    const { _responseQueue: replies, _remainder: rest } = this.#dialogue
    return [...replies, rest].find((text) => text.trim() !== '')
  }

  /** To be called before the server is asked for something. */
  renew(recipients = 0): void {
    this.#left = STEP_BYTES + recipients * RECIPIENT_BYTES
  }
}

/** Whether a reply has come to its end and says nothing, or two things. Empty lines are no reply. */
function isUnreadable(reply: string): boolean {
  const isWhole = !/(?:^|\n)\d+-[^\n]*$/.test(reply)
  return isWhole && reply.trim() !== '' && codeOf(reply) === undefined
}
