import { domainToASCII } from 'node:url'
import * as fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer'
import { expect, test } from 'vitest'
import { isMailbox } from '../../test/rfc5321.ts'
import { parseMailbox } from './mail-address.ts'
import { envelopeOf } from '../plain-sending.ts'
import { checkedMessage, nativeMessage } from './native-message.ts'
import { StableDates } from './stable-dates.ts'

/** As many as were asked for: ten seconds. */
const RUNS = Number(process.env['YUZURU_RUNS'] ?? 100_000)
/** What takes ten times as long is tried for each tenth. */
const BY_NODEMAILER = 10

const atext = fc.constantFrom(...Array.from("abzAZ09!#$%&'*+-/=?^_`{|}~"))
const atom = fc.array(atext, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const dotString = fc.array(atom, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
const odd = fc.array(fc.oneof(atom, fc.constant('.')), { minLength: 1, maxLength: 5 })
const local = fc.oneof(
  dotString,
  odd.map((parts) => parts.join('')),
  odd.map((parts) => `"${parts.join('')}"`),
)
const plain = fc.stringMatching(/^[a-z\d](?:[a-z\d-]{0,6}[a-z\d])?$/)
const foreign = fc.constantFrom(
  '例え',
  'テスト',
  'bücher',
  'ÄÖÜ',
  'straße',
  'ｗｗｗ',
  'пример',
  '한국',
)
const label = fc.oneof({ weight: 9, arbitrary: plain }, { weight: 1, arbitrary: foreign })
const domain = fc
  .tuple(fc.array(label, { maxLength: 3 }), fc.constantFrom('jp', 'test', 'example', 'xn--q9jyb4c'))
  .map(([labels, top]) => [...labels, top].join('.'))
const junk = fc.constantFrom(...Array.from('<>@",;:\\()[] \t\r\n\0%/?#'), '..', '.-', '@@', '日本')
/** Addresses, and what becomes of them by a slip or by intent. */
const address = fc
  .tuple(local, domain, fc.option(fc.tuple(junk, fc.double({ min: 0, max: 1, noNaN: true }))))
  .map(([left, right, slip]) => {
    const whole = `${left}@${right}`
    if (slip === null) return { given: whole, isWhole: true }
    const at = Math.floor(slip[1] * whole.length)
    return { given: `${whole.slice(0, at)}${slip[0]}${whole.slice(at)}`, isWhole: false }
  })

const sender = parseMailbox('from', 'no-reply@example.jp')
const defaults = { from: sender, domain: 'example.jp', dates: new StableDates() }

/** How the dialogue names the one recipient of a message, or `undefined` if it is refused. */
function recipientOf(given: string, isByNodemailer: boolean): readonly string[] | undefined {
  let checked
  try {
    checked = checkedMessage({ to: { address: given }, subject: 'x', text: 'x' }, defaults)
  } catch {
    return undefined
  }
  const { to } = envelopeOf(checked)
  // A message with attachments goes through it.
  if (isByNodemailer) {
    expect(new MailComposer(nativeMessage(checked)).compile().getEnvelope().to).toEqual(to)
  }
  return to
}

/** The local part as it is, as another case is another mailbox (RFC 5321, 2.4); the domain in ASCII. */
function bare(mailbox: string): string {
  const at = mailbox.lastIndexOf('@')
  const [name, host] = [mailbox.slice(0, at), mailbox.slice(at + 1)]
  const isQuoted = name.length > 1 && name.startsWith('"') && name.endsWith('"')
  // Node's own IDNA, which the code does not use.
  return `${isQuoted ? name.slice(1, -1) : name}@${domainToASCII(host)}`
}

test('a recipient is never another than the one that was passed in, by the grammar of RFC 5321', () => {
  const seen = { taken: 0, refused: 0, foreign: 0 }
  let nth = 0
  fc.assert(
    fc.property(address, ({ given, isWhole }) => {
      nth += 1
      const recipients = recipientOf(given, nth % BY_NODEMAILER === 0)
      if (recipients === undefined) {
        seen.refused += 1
        // What the grammar allows is refused only for its length, or for a domain that no name can have.
        const isOrdinary =
          isWhole && given.length < 60 && !/@(?:.*\.)?..--|@(?:.*\.)?xn--/.test(given)
        if (isOrdinary) expect(isMailbox(given), given).toBe(false)
        return
      }
      seen.taken += 1
      expect(recipients).toHaveLength(1)
      const [recipient = ''] = recipients
      expect(isMailbox(recipient), recipient).toBe(true)
      expect(bare(recipient)).toBe(bare(given))
      if (/[^ -~]/.test(given)) seen.foreign += 1
    }),
    { numRuns: RUNS, seed: 5321 },
  )
  expect(seen.taken).toBeGreaterThan(RUNS / 5)
  expect(seen.refused).toBeGreaterThan(RUNS / 20)
  expect(seen.foreign).toBeGreaterThan(RUNS / 50)
})
