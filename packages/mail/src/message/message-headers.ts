import { expected, expectOneOf } from '@yuzuru/concurrency/boundary'
import { checkedHeaders } from './custom-headers.ts'
import type { MailMessage } from './mail-message.ts'
import { unsubscribeHeaders } from './unsubscribe.ts'

/** RFC 5322, 3.6.4, as far as a program can tell: ids of others are taken as they are. */
const MESSAGE_ID = /^<[!-;=?-~]+>$/
const LONGEST_ID = 900
const MOST_REFERENCES = 100

/** The headers of a message that have a field of their own, besides its addresses. */
export type FieldsWithHeaders = Pick<
  MailMessage,
  'headers' | 'unsubscribe' | 'inReplyTo' | 'references' | 'priority' | 'autoSubmitted'
>

const PRIORITIES = {
  high: { 'X-Priority': '1 (Highest)', 'X-MSMail-Priority': 'High', Importance: 'High' },
  low: { 'X-Priority': '5 (Lowest)', 'X-MSMail-Priority': 'Low', Importance: 'Low' },
  normal: {},
} as const

/** The fields that make a header, with the names of what they make. */
const OWN: Readonly<Record<string, RegExp>> = {
  unsubscribe: /^list-unsubscribe(?:-post)?$/i,
  inReplyTo: /^in-reply-to$/i,
  references: /^references$/i,
  priority: /^(?:x-priority|x-msmail-priority|importance)$/i,
  autoSubmitted: /^auto-submitted$/i,
}

/** @throws {TypeError} unless all are valid, and none is given twice */
export function headersOf(fields: FieldsWithHeaders): Record<string, string> | undefined {
  const { headers, unsubscribe, inReplyTo, priority, autoSubmitted } = fields
  const references = fields.references ?? inReplyTo
  if (priority !== undefined) expectOneOf('priority', priority, ['high', 'normal', 'low'])
  if (autoSubmitted !== undefined) {
    expectOneOf('autoSubmitted', autoSubmitted, ['auto-generated', 'auto-replied'])
  }
  const own: Record<string, string> = {
    ...(inReplyTo === undefined ? {} : { 'In-Reply-To': ids('inReplyTo', [inReplyTo]) }),
    ...(references === undefined ? {} : { References: ids('references', listOf(references)) }),
    ...(priority === undefined ? {} : PRIORITIES[priority]),
    ...(autoSubmitted === undefined ? {} : { 'Auto-Submitted': autoSubmitted }),
    ...(unsubscribe === undefined ? {} : unsubscribeHeaders(unsubscribe)),
  }
  for (const [field, names] of Object.entries(OWN)) {
    const twice = Object.keys(headers ?? {}).find((name) => names.test(name))
    if (twice !== undefined && fields[field as keyof FieldsWithHeaders] !== undefined) {
      throw new TypeError(`Expected ${field} or the header "${twice}", got both`)
    }
  }
  if (headers === undefined && Object.keys(own).length === 0) return undefined
  return checkedHeaders({ ...own, ...headers })
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

function ids(field: string, list: readonly unknown[]): string {
  if (list.length === 0 || list.length > MOST_REFERENCES) {
    throw new TypeError(`Expected ${field} to be 1 to ${MOST_REFERENCES} ids, got ${list.length}`)
  }
  for (const id of list) {
    if (typeof id !== 'string') throw expected(`${field} to be ids of messages`, id)
    if (!MESSAGE_ID.test(id) || id.length > LONGEST_ID) {
      throw new TypeError(`Expected ${field} to be ids such as "<id@domain>", got another string`)
    }
  }
  return list.join(' ')
}
