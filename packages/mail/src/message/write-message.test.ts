import { isAscii } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyMessage } from '../../test/any-message.ts'
import { type ParsedMail, readByMailparser, readByPython } from '../../test/parsed-mail.ts'
import { createFakeMail, type FakeMail } from '../testing/fake-mail.ts'
import type { MailMessage } from './mail-message.ts'
import { boundaryFor } from './boundary.ts'

const letter = { to: 'hanako@example.jp', subject: 'Hello', text: 'Hello' }
const from = 'no-reply@example.jp'

async function written(
  change: Partial<MailMessage>,
  mail = createFakeMail({ from }),
): Promise<Buffer> {
  await mail.send({ ...letter, ...change })
  return lastOf(mail)
}

function lastOf(mail: FakeMail): Buffer {
  const raw = mail.sent.at(-1)?.raw
  if (raw === undefined) throw new Error('Expected a message, got none')
  return raw
}

function headOf(raw: Buffer): string {
  return raw.toString('latin1').split('\r\n\r\n')[0] ?? ''
}

/** What must hold of every message. */
function expectSound(raw: Buffer): void {
  const text = raw.toString('latin1')
  expect(isAscii(raw)).toBe(true)
  expect(/\r(?!\n)|(?<!\r)\n|\0/.test(text)).toBe(false)
  expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
  expect(/^[\w-]+:[ \t]*\r\n/m.test(headOf(raw))).toBe(false)
}

/** RFC 5322, 2.1.1: 78 characters, unless a single word is longer, which can't be folded. */
function expectShortHeaders(raw: Buffer): void {
  for (const line of headOf(raw).split('\r\n')) {
    const words = line.trim().replace(/^[\w-]+: /, '')
    if (line.length > 78) expect(words).not.toMatch(/ /)
  }
}

