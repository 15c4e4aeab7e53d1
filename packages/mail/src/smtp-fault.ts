/**
 * Where the session was when it failed. `'pool'`: it had no connection yet.
 */
export type SmtpStep = 'pool' | 'connect' | 'login' | 'send' | 'reset'

/** Carries what the native client threw, and where, up to the place that makes a `MailError` of it. */
export class SmtpFault extends Error {
  readonly step: SmtpStep
  readonly reason: 'native' | 'overloaded' | 'closed' | 'invalid_message'

  constructor(
    step: SmtpStep,
    init: { readonly reason?: SmtpFault['reason']; readonly message?: string; cause?: unknown },
  ) {
    super(
      init.message ?? `SMTP ${step} failed`,
      'cause' in init ? { cause: init.cause } : undefined,
    )
    this.step = step
    this.reason = init.reason ?? 'native'
  }
}

/** What a call gets after `close()`. */
export function closedFault(): SmtpFault {
  return new SmtpFault('pool', { reason: 'closed', message: 'the client is closed' })
}
