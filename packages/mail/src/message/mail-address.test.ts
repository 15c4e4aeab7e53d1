import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MailAddress, parseMailbox } from './mail-address.ts'

describe('parseMailbox', () => {
  test.each<[MailAddress, string, string]>([
    ['hanako@example.jp', '', 'hanako@example.jp'],
    ['花子 <hanako@example.jp>', '花子', 'hanako@example.jp'],
    ['"Sato, Hanako" <hanako@example.jp>', 'Sato, Hanako', 'hanako@example.jp'],
    [{ name: '花子', address: 'hanako@example.jp' }, '花子', 'hanako@example.jp'],
    ['taro..yamada.@docomo.ne.jp', '', '"taro..yamada."@docomo.ne.jp'],
    ['"taro..yamada."@docomo.ne.jp', '', '"taro..yamada."@docomo.ne.jp'],
    ['"hanako"@example.jp', '', 'hanako@example.jp'],
    ['太郎 <"a..b"@docomo.ne.jp>', '太郎', '"a..b"@docomo.ne.jp'],
    ['hanako@例え.jp', '', 'hanako@xn--r8jz45g.jp'],
    [`${'a'.repeat(64)}@example.jp`, '', `${'a'.repeat(64)}@example.jp`],
  ])('takes %o', (value, name, address) => {
    expect(parseMailbox('to', value)).toMatchObject({ name, address })
  })

  test.each<[string, unknown]>([
    ['nothing', ''],
    ['no domain', 'hanako'],
    ['no local part', '@example.jp'],
    ['two addresses', 'a@example.jp, b@example.jp'],
    ['two addresses in brackets', 'x <a@example.jp>, y <b@example.jp>'],
    ['two at signs', 'a@evil.example@example.jp'],
    ['a space', 'a b@example.jp'],
    ['a line break', 'a@example.jp\r\nBcc: eve@example.jp'],
    ['a line break in the name', 'x\r\nBcc: eve@example.jp <a@example.jp>'],
    ['a line break in the name of an object', { name: 'x\nBcc: e@x.jp', address: 'a@example.jp' }],
    ['an SMTP command', 'a@example.jp>\r\nRCPT TO:<eve@example.jp'],
    ['half a surrogate pair', { name: '\uD83D', address: 'a@example.jp' }],
    ['a local part outside ASCII', '花子@example.jp'],
    ['a quoted space', '"a b"@example.jp'],
    ['a quoted quote', '"a\\"b"@example.jp'],
    ['an empty pair of quotes', '""@example.jp'],
    ['another address in quotes', '"eve@evil.test x"@example.jp'],
    ['another address in brackets and quotes', '"x <eve@evil.test>"@example.jp'],
    ['a comment', 'a@example.jp (eve@evil.test)'],
    ['a group', 'all: a@example.jp, b@example.jp;'],
    ['a source route', '<@evil.test:a@example.jp>'],
    ['a percent route', 'a%evil.test@example.jp@'],
    ['a label that begins with a hyphen', 'a@-example.jp'],
    ['a local part of 65 characters', `${'a'.repeat(65)}@example.jp`],
    ['255 characters', `a@${'b.'.repeat(125)}jpn`],
    ['a path after the domain', 'x@evil.test/.corp.example'],
    ['a number for a domain', 'x@2130706433'],
    ['a number', 7],
    ['null', null],
  ])('refuses %s, without naming it', (_what, value) => {
    const call = (): unknown => parseMailbox('cc[0]', value as string)
    expect(call).toThrow(TypeError)
    expect(call).toThrow(/^Expected .*cc\[0\](?!.*(eve|hanako))/)
  })

  test('never gives another recipient than the one that was passed in', () => {
    const plain = fc.constantFrom('a', 'Z', '0', '-', '.', '.jp', 'xn--', '127')
    const hostile = fc.constantFrom(...Array.from('_@%/\\?#:;,<>()[]"\' +=\t\r\n\0'), '..')
    const piece = fc.oneof({ arbitrary: plain, weight: 6 }, { arbitrary: hostile, weight: 1 })
    const domain = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
    const local = fc.oneof(fc.constant('hanako'), domain)
    let taken = 0
    fc.assert(
      fc.property(local, domain, (left, right) => {
        const given = `${left}@${right}`
        const address = parsed({ address: given })
        if (address === undefined) return
        taken += 1
        const plain = address.replace(/^"(.*)"@/, '$1@')
        expect(plain.toLowerCase()).toBe(given.toLowerCase().replace(/^"(.*)"@/, '$1@'))
        expect(plain).toMatch(MAILBOX)
      }),
      { numRuns: 20_000, seed: 5321 },
    )
    expect(taken).toBeGreaterThan(1_000)
  })
})

/** RFC 5321, 4.1.2, of `Mailbox`: a `Dot-string` (with the dots of old mobile addresses) at a `Domain`. */
const MAILBOX =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/

function parsed(value: MailAddress): string | undefined {
  try {
    return parseMailbox('to', value).address
  } catch {
    return undefined
  }
}
