import type SMTPConnection from 'nodemailer/lib/smtp-connection'

/**
 * How much a server may say to one step, in bytes. A reply has lines of up to 512 octets (RFC 5321,
 * 4.5.3.1.5), and the longest are lists of what it can do.
 */
const STEP_BYTES = 65_536
/** How much more for each recipient, who may have replies of several lines. */
const RECIPIENT_BYTES = 4_096

/** How nodemailer's connection hears its socket, and what it keeps of that. */
interface Hearing {
  _onSocketData: (chunk: Buffer) => void
  /** Replies that are not read yet. */
  readonly _responseQueue: readonly string[]
  /** What has come of a line. */
  readonly _remainder: string
}

/**
 * Bounds what a server says between two things that it is asked: nodemailer bounds a single reply, but
 * neither how many come nor empty lines, of which it keeps all.
 */
export class ReplyWatch {
  readonly #hearing: Hearing
  #left = STEP_BYTES

  /** @param onSpent called when the server has said too much; nothing more of it is heard */
  constructor(connection: SMTPConnection, onSpent: () => void) {
    const hearing = connection as unknown as Hearing
    this.#hearing = hearing
    const hear = hearing._onSocketData
    hearing._onSocketData = (chunk) => {
      if (this.#left < 0) return
      this.#left -= chunk.length
      if (this.#left < 0) onSpent()
      else hear(chunk)
    }
  }

  /** Whether it has said more than it was asked, which would be taken for the answer to what comes next. */
  get hasMore(): boolean {
    const { _responseQueue: replies, _remainder: rest } = this.#hearing
    return replies.length > 0 || rest !== ''
  }

  /** To be called before the server is asked for something. */
  renew(recipients = 0): void {
    this.#left = STEP_BYTES + recipients * RECIPIENT_BYTES
  }
}
