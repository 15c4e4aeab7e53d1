import { describe, expect, test } from 'vitest'
import { readByMailparser, readByPython } from '../../test/parsed-mail.ts'
import { createFakeMail } from '../testing/fake-mail.ts'
import type { MailMessage } from './mail-message.ts'

/** What makers of mail were reported to get wrong, each with where. */

async function written(change: Partial<MailMessage>): Promise<Buffer> {
  await using mail = createFakeMail({ from: 'no-reply@example.jp' })
  await mail.send({ to: 'hanako@example.jp', subject: 'x', text: 'x', ...change })
  const [sent] = mail.sent
  if (sent === undefined) throw new Error('Expected a message, got none')
  return sent.raw
}

const headOf = (raw: Buffer): string => raw.toString('latin1').split('\r\n\r\n')[0] ?? ''

const SUBJECTS: readonly (readonly [string, string])[] = [
  ['python/cpython#136052', 'Re: some few filler words RE: Routeraustausch und übriggebliebene'],
  [
    'python/cpython#85725',
    '[SOS-1477030] Commande – pseudo 251003-GD1U0E avec feu arrière connecté',
  ],
  ['odoo/odoo#243119', `${'Commande et livraison '.repeat(6)}arrière connecté (#1031590)`],
  ['nodemailer/mailcomposer#1', 'INFO: Uživatel XXXXXX XěXXX přidal příspěvek do diskuse'],
  ['nodemailer/buildmail#11', 'a  subject   with    spaces and 計画 and   more'],
  ['EC-Nordbund/denomailer#80', '日本語の件名は長いことがあり、何行にもなります。'.repeat(4)],
  ['nodemailer/nodemailer#496', '😊👩‍👩‍👧‍👦'.repeat(20)],
  ['lettre/lettre#812', 'Livraison retardée. Arrivée prévue\u00a0: 5 août, 11h48'],
  ['zendframework/zend-mime#18', `${'ä'.repeat(15)} ä`],
  ['mikel/mail#35', 'Восстановление Вашего пароля'],
  ['lavr/python-emails#3', 'ж'.repeat(120)],
  ['productdevbook/unemail#121', 'Zusammenfassung Ihrer Bestellung — '.repeat(40).trim()],
]

describe('a subject that others got wrong', () => {
  test.each(SUBJECTS)(
    'reads back, and each of its encoded words stands alone: %s',
    async (_, subject) => {
      const raw = await written({ subject })
      expect((await readByMailparser(raw)).subject).toBe(subject)
      expect((await readByPython([raw]))?.[0]?.subject ?? subject).toBe(subject)
      const line = /^Subject:.*(?:\r\n[ \t].*)*/im.exec(headOf(raw))?.[0] ?? ''
      // RFC 2047: one space between two, at most 75 characters, text in each, and whole characters (2 and 5.3).
      expect(line).not.toMatch(/\?==\?|\?[bq]\?\?=/i)
      const words = line.match(/=\?[^\s?]+\?[BQ]\?[^\s?]+\?=/gi) ?? []
      expect(words.join('').length).toBeGreaterThan(0)
      for (const word of words) {
        expect(word.length).toBeLessThanOrEqual(75)
        expect(decodedAlone(word)).not.toContain('\uFFFD')
      }
    },
  )

  function decodedAlone(word: string): string {
    const [, , encoding = '', text = ''] = word.split('?')
    if (encoding.toUpperCase() === 'B') return Buffer.from(text, 'base64').toString()
    const escaped = text.replaceAll('%', '%25').replaceAll('_', ' ').replaceAll('=', '%')
    return decodeURIComponent(escaped)
  }
})