describe('a message', () => {
  test.each<[string, string]>([
    ['1,500 letters', 'x'.repeat(1_500)],
    ['1,500 letters of Japanese', '計'.repeat(1_500)],
    ['what looks like an encoded word', '=?UTF-8?B?44GC?= and =?utf-8?q?x y?='],
    ['half of what looks like one', '=?UTF-8?B?'],
    ['two blanks, and one at the end', 'a  b '],
    ['a quote and a backslash', String.raw`"quoted" \ and more`],
    ['an emoji of many characters', '👩‍👩‍👧‍👦'.repeat(20)],
    ['a mix', 'Re: 支援計画書 (plan No. 7, 2026)'],
  ])('has a subject of %s, which reads back', async (_what, subject) => {
    const raw = await written({ subject })
    expectSound(raw)
    for (const line of headOf(raw).split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
    expect((await readByMailparser(raw)).subject).toBe(subject.trimEnd())
    expect((await readByPython([raw]))?.[0]?.subject ?? subject.trimEnd()).toBe(subject.trimEnd())
  })

  test.each<[string, string]>([
    ['what looks like an encoded word', '=?UTF-8?B?44GC?='],
    ['200 letters', 'y'.repeat(200)],
    ['Japanese, with what is special', '佐藤, 花子 <x@y.jp> "委員長"'],
    ['quotes and a backslash', String.raw`Hanako "the \ boss" Sato`],
    ['a dot', 'Dr. Sato'],
  ])('has a name of %s, which reads back', async (_what, name) => {
    const raw = await written({ to: { name, address: 'hanako@example.jp' } })
    expectSound(raw)
    expect((await readByMailparser(raw)).toName).toBe(name)
    expect((await readByPython([raw]))?.[0]?.toName ?? name).toBe(name)
  })

  test('never has a header whose first line is empty but for its name', async () => {
    const url = `<https://example.jp/unsubscribe/${'a'.repeat(400)}>`
    const headers = {
      'List-Unsubscribe': `${url}, <mailto:off@example.jp>`,
      'X-Long': 'z'.repeat(990),
    }
    const raw = await written({ headers })
    expectSound(raw)
    expect(headOf(raw)).toContain(`List-Unsubscribe: ${url},\r\n <mailto:off@example.jp>`)
  })

  test('encodes a header word that is longer than a line, unless programs read that header', async () => {
    const raw = await written({ headers: { 'X-Note': 'w'.repeat(2_000) } })
    expectSound(raw)
    const sending = written({
      headers: { 'List-Unsubscribe': `<https://x.jp/${'w'.repeat(1_000)}>` },
    })
    await expect(sending).rejects.toThrow(TypeError)
  })

  test('takes the smaller encoding of a text', async () => {
    const mixed = 'plan 7: 支援計画書を確認してください。See https://example.jp/plans/7\n'.repeat(
      50,
    )
    const [japanese, mostly, plain] = await Promise.all(
      [mixed, `${'mostly ASCII, '.repeat(60)}計\n`, 'short\n'].map((text) => written({ text })),
    )
    expect(headOf(japanese ?? Buffer.alloc(0))).toContain('Transfer-Encoding: base64')
    expect(japanese?.length).toBeLessThan(Buffer.byteLength(mixed) * 1.4 + 600)
    expect(headOf(mostly ?? Buffer.alloc(0))).toContain('Transfer-Encoding: quoted-printable')
    expect(headOf(plain ?? Buffer.alloc(0))).toContain('Transfer-Encoding: 7bit')
  })

  test.each(['a\rb', 'a\r\nb', 'a\nb', 'a\r\r\nb\r', '\r'])(
    'has no lone CR or LF, whatever its text and HTML have: %j',
    async (text) => {
      for (const change of [{ text }, { html: `<p>${text}計</p>` }, { text, html: text }]) {
        expectSound(await written(change))
      }
    },
  )

  test('keeps a line that a mail store would change, and a dot alone on one', async () => {
    const text = 'From here on\n.\n..\n計画 \n\tend\t'
    const raw = await written({ text })
    expect((await readByMailparser(raw)).text?.trimEnd()).toBe(text.trimEnd())
    expect(raw.toString()).not.toMatch(/^From here/m)
  })

  test.each<[string, string, string | Uint8Array, RegExp]>([
    ['csv', 'plans.csv', '計画,1\n', /text\/csv;\s+charset=utf-8/],
    ['csv in bytes of UTF-8', 'plans.csv', Buffer.from('計画,1\n'), /text\/csv;\s+charset=utf-8/],
    ['csv in Shift JIS', 'plans.csv', Buffer.from([0x8c, 0x76, 0x2c]), /text\/csv;\s+name=/],
    ['an iPhone picture', 'IMG_1.HEIC', 'x', /image\/heic/],
    ['markdown', 'notes.md', '# 計画', /text\/markdown;\s+charset=utf-8/],
    ['a message', 'old.eml', 'Subject: x\r\n\r\nold\r\n', /message\/rfc822/],
    ['a message in 8-bit', 'old.eml', 'Subject: x\n\n計画\n', /application\/octet-stream/],
    ['a message of long lines', 'old.eml', `Subject: x\n\n${'y'.repeat(2_000)}`, /octet-stream/],
  ])('has a file with a type that is true: %s', async (_what, filename, content, type) => {
    const raw = await written({ attachments: [{ filename, content }] })
    expectSound(raw)
    expect(raw.toString()).toMatch(type)
    const { files } = await readByMailparser(raw)
    if (!filename.endsWith('.eml') || /octet/.test(type.source)) {
      expect(files[0]?.content).toBe(Buffer.from(content).toString('base64'))
    }
  })

  test.each([
    'plan.pdf',
    '支援計画書（令和８年度）.pdf',
    `${'長い名前'.repeat(30)}.pdf`,
    `${'long'.repeat(30)}.pdf`,
    String.raw`a"b\c.pdf`,
    "it's 100% 'quoted'.pdf",
    'a;b=c, d (e).pdf',
    '../../etc/passwd.pdf',
  ])('has a file whose name reads back: %s', async (filename) => {
    const raw = await written({ attachments: [{ filename, content: 'x' }] })
    expectSound(raw)
    expect((await readByMailparser(raw)).files[0]?.filename).toBe(filename)
    expect((await readByPython([raw]))?.[0]?.files[0]?.filename ?? filename).toBe(filename)
  })

  test('has a file whose name looks like an encoded word: it is none', async () => {
    const filename = '=?UTF-8?B?44GC?=.pdf'
    const raw = await written({ attachments: [{ filename, content: 'x' }] })
    // mailparser decodes any name once more, however it was encoded.
    expect((await readByPython([raw]))?.[0]?.files[0]?.filename ?? filename).toBe(filename)
    expect(raw.toString()).not.toContain(filename)
  })

  test('is the same byte by byte for the same key', async () => {
    const date = new Date('2026-04-01T00:00:00Z')
    const change = { html: '<p>計画</p>', idempotencyKey: 'plan-7', date }
    const attachments = [{ filename: '計画.pdf', content: Buffer.alloc(100) }]
    const [first, second] = await Promise.all([
      written({ ...change, attachments }),
      written({ ...change, attachments }),
    ])
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true)
  })

  test('has boundaries that follow from its content, not from its key', async () => {
    const boundaryOf = (raw: Buffer): string => /boundary="([^"]+)"/.exec(raw.toString())?.[1] ?? ''
    const html = '<p>a</p>'
    const first = boundaryOf(await written({ html, idempotencyKey: 'plan-7' }))
    const injected = `--${first}\r\nContent-Type: text/html\r\n\r\n<p>evil</p>\r\n--${first}--`
    const raw = await written({ html, text: injected, idempotencyKey: 'plan-7' })
    expect(boundaryOf(raw)).not.toBe(first)
    expect((await readByMailparser(raw)).html?.trim()).toBe(html)
  })

  test('has no boundary that is in one of its parts', () => {
    const bytes = Buffer.from('--=_aaaa is in the text')
    const part = { bytes, transferEncoding: '7bit' } as const
    const digest = (_parts: unknown, count: number): string => (count < 2 ? 'aaaa' : 'bbbb')
    expect(boundaryFor([part], digest)).toBe('=_bbbb')
  })

  test('of the native client is written in the same way', async () => {
    const mail = createFakeMail({ from })
    await mail.client.sendMail({
      from,
      to: 'hanako@example.jp',
      subject: 'x'.repeat(1_500),
      text: 'a\rb',
      html: '<p>計</p>\r',
      list: { unsubscribe: { url: `https://example.jp/${'u'.repeat(200)}`, comment: 'off' } },
      attachments: [{ filename: '=?UTF-8?B?44GC?=.txt', content: 'x\ny' }],
    })
    expectSound(lastOf(mail))
    expect(headOf(lastOf(mail))).toContain('List-Unsubscribe: <https://example.jp/u')
  })

  test('that its maker wrote itself gets its line breaks mended', async () => {
    const mail = createFakeMail({ from })
    const raw = 'From: no-reply@example.jp\nTo: hanako@example.jp\n\nbody\r.\n'
    await mail.client.sendMail({ envelope: { from, to: 'hanako@example.jp' }, raw })
    expect(lastOf(mail).toString()).toBe(
      'From: no-reply@example.jp\r\nTo: hanako@example.jp\r\n\r\nbody\r\n.\r\n',
    )
  })
})

