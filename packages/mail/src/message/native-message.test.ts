import * as fc from 'fast-check'
import MailComposer from 'nodemailer/lib/mail-composer'
import { describe, expect, test } from 'vitest'
import type { MailMessage } from './mail-message.ts'
import { checkedMessage, type NativeMessage, nativeMessage } from './native-message.ts'
import { StableDates } from './stable-dates.ts'

const sender = 'no-reply@example.jp'
const defaults = {
  from: { name: '', address: sender, given: sender },
  domain: 'example.jp',
  dates: new StableDates(),
}
const letter = { to: 'hanako@example.jp', subject: 'こんにちは', text: '花子 様' }
const file = { filename: '計画書.pdf', content: 'x' }

describe('checkedMessage', () => {
  test('holds the date of the moment of the call, whoever changes it later', () => {
    const date = new Date(0)
    const checked = checkedMessage({ ...letter, date }, defaults)
    date.setFullYear(2030)
    expect(nativeMessage(checked).date).toEqual(new Date(0))
  })

  test.each<[string, object]>([
    ['a line break in the subject', { subject: 'Hi\r\nBcc: eve@example.jp' }],
    ['a lone line feed in the subject', { subject: 'Hi\nBcc: eve@example.jp' }],
    ['a number for a subject', { subject: 7 }],
    ['no recipient', { to: [] }],
    ['101 recipients', { to: Array.from({ length: 101 }, (_, index) => `a${index}@example.jp`) }],
    ['a line break in a name', { to: { name: 'x\r\nBcc: e@x.jp', address: 'a@example.jp' } }],
    ['a line break in replyTo', { replyTo: 'a@example.jp\r\nBcc: eve@example.jp' }],
    ['neither text nor html', { text: undefined }],
    ['a number for a text', { text: 7 }],
    ['an object for html', { html: {} }],
    ['a line break in a header', { headers: { 'X-Plan': 'a\r\nBcc: eve@example.jp' } }],
    ['a line break in the name of a header', { headers: { 'X\r\nBcc': 'eve@example.jp' } }],
    ['a header that has a field of its own', { headers: { bcc: 'eve@example.jp' } }],
    ['a line break in a file name', { attachments: [{ ...file, filename: 'a\r\nX: b' }] }],
    ['a line break in a content type', { attachments: [{ ...file, contentType: 'a/b\r\nX: b' }] }],
    ['a line break in a content id', { attachments: [{ ...file, contentId: 'a>\r\nX: b' }] }],
    ['a date that is none', { date: new Date('no') }],
    ['a date of five digits', { date: new Date('+010000-01-01T00:00:00Z') }],
    ['a date before 1900', { date: new Date('1899-12-31T23:59:59Z') }],
    ['a multipart for a file', { attachments: [{ ...file, contentType: 'multipart/mixed' }] }],
    [
      'half a surrogate pair in a file name',
      { attachments: [{ ...file, filename: '\uD83D.pdf' }] },
    ],
    ['a bracket in a content id', { attachments: [{ ...file, contentId: 'a>b' }] }],
    ['a path instead of content', { attachments: [{ filename: 'x', path: '/etc/passwd' }] }],
  ])('refuses %s', (_what, change) => {
    const message = { ...letter, ...change } as MailMessage
    expect(() => checkedMessage(message, defaults)).toThrow(TypeError)
  })

  test('takes 100 recipients', () => {
    const to = Array.from({ length: 100 }, (_, index) => `a${index}@example.jp`)
    expect(checkedMessage({ ...letter, to }, defaults).to).toHaveLength(100)
  })

  test('lets the message name another sender', () => {
    const native = checked({ ...letter, from: '事務局 <office@example.jp>' })
    expect(native.from).toEqual({ name: '事務局', address: 'office@example.jp' })
  })

  test('forbids nodemailer to read files and URLs', () => {
    expect(checked(letter)).toMatchObject({
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  })

  test('keeps each recipient as it is on the way through nodemailer, but for quotes', () => {
    const local = fc.stringMatching(/^[\w.!#$%&'*+/=?^`{|}~-]{1,30}$/)
    const label = fc.stringMatching(/^[a-z\d](?:[a-z\d-]{0,8}[a-z\d])?$/)
    const domain = fc.tuple(label, fc.constantFrom('jp', 'example', 'xn--r8jz45g'))
    const recipients = fc.uniqueArray(
      fc.tuple(local, domain).map(([left, [name, top]]) => `${left}@${name}.${top}`),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(recipients, (to) => {
        fc.pre(to.every((address) => isTaken(address)))
        const { to: sent } = new MailComposer(checked({ ...letter, to })).compile().getEnvelope()
        expect(sent.map((address) => address.replace(/^"(.*)"@/, '$1@'))).toEqual(to)
      }),
      { numRuns: 2_000, seed: 5321 },
    )
  })
})

function isTaken(address: string): boolean {
  try {
    return checkedMessage({ ...letter, to: address }, defaults) !== undefined
  } catch {
    return false
  }
}

function checked(message: MailMessage): NativeMessage {
  return nativeMessage(checkedMessage(message, defaults))
}
