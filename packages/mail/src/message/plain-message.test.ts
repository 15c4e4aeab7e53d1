import * as fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer'
import { describe, expect, test } from 'vitest'
import { anyMessage } from '../../test/any-message.ts'
import { hostileMessage } from '../../test/hostile-message.ts'
import { envelopeOf } from '../plain-sending.ts'
import { parseMailbox } from './mail-address.ts'
import type { MailMessage } from './mail-message.ts'
import type { MimeTree } from './mime-tree.ts'
import { checkedMessage, nativeMessage } from './native-message.ts'
import { plainMessage } from './plain-message.ts'
import { StableDates } from './stable-dates.ts'
import { writeMessage } from './write-message.ts'

const RUNS = Number(process.env['YUZURU_RUNS'] ?? 300)
const letter = { to: 'hanako@example.jp', subject: 'Hello', text: 'Hello' }
const from = parseMailbox('from', 'けいかくん <no-reply@example.jp>')
const defaults = { from, domain: 'example.jp', dates: new StableDates() }

/** The same message by nodemailer's tree, and without it. */
async function both(message: MailMessage): Promise<readonly [string, string | undefined]> {
  const checked = checkedMessage(message, defaults)
  const compiled = new MailComposer(nativeMessage(checked)).compile()
  const {
    from: sender,
    to,
    dsn,
  } = compiled.getEnvelope() as { from: string; to: string[]; dsn?: object }
  expect(envelopeOf(checked)).toEqual({ from: sender || '', to, ...(dsn && { dsn }) })
  const byTree = await writeMessage(compiled as unknown as MimeTree)
  return [byTree.toString('latin1'), plainMessage(checked)?.toString('latin1')]
}

describe('a plain message', () => {
  test('is byte by byte what it is by nodemailer’s tree, whatever is in it', async () => {
    const to = fc.array(fc.constantFrom('a..b@docomo.ne.jp', '花子 <hanako@例え.jp>'), {
      minLength: 1,
      maxLength: 3,
    })
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,12}[A-Za-z]$/).map((each) => `x-${each}`)
    const known = fc.constantFrom(
      'DKIM-x',
      'feedback-id',
      'list-id',
      'MIME-x',
      'X-SMTPAPI',
      'ARC-SPF',
    )
    const message = fc
      .tuple(anyMessage, to, fc.oneof(name, known), fc.boolean())
      .map(([{ files: _files, name: toName, headers, ...rest }, more, header, isHtmlOnly]) => {
        const text = isHtmlOnly && rest.html !== undefined ? undefined : rest.text
        const to = [{ name: toName, address: 'hanako@example.jp' }, ...more]
        return Object.assign({}, rest, {
          text,
          to,
          replyTo: more,
          headers: Object.assign({}, headers, { [header]: 'a value' }),
        })
      })
    await fc.assert(
      fc.asyncProperty(message, async (each) => {
        const [byTree, plain] = await both(each)
        expect(plain).toBe(byTree)
      }),
      { numRuns: RUNS },
    )
  })

  test('is so too, in lines that every server takes, when nobody should have passed it in', async () => {
    const seen = { taken: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(hostileMessage, async (each) => {
        let pair
        try {
          pair = await both(each)
        } catch (error) {
          if (!(error instanceof TypeError)) throw error
          seen.refused += 1
          return
        }
        seen.taken += 1
        const [byTree, plain = byTree] = pair
        expect(plain).toBe(byTree)
        expect(
          /\r(?!\n)|(?<!\r)\n|[^\t\r\n -~]/.exec(byTree.slice(0, byTree.indexOf('\r\n\r\n'))),
        ).toBeNull()
        expect(/[^\r\n]{999}/.test(byTree)).toBe(false)
      }),
      { numRuns: RUNS },
    )
    expect(seen.taken).toBeGreaterThan(RUNS / 3)
  })

  test.each<[string, Partial<MailMessage>]>([
    ['no subject', { subject: '' }],
    ['no text', { text: '' }],
    ['no text beside its HTML', { text: '', html: '<p>x</p>' }],
    ['no HTML beside its text', { html: '' }],
    ['nothing at all', { text: '', html: '' }],
    ['a dot alone', { text: '.\n..\n' }],
    ['an empty header', { headers: { 'X-Empty': '', 'X-Blank': '  ' } }],
    ['a name of blanks', { to: { name: ' ', address: 'hanako@example.jp' } }],
    ['an envelope of its own', { envelopeFrom: 'b@example.jp', reports: { notify: ['failure'] } }],
    ['a priority', { priority: 'high', autoSubmitted: 'auto-generated' }],
    ['what it answers', { inReplyTo: '<1@example.jp>' }],
    ['blind copies', { bcc: 'jiro@example.jp' }],
    ['a recipient twice', { cc: 'hanako@example.jp', bcc: 'Hanako@EXAMPLE.jp' }],
    ['nobody as its sender', { envelopeFrom: '' }],
    ['text that holds a boundary', { text: `--=_${'a'.repeat(32)}-1`, html: '<p>x</p>' }],
  ])('is the same with %s', async (_what, change) => {
    const [byTree, plain] = await both({ ...letter, messageId: '<7@example.jp>', ...change })
    expect(plain).toBe(byTree)
  })

  test.each<[string, Partial<MailMessage>]>([
    ['a file', { attachments: [{ filename: 'a.txt', content: 'x' }] }],
    ['references of another form', { headers: { References: 'x' } }],
    ['the same header twice', { headers: { 'X-A': '1', 'x-a': '2' } }],
  ])('is left to nodemailer’s tree with %s', (_what, change) => {
    expect(plainMessage(checkedMessage({ ...letter, ...change }, defaults))).toBeUndefined()
  })
})
