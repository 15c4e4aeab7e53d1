import { describe, expect, test } from 'vitest'
import { smtpConfig, type SmtpOptions } from './smtp-options.ts'

const auth = { user: 'keikaku', password: 'x' }

describe('smtpConfig', () => {
  test.each<[boolean, boolean, SmtpOptions]>([
    [true, false, { host: 'smtp.example.jp', auth }],
    [false, false, { host: 'smtp.example.jp' }],
    [false, false, { host: '127.0.0.1', auth }],
    [false, false, { host: 'localhost', auth }],
    [false, false, { host: '[::1]', auth }],
    [true, false, { host: '127.example.jp', auth }],
    [false, false, { host: 'smtp.example.jp', auth, secure: true }],
    [false, false, { host: 'smtp.example.jp', auth, startTls: 'if-offered' }],
    [false, true, { host: 'smtp.example.jp', startTls: 'never' }],
    [true, false, { host: '127.0.0.1', startTls: 'required' }],
  ])('requires STARTTLS: %s, ignores it: %s, with %o', (requireTLS, ignoreTLS, options) => {
    expect(smtpConfig(options).connection).toMatchObject({ requireTLS, ignoreTLS })
  })

  test('takes 465 with TLS from the first byte and 587 without', () => {
    const host = 'smtp.example.jp'
    expect(smtpConfig({ host, secure: true }).connection.port).toBe(465)
    expect(smtpConfig({ host }).connection.port).toBe(587)
  })

  test('takes an address of IPv6 in brackets, as URLs have it', () => {
    expect(smtpConfig({ host: '[2001:db8::25]' }).connection.host).toBe('2001:db8::25')
    expect(smtpConfig({ host: '2001:db8::25' }).connection.host).toBe('2001:db8::25')
  })

  test.each(['', '[::1', 'smtp.example.jp:587', 'smtp://keikaku:SECRET@smtp.example.jp', 'a b'])(
    'takes no host that leads nowhere: %j',
    (host) => {
      expect(() => smtpConfig({ host })).toThrow(/^Expected host to be the name or the address/)
      expect(() => smtpConfig({ host })).not.toThrow(/SECRET/)
    },
  )

  test('lets no line break into the name that a client gives itself', () => {
    for (const clientName of ['x\r\nMAIL FROM:<eve@evil.test>', 'x\ny', '']) {
      expect(() => smtpConfig({ host: 'localhost', clientName })).toThrow(TypeError)
    }
  })
})
