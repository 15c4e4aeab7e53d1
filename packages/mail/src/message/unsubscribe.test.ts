import { expect, test } from 'vitest'
import { createFakeMail } from '../testing/fake-mail.ts'

const letter = { to: 'hanako@example.jp', subject: 'x', text: 'x' }

test('one click is offered by both headers', async () => {
  const mail = createFakeMail()
  await mail.send({ ...letter, unsubscribe: { url: 'https://x.jp/u/7', mailto: 'off@例え.jp' } })
  expect(mail.sent[0]?.raw.toString()).toContain(
    'List-Unsubscribe: <https://x.jp/u/7>, <mailto:off@xn--r8jz45g.jp>\r\n' +
      'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n',
  )
})

test.each<[string, object]>([
  ['a URL that is not https', { unsubscribe: { url: 'http://x.jp/u' } }],
  ['a URL of two', { unsubscribe: { url: 'https://x.jp/u>, <https://evil.test' } }],
  ['a line break', { unsubscribe: { url: 'https://x.jp/u\r\nBcc: eve@x.jp' } }],
  ['an address that is none', { unsubscribe: { url: 'https://x.jp/u', mailto: 'off' } }],
  [
    'the header as well',
    { unsubscribe: { url: 'https://x.jp/u' }, headers: { 'list-unsubscribe': '<https://x.jp>' } },
  ],
])('refuses %s', async (_what, change) => {
  await expect(createFakeMail().send({ ...letter, ...change })).rejects.toThrow(TypeError)
})
