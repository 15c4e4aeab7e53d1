import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyMessage, anyMessage } from '../../test/any-message.ts'
import { type WholeMail, wholeByMailparser, wholeByPython } from '../../test/whole-mail.ts'
import { calendarInvite } from '../invites/calendar-invite.ts'
import { createFakeMail } from '../testing/fake-mail.ts'
import type { MailMessage } from './mail-message.ts'

/** Two thousand were tried. */
const RUNS = Number(process.env['YUZURU_RUNS'] ?? 150)

const INVITE = calendarInvite({
  uid: 'plan-7@example.jp',
  start: new Date('2026-04-01T10:00:00+09:00'),
  end: new Date('2026-04-01T11:00:00+09:00'),
  timeZone: 'Asia/Tokyo',
  summary: '支援会議',
  organizer: 'けいかくん <no-reply@example.jp>',
  attendees: ['花子 <hanako@example.jp>'],
  stamp: new Date('2026-03-01T00:00:00Z'),
})

/** A message with any of what it may have, each on its own and all at once. */
const anyWhole = fc.tuple(
  anyMessage,
  fc.boolean(),
  fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 2 }),
)

type Sample = readonly [message: AnyMessage, hasInvite: boolean, pictures: readonly Uint8Array[]]

function messageOf([{ files, name, ...rest }, hasInvite, pictures]: Sample): MailMessage {
  const attachments = [
    ...files,
    // What the HTML shows needs some.
    ...(rest.html === undefined ? [] : pictures).map((content, nth) => ({
      filename: `${nth}.png`,
      content,
      contentId: `${nth}@example.jp`,
    })),
  ]
  const to = [{ name, address: 'hanako@example.jp' }, 'taro@例え.jp']
  const more = {
    ...(attachments.length > 0 && { attachments }),
    ...(hasInvite && { invite: INVITE }),
  }
  return Object.assign({}, rest, more, { to })
}

function expectedOf([message, hasInvite, pictures]: Sample): WholeMail {
  const { subject, name, text, html = '', files, cc = [], references = [] } = message
  const base64 = (content: Uint8Array): string => Buffer.from(content).toString('base64')
  return {
    subject,
    to: [
      [name, 'hanako@example.jp'],
      ['', 'taro@xn--r8jz45g.jp'],
    ],
    cc: (cc as { name: string; address: string }[]).map((each) => [each.name, each.address]),
    references: [references].flat(),
    note: message.headers?.['X-Note'] || undefined,
    unsubscribe: message.unsubscribe && `<${message.unsubscribe.url}>`,
    text: text.trimEnd(),
    html: html.trimEnd(),
    invite: hasInvite ? ['REQUEST', INVITE.content] : undefined,
    shown: (message.html === undefined ? [] : pictures).map((content, nth) => [
      `<${nth}@example.jp>`,
      'image/png',
      base64(content),
    ]),
    files: files.map((file) => [file.filename, 'application/octet-stream', base64(file.content)]),
  }
}

/** How the parts lie in each other: readers take the last alternative that they know, and show what is related to it. */
function shapeOf([{ html, files }, hasInvite, pictures]: Sample): string {
  const hasHtml = html !== undefined && html !== ''
  const shown = hasHtml && pictures.length > 0
  const rich = shown
    ? `multipart/related(text/html${',image/png'.repeat(pictures.length)})`
    : 'text/html'
  const alternatives = [
    'text/plain',
    ...(hasHtml ? [rich] : []),
    ...(hasInvite ? ['text/calendar'] : []),
  ]
  const body =
    alternatives.length === 1 ? 'text/plain' : `multipart/alternative(${alternatives.join(',')})`
  return files.length === 0
    ? body
    : `multipart/mixed(${body}${',application/octet-stream'.repeat(files.length)})`
}

test('a message with all that it may have reads back equal in two independent parsers, its parts in their places', async () => {
  const samples: readonly Sample[] = fc.sample(anyWhole, { numRuns: RUNS, seed: 2045 })
  await using mail = createFakeMail({ from: 'no-reply@example.jp' })
  for (const sample of samples) await mail.send(messageOf(sample))
  const raws = mail.sent.map(({ raw }) => raw)
  const byPython = await wholeByPython(raws)
  const shapes = new Set<string>()
  for (const [index, sample] of samples.entries()) {
    const expected = expectedOf(sample)
    expect(await wholeByMailparser(raws[index] ?? Buffer.alloc(0)), `${index}`).toEqual(expected)
    if (byPython === undefined) continue
    const { mail: read, shape } = byPython[index] ?? { mail: undefined, shape: '' }
    expect(read, `Python, ${index}`).toEqual(expected)
    expect(shape, `Python, ${index}`).toBe(shapeOf(sample))
    shapes.add(shape)
  }
  // Each with one, two and no files, pictures and invites.
  expect(byPython === undefined || shapes.size > 15).toBe(true)
})
