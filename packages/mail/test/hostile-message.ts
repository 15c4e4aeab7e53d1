import * as fc from 'fast-check'
import type { MailMessage } from '../src/message/mail-message.ts'

/** What goes wrong in texts: of every script, half characters, controls, and what looks like something else. */
const piece = fc.oneof(
  { arbitrary: fc.constantFrom(...Array.from('abc XYZ 019 .,;:()<>[]@"\\=?_-/%&#\'')), weight: 4 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 3 }), weight: 2 },
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }), weight: 2 },
  {
    arbitrary: fc.constantFrom(
      '👩‍👩‍👧‍👦',
      '🇯🇵',
      '\uD83D',
      '\uDC69',
      'é',
      '𠮷',
      '\uFEFF',
      '\u2028',
      '\u00A0',
      '\u3000',
      '\u202Eevil',
      'שלום',
      'مرحبا',
      '\u200F',
      'ｶﾞ',
      '支援計画書',
    ),
    weight: 3,
  },
  {
    arbitrary: fc.constantFrom(
      '=?UTF-8?B?',
      '=?utf-8?q?a?=',
      '?=',
      'From ',
      '>From ',
      '.',
      '..',
      ' ',
      '   ',
      '\t',
      'x'.repeat(75),
      'x'.repeat(76),
      'x'.repeat(77),
      'x'.repeat(998),
      '計'.repeat(400),
      '--=_',
      '=20',
      '=\n',
      'Bcc: x@evil.test',
    ),
    weight: 2,
  },
)
const lineBreak = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\r\n', '\n.\n', '\r\n.\r\n', ' \n')
const control = fc.constantFrom('\0', '\u0007', '\u000B', '\u000C', '\u001B', '\u007F', '\u0085')

const joined = (parts: readonly string[]): string => parts.join('')
const words = fc.array(piece, { maxLength: 30 }).map(joined)
/** Mostly what is taken. */
const header = fc.oneof(
  {
    arbitrary: words.map((text) => text.toWellFormed().replaceAll(/\p{Cc}/gu, '')),
    weight: 200,
  },
  {
    arbitrary: fc.array(fc.oneof(piece, lineBreak, control), { maxLength: 8 }).map(joined),
    weight: 1,
  },
)
const body = fc
  .array(
    fc.oneof(
      { arbitrary: piece, weight: 10 },
      { arbitrary: lineBreak, weight: 4 },
      { arbitrary: control, weight: 1 },
    ),
    { maxLength: 60 },
  )
  .map(joined)
const part = fc.option(
  fc.oneof({ arbitrary: body, weight: 8 }, fc.constantFrom('', ' ', '\n', '.')),
  {
    nil: undefined,
  },
)

const address = fc.constantFrom(
  'hanako@example.jp',
  'taro..yamada.@docomo.ne.jp',
  '"a..b"@docomo.ne.jp',
  'x@例え.jp',
  'X@EXAMPLE.jp',
  'a@xn--r8jz45g.jp',
  'a@مثال.إختبار',
  "o'hara+x=y@example.jp",
  `${'l'.repeat(64)}@example.jp`,
  `l@${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.jp`,
)
const mailbox = fc.oneof(address, fc.record({ name: header, address }))
const mailboxes = fc.array(mailbox, { maxLength: 6 })
const token = fc.string({
  unit: fc.constantFrom(...Array.from('aZb-_.!#$%&\'*+^`|~09/()<>@,;\\"[]?={}')),
  minLength: 1,
  maxLength: 20,
})
const headerName = fc.oneof(
  token.map((name) => `x-${name}`),
  token,
  fc.constantFrom(
    'X-SMTPAPI',
    'x-ses-a',
    'List-ID',
    'list-unsubscribe',
    'List-Unsubscribe-Post',
    'Precedence',
    'DKIM-Signature',
    'Received',
    'Resent-From',
    'References',
    'in-reply-to',
    'Keywords',

    'X-Priority',
    'Feedback-ID',
    'OTP-Token',
    'BIMI-Selector',
    'Content-Language',
    'Return-Path',
    'x-b'.padEnd(990, 'b'),
    'Auto-Submitted',
    '__proto__',
    'constructor',
    'toString',
    '7',
  ),
)
const headers = fc
  .array(fc.tuple(headerName, header), { maxLength: 5 })
  .map((pairs): Record<string, string> => {
    const made: Record<string, string> = {}
    for (const [name, value] of pairs) {
      Object.defineProperty(made, name, { value, enumerable: true, configurable: true })
    }
    return made
  })
const id = fc.constantFrom('<7@example.jp>', `<${'i'.repeat(200)}@example.jp>`, '<a.b+c@x.jp>')

/** Any message that a caller may pass in by mistake, or let somebody else write. Many are not valid. */
export const hostileMessage: fc.Arbitrary<MailMessage> = fc
  .record(
    {
      to: fc.oneof(mailbox, mailboxes),
      cc: mailboxes,
      bcc: mailboxes,
      replyTo: mailboxes,
      from: mailbox,
      subject: header,
      headers,
      messageId: fc.oneof({ arbitrary: fc.constant('<7@example.jp>'), weight: 20 }, id),
      inReplyTo: id,
      references: fc.array(id, { minLength: 1, maxLength: 12 }),
      priority: fc.constantFrom('high', 'normal', 'low'),
      autoSubmitted: fc.constantFrom('auto-generated', 'auto-replied'),
      envelopeFrom: fc.oneof(fc.constant(''), address),
      date: fc.date({
        min: new Date('1900-01-01'),
        max: new Date('9999-12-31'),
        noInvalidDate: true,
      }),
    },
    { requiredKeys: ['to', 'subject'] },
  )
  .chain((rest) =>
    fc.tuple(part, part).map(([text, html]) => Object.assign({}, rest, { text, html })),
  )
