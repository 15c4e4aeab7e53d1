import { describe, expect, test } from 'vitest'
import { expectHost } from './expect-host.ts'

describe('expectHost', () => {
  test.each([
    ['smtp.example.jp', 'smtp.example.jp'],
    ['localhost', 'localhost'],
    ['my_service.internal.', 'my_service.internal.'],
    ['例え.jp', '例え.jp'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['[2001:db8::25]', '2001:db8::25'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
  ])('takes %s as %s', (given, host) => {
    expect(expectHost('host', given)).toBe(host)
  })

  test.each([
    '',
    ' ',
    'two words',
    'one.example.jp,two.example.jp',
    'smtp.example.jp\n',
    'smtp.example.jp:587',
    'smtp://smtp.example.jp',
    'hana:SECRET@smtp.example.jp',
    'smtp.example.jp/',
    '[::1',
    '::1]',
    '[::1]:587',
    '[smtp.example.jp]',
    '[127.0.0.1]',
    '[[::1]]',
    'a\0b',
    undefined,
    null,
    25,
  ])('does not take %j, nor shows it', (given) => {
    const fail = (): string => expectHost('createMail.host', given)
    expect(fail).toThrow(/^Expected createMail\.host to be the name or the address of a host/)
    expect(fail).not.toThrow(/SECRET/)
  })
})
