import type { IoCall, Outcome } from '@yuzuru/concurrency'
import type { MailError } from './mail-error.ts'
import { type CheckedMessage, recipientsOf } from './message/native-message.ts'
import { translateError } from './smtp/translate-error.ts'

/** A call of `mail.send`, in little memory: very many may wait, and each has its own recipients to report. */
export class SendCall implements IoCall {
  readonly #checked: CheckedMessage

  constructor(checked: CheckedMessage) {
    this.#checked = checked
  }

  get boundary(): 'mail' {
    return 'mail'
  }

  get operation(): 'send' {
    return 'send'
  }

  get effect(): 'write' {
    return 'write'
  }

  translate(error: unknown, outcome: Outcome): MailError {
    return translateError('send', error, outcome, recipientsOf(this.#checked))
  }
}
