import { expected, expectLine, expectOneOf, expectOptions } from '@yuzuru/concurrency/boundary'
import { type MailAddress, parseMailbox } from './mail-address.ts'

/** What a server is asked to report of a message's way (RFC 3461); one without DSN is not asked. */
export interface DeliveryReports {
  /**
   * When a report goes to the envelope sender: never, or on one or more of these.
   * @default what the server does: on failure
   */
  readonly notify?: 'never' | readonly ('success' | 'failure' | 'delay')[] | undefined
  /** How much of the message a report of a failure has. @default what the server does */
  readonly return?: 'headers' | 'full' | undefined
  /** Stands in the reports: up to 100 printable ASCII characters. @default none */
  readonly envelopeId?: string | undefined
}

/** The same in nodemailer's terms. */
export interface NativeDsn {
  readonly notify?: string
  readonly ret?: string
  readonly envid?: string
}

const EVENTS = ['success', 'failure', 'delay'] as const

/** @throws {TypeError} unless each value is one of those named */
export function checkedReports(reports: DeliveryReports): NativeDsn {
  expectOptions(reports, ['notify', 'return', 'envelopeId'], 'mail.send.reports')
  const { notify, return: returned, envelopeId } = reports
  if (returned !== undefined) expectOneOf('reports.return', returned, ['headers', 'full'])
  if (envelopeId !== undefined) {
    expectLine('reports.envelopeId', envelopeId, 100)
    if (!/^[ -~]+$/.test(envelopeId)) {
      throw new TypeError('Expected reports.envelopeId to be printable ASCII, got another string')
    }
  }
  return {
    ...(notify === undefined ? {} : { notify: notifyOf(notify) }),
    ...(returned === undefined ? {} : { ret: returned === 'full' ? 'FULL' : 'HDRS' }),
    ...(envelopeId === undefined ? {} : { envid: envelopeId }),
  }
}

function notifyOf(notify: NonNullable<DeliveryReports['notify']>): string {
  if (notify === 'never') return 'NEVER'
  if (!Array.isArray(notify) || notify.length === 0) {
    throw expected('reports.notify to be "never" or a list of events', notify)
  }
  for (const event of notify) expectOneOf('reports.notify', event, EVENTS)
  return [...new Set(notify)].join(',').toUpperCase()
}

/** The sender of the envelope, as the dialogue names it; `''` is nobody. */
export function checkedEnvelopeFrom(from: MailAddress | undefined): string | undefined {
  if (from === undefined || from === '') return from
  return parseMailbox('envelopeFrom', from).address
}
