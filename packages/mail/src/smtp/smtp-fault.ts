/**
 * Where the session was when it failed. `'pool'`: it had no connection yet.
 */
export type SmtpStep = 'pool' | 'connect' | 'login' | 'send' | 'reset'

/** What kind of failure it was; `'native'` is one of nodemailer or of the server. */
export type SmtpFaultReason =
  | 'native'
  | 'overloaded'
  | 'acquire_timeout'
  | 'closed'
  | 'invalid_message'
  | 'no_token'

/** What an {@link SmtpFault} is made of. */
export interface SmtpFaultInit {
  readonly reason?: SmtpFaultReason
  readonly message?: string
  /** `host:port` */
  readonly server?: string
  readonly cause?: unknown
}

/** Carries what the native client threw, and where, up to the place that makes a `MailError` of it. */
export class SmtpFault extends Error {
  readonly step: SmtpStep
  readonly reason: SmtpFaultReason
  readonly server: string | undefined

  constructor(step: SmtpStep, init: SmtpFaultInit) {
    super(
      init.message ?? `SMTP ${step} failed`,
      'cause' in init ? { cause: init.cause } : undefined,
    )
    this.step = step
    this.reason = init.reason ?? 'native'
    this.server = init.server
  }
}

/** What a call gets after `close()`. */
export function closedFault(): SmtpFault {
  return new SmtpFault('pool', { reason: 'closed', message: 'the client is closed' })
}