describe('a file name that others got wrong', () => {
  test.each([
    ['nodemailer/nodemailer#579', `${'Ɣ------'.repeat(7)}.pdf`],
    ['nodemailer/nodemailer#496', '😊.txt'],
    ['nylas-mail-lives/nylas-mail#91', '新しいテキスト ドキュメント.txt'],
    ['python/cpython#76012', `${'long or spécial '.repeat(10)}.txt`],
  ])('reads back, and no section of it is quoted: %s', async (_, filename) => {
    const raw = await written({ attachments: [{ filename, content: 'x' }] })
    expect((await readByMailparser(raw)).files[0]?.filename).toBe(filename)
    expect((await readByPython([raw]))?.[0]?.files[0]?.filename ?? filename).toBe(filename)
    expect(raw.toString()).not.toMatch(/\*=\s*"/)
  })

  test.each(['in\tvoice.pdf', 'a\r\nX: y.pdf', 'a\0b.pdf'])(
    'is refused where it would be changed (nodemailer/nodemailer#1840): %j',
    async (filename) => {
      await expect(written({ attachments: [{ filename, content: 'x' }] })).rejects.toThrow(
        TypeError,
      )
    },
  )
})

test('a name with what is special, longer than a line, reads back (anymail/django-anymail#369)', async () => {
  const name = 'Ünïcödé, with "quotes" (and comments) & a very, very long name <x@y.example>; 様'
  const raw = await written({ to: { name, address: 'hanako@example.jp' } })
  expect((await readByMailparser(raw)).toName).toBe(name)
  expect((await readByPython([raw]))?.[0]?.toName ?? name).toBe(name)
})

test('a file of text keeps its line ends, byte by byte (nodemailer/nodemailer#815)', async () => {
  const content = 'a\nb\r\nc\rd\n\n計画'
  for (const filename of ['a.txt', 'a.csv', 'a.html', 'a.json', 'a.bin']) {
    const { files } = await readByMailparser(
      await written({ attachments: [{ filename, content: Buffer.from(content) }] }),
    )
    expect(Buffer.from(files[0]?.content ?? '', 'base64').toString(), filename).toBe(content)
  }
})

test('a line of quoted-printable has at most 76 characters (nodemailer/nodemailer#1275)', async () => {
  const lines = Array.from({ length: 200 }, (_, nth) => `${'é='.repeat(nth % 7)}${'x'.repeat(nth)}`)
  const text = lines.join('\n')
  const raw = await written({ text })
  expect(headOf(raw)).toContain('quoted-printable')
  const body = raw.toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n')
  for (const line of body.split('\r\n')) {
    expect(line.length).toBeLessThanOrEqual(76)
    expect(line).not.toMatch(/[ \t]$|=.?$(?<!=)/)
  }
  expect((await readByMailparser(raw)).text?.trimEnd()).toBe(text)
})

test('a text that begins with a byte order mark, and ends without a line break, reads back', async () => {
  const text = '\uFEFF計画書を確認してください'
  const raw = await written({ text, html: `<p>${text}</p>` })
  expect((await readByPython([raw]))?.[0]?.text?.trimEnd() ?? text).toBe(text)
  expect(raw.toString('latin1').endsWith('\r\n')).toBe(true)
})

test.each([
  ['wneessen/go-mail, CVE-2025-59937', '"toni@example.com> ORCPT=eve@evil.test"@example.com'],
  ['nodemailer, GHSA-mm7p-fcc7-pg87', '"eve@evil.test x"@example.com'],
  ['a second recipient behind the first', 'a@example.com>\r\nRCPT TO:<eve@evil.test'],
  ['a parameter of MAIL', 'a@example.com> SIZE=1'],
  ['a parameter without a bracket', 'a@example.com NOTIFY=NEVER'],
])('an address that others let into a command is refused: %s', async (_, address) => {
  for (const change of [
    { to: address },
    { to: { name: 'x', address } },
    { envelopeFrom: address },
    { bcc: [address] },
  ]) {
    await expect(written(change)).rejects.toThrow(TypeError)
  }
})

test('an invite stays an alternative beside an attachment (nodemailer/nodemailer#1206), once (#1615), with its charset (sendgrid/sendgrid-nodejs#1313)', async () => {
  const invite = {
    method: 'REQUEST',
    content: 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n',
  } as const
  const raw = (
    await written({ invite, html: '<p>x</p>', attachments: [{ filename: 'a.pdf', content: 'x' }] })
  ).toString()
  const types = Array.from(raw.matchAll(/^Content-Type: ([^\r]+)/gm), ([, type]) => type ?? '')
  expect(types.map((type) => type.split(';')[0])).toEqual([
    'multipart/mixed',
    'multipart/alternative',
    'text/plain',
    'text/html',
    'text/calendar',
    'application/pdf',
  ])
  expect(types[4]).toBe('text/calendar; charset=utf-8; method=REQUEST')
})

test('a message that is attached is not encoded in base64 (Django, ticket 18967), nor sent in 8-bit (36119)', async () => {
  const attached = async (content: string): Promise<string> =>
    (await written({ attachments: [{ filename: 'old.eml', content }] })).toString('latin1')
  const plain = await attached('Subject: x\r\n\r\nold\r\n')
  expect(plain).toMatch(/Content-Type: message\/rfc822[^\0]*\r\n\r\nSubject: x\r\n\r\nold\r\n/)
  expect(plain).not.toMatch(/base64/)
  const foreign = await attached('Subject: x\r\n\r\n計画\r\n')
  expect(foreign).not.toMatch(/message\/rfc822|8bit/)
})
