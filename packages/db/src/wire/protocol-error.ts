/** What a server did wrong: it broke the protocol, or its answer exceeds the limit. */
export type ProtocolFault = 'protocol_violation' | 'answer_too_large'

/** The server broke the protocol. The message contains nothing of what the server sent. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolFault

  constructor(code: ProtocolFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The error for a message that a server must not send. */
export function violation(what: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError(
    'protocol_violation',
    `The server broke PostgreSQL's protocol: ${what}`,
    options,
  )
}
