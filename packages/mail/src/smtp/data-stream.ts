import type { Writable } from 'node:stream'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'

type Done = (error: Error | null, response?: string) => void

/** How nodemailer's connection sends what comes between DATA and the final dot. */
interface DataDialogue {
  readonly _socket: Writable
  readonly _responseActions: ((response: string) => void)[]
  _actionSMTPStream(response: string, done: Done): void
  _createSendStream(done: Done): DataStream
}

/** What it does with the stream. */
interface DataStream {
  readonly outByteCount: number
  write(message: unknown): void
  end(): void
}

/**
 * Has `begin` write the message to the socket, with its end, instead of nodemailer's stream, whose pipes
 * take more time and memory than the rest of the dialogue (decision 107).
 */
export function replaceDataStream(
  connection: SMTPConnection,
  begin: (socket: Writable) => void,
): void {
  const dialogue = connection as unknown as DataDialogue
  dialogue._createSendStream = (done) => {
    dialogue._responseActions.push((response) => dialogue._actionSMTPStream(response, done))
    return { outByteCount: 0, write: () => undefined, end: () => begin(dialogue._socket) }
  }
}
