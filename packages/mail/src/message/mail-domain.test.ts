import { describe, expect, test } from 'vitest'
import { asciiDomain } from './mail-domain.ts'

describe('asciiDomain', () => {
  test.each([
    ['example.jp', 'example.jp'],
    ['Mail.EXAMPLE.jp', 'mail.example.jp'],
    ['localhost', 'localhost'],
    ['3com.example', '3com.example'],
    ['r3---sn.example', 'r3---sn.example'],
    ['例え.jp', 'xn--r8jz45g.jp'],
    ['例え。jp', 'xn--r8jz45g.jp'],
    ['ｅｘａｍｐｌｅ.jp', 'example.jp'],
    ['straße.example', 'xn--strae-oqa.example'],
    ['xn--r8jz45g.jp', 'xn--r8jz45g.jp'],
    [`${'a'.repeat(63)}.jp`, `${'a'.repeat(63)}.jp`],
  ])('takes %s', (domain, ascii) => {
    expect(asciiDomain(domain)).toBe(ascii)
  })

  test.each([
    ['a path', 'evil.test/.corp.example'],
    ['a path in full width', 'evil.test／.corp.example'],
    ['a fragment', 'evil.test#.corp.example'],
    ['a query', 'evil.test?x'],
    ['a backslash', 'evil.test\\x'],
    ['a port', 'evil.test:25'],
    ['a user', 'user@evil.test'],
    ['an escape', 'exam%70le.jp'],
    ['an escape in full width', 'exam％70le.jp'],
    ['a number', '2130706433'],
    ['a number in full width', '２１３０７０６４３３'],
    ['a number in hexadecimal', '0x7f000001'],
    ['an address in hexadecimal and decimal', '0x7f.1'],
    ['an IPv4 address', '127.0.0.1'],
    ['an IPv4 address with ideographic stops', '127。0。0。1'],
    ['an address literal', '[127.0.0.1]'],
    ['an IPv6 literal', '[IPv6:::1]'],
    ['nothing', ''],
    ['a dot at its end', 'example.jp.'],
    ['an empty label', 'example..jp'],
    ['a hyphen at the beginning of a label', '-example.jp'],
    ['a hyphen at the end of a label', 'example-.jp'],
    ['an underscore', 'a_b.jp'],
    ['a space', 'a b.jp'],
    ['a tab, which URLs leave out', 'exam\tple.jp'],
    ['a line break', 'example.jp\r\n'],
    ['a NUL', 'example.jp\0'],
    ['half a surrogate pair', 'ex\uD83Dample.jp'],
    ['invalid punycode', 'xn--a.jp'],
    ['a label of 64', `${'a'.repeat(64)}.jp`],
    ['254 characters', `${'a.'.repeat(125)}jpne`],
    ['left-to-right among right-to-left', 'א1a.example'],
  ])('refuses %s', (_what, domain) => {
    expect(asciiDomain(domain)).toBeUndefined()
  })
})