describe('every message', () => {
  const RUNS = Number(process.env['YUZURU_RUNS'] ?? 150)
  test('reads back equal in two independent parsers, in lines that every server takes', async () => {
    const samples = fc.sample(anyMessage, { numRuns: RUNS, seed: 5322 })
    const mail = createFakeMail({ from })
    for (const { name, files, ...rest } of samples) {
      const to = { name, address: 'hanako@example.jp' }
      await mail.send({ ...rest, to, attachments: files })
    }
    const raws = mail.sent.map(({ raw }) => raw)
    for (const raw of raws) {
      expectSound(raw)
      expectShortHeaders(raw)
    }
    const byPython = await readByPython(raws)
    for (const [index, sample] of samples.entries()) {
      const raw = raws[index] ?? Buffer.alloc(0)
      const expected = expectedOf(sample)
      expect(comparable(await readByMailparser(raw)), `mailparser, ${index}`).toEqual(expected)
      if (byPython !== undefined) {
        const read = byPython[index]
        expect(read && comparable(read), `Python, ${index}`).toEqual(expected)
      }
    }
  })

  function expectedOf(sample: {
    readonly subject: string
    readonly name: string
    readonly text: string
    readonly html: string | undefined
    readonly files: readonly { readonly filename: string; readonly content: Uint8Array }[]
  }): object {
    return comparable({
      subject: sample.subject,
      from,
      toName: sample.name,
      text: sample.text,
      html: sample.html === '' ? undefined : sample.html,
      files: sample.files.map(({ filename: name, content }) => ({
        filename: name,
        type: 'application/octet-stream',
        content: Buffer.from(content).toString('base64'),
      })),
    })
  }

  /** Readers add a line break at the end, or take it away. */
  function comparable(mail: ParsedMail): object {
    return {
      ...mail,
      text: (mail.text ?? '').replaceAll('\r\n', '\n').trimEnd(),
      html: (mail.html ?? '').replaceAll('\r\n', '\n').trimEnd(),
    }
  }
})
