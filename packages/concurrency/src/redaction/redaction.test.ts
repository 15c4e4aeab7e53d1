import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REDACTED, redactUnknown } from './redact-scan.ts'
import { Redaction } from './redaction.ts'
import { SecretSpellings } from './secret-spellings.ts'

const R = REDACTED

describe('what looks like a secret is taken out', () => {
  const cases: readonly [string, string][] = [
    // URLs, well formed and not
    ['postgres://app:hunter2@db:5432/app', `postgres://${R}@db:5432/app`],
    ['postgres://u:pa@ss@host', `postgres://${R}@host`],
    ['postgres://u:p/a#s?s@host/db', `postgres://${R}@host/db`],
    ['postgres://u:123/4@host/db', `postgres://${R}@host/db`],
    ['redis://:hunter2@cache', `redis://${R}@cache`],
    ['see https://ghp@github.com/a.git now', `see https://${R}@github.com/a.git now`],
    ['https://u:pa:/ss@host/x', `https://${R}@host/x`],
    ['https://u:#ss@host/x', `https://${R}@host/x`],
    ['https://[::1]:8080/a@b', 'https://[::1]:8080/a@b'],
    ['https://u:pa/ss@host/x', `https://${R}@host/x`],
    ['"amqp://u:p@h" and "amqp://h/a"', `"amqp://${R}@h" and "amqp://h/a"`],
    ['https://host:8080/users/a@b.example/x', 'https://host:8080/users/a@b.example/x'],
    ['https://host/cb?code=abc&state=xyz&a=1', `https://host/cb?code=${R}&state=${R}&a=1`],
    ['?X-Amz-Signature=abc123&x=1', `?X-Amz-Signature=${R}&x=1`],
    // Headers
    ['Authorization: Bearer abc def\nAccept: a', `Authorization: ${R}\nAccept: a`],
    ['Cookie: a=b; c=d\r\nX-Auth: k1', `Cookie: ${R}\r\nX-Auth: ${R}`],
    ['with bearer abcdef123456 in it', `with bearer ${R} in it`],
    ['Basic dXNlcjpwYXNz', `Basic ${R}`],
    ['basic authentication is off', 'basic authentication is off'],
    // Forms
    ['password=hunter2&user=me', `password=${R}&user=me`],
    ['client%5Fid=1&client_secret=a+b', `client%5Fid=1&client_secret=${R}`],
    // JSON, whole and broken
    ['{"client_secret":"hunter2","id":1}', `{"client_secret":"${R}","id":1}`],
    ['"password":"correct horse"', `"password":"${R}"`],
    ['{"password" : "a\\"b","c":1', `{"password" : "${R}","c":1`],
    ['{"tokens":["a","b{"],"c":1', `{"tokens":${R},"c":1`],
    ['{"credentials":{"user":"u","x":["]"]},"c":1', `{"credentials":${R},"c":1`],
    ['{"pin":1234,"c":1', `{"pin":${R},"c":1`],
    ['[{"pin":1234}', `[{"pin":${R}}`],
    ['{"secret key":"a","c":1', `{"secret key":"${R}","c":1`],
    [
      '{"a":"{\\"password\\":\\"x y\\",\\"b\\":1}","c":1',
      `{"a":"{\\"password\\":\\"${R}\\",\\"b\\":1}","c":1`,
    ],
    ['{"name":"password","value":"x y","c":1', `{"name":"password","value":"${R}","c":1`],
    [
      '{&quot;password&quot;:&quot;x y&quot;,&quot;c&quot;:1',
      `{&quot;password&quot;:&quot;${R}&quot;,&quot;c&quot;:1`,
    ],
    ['{"accessToken":"cut off', `{"accessToken":"${R}`],
    // Programs
    ["{ password: 'correct horse', a: 1 }", `{ password: '${R}', a: 1 }`],
    ['password=correct', `password=${R}`],
    ["password = 'it''s'", `password = '${R}''s'`],
    ['api key: abc', `api key: ${R}`],
    ['API_KEY=abc DEBUG=1', `API_KEY=${R} DEBUG=1`],
    ["['token' => 'abc']", `['token' => '${R}']`],
    // XML, HTML
    ['<a><SecretKey>x y</SecretKey><b>c</b></a>', `<a><SecretKey>${R}</SecretKey><b>c</b></a>`],
    ['<w:Password Type="t">x</w:Password>', `<w:Password Type="t">${R}</w:Password>`],
    ['<Token><![CDATA[x]]></Token>', `<Token>${R}</Token>`],
    ['<Token>cut off', `<Token>${R}`],
    ['<Token/><b>c</b>', '<Token/><b>c</b>'],
    ['<user password="x y" name="n">', `<user password="${R}" name="n">`],
    ['<input name="csrf_token" value="x y">', `<input name="csrf_token" value="${R}">`],
    // Tokens by their form
    ['key sk_live_51H8abcdefgh and whsec_abcdefgh1234', `key sk_live_${R} and whsec_${R}`],
    ['Invalid API Key provided: sk_test_****1234', `Invalid API Key provided: sk_test_${R}`],
    ['No key sk_live****1234 here', `No key sk_live${R} here`],
    ['No key sk_test_****1234 here', `No key sk_test_${R} here`],
    ['pi_123_secret_abcdefgh', `pi_123_secret_${R}`],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', `jwt ${R}`],
    [
      'a\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----',
      `a\n-----BEGIN${R}-----END RSA PRIVATE KEY-----`,
    ],
    ['"-----BEGIN PRIVATE KEY-----\\nabc', `"-----BEGIN${R}`],
    // Nothing
    [
      'nothing private: 12 staff at https://example.com/a',
      'nothing private: 12 staff at https://example.com/a',
    ],
    [
      '{"error":{"code":"card_declined","param":"id","key":"a"}',
      '{"error":{"code":"card_declined","param":"id","key":"a"}',
    ],
    ['passengers: 4, monkeys: 2, design: x', 'passengers: 4, monkeys: 2, design: x'],
  ]
  test.each(cases)('%s', (text, expected) => {
    expect(redactUnknown(text)).toBe(expected)
    // Once more takes nothing more, and leaves nothing half.
    expect(redactUnknown(expected)).toBe(expected)
  })
})

/** Names in every style. */
const NAMES = [
  'password',
  'Password',
  'PASSWORD',
  'user_password',
  'userPassword',
  'db.password',
  'x-auth',
  'access_token',
  'accessToken',
  'ACCESSTOKEN',
  'X-Api-Key',
  'apikey',
  'api_keys',
  'private-key',
  'client-secret',
  'clientSecret',
  'Set-Cookie',
  'sessionId',
  'x-jwt',
  'sig',
  'passphrase',
  'cvc',
]

const secretOf = fc
  .string({ minLength: 6, maxLength: 30, unit: 'grapheme' })
  .map((text) => `SECRET7${text}SECRET`)

/** A form in which a named value stands, and what may come before and after. */
const FORMS: readonly ((name: string, secret: string) => string)[] = [
  (name, secret) => JSON.stringify({ a: 1, [name]: secret, b: 2 }),
  (name, secret) => JSON.stringify({ a: [{ [name]: [secret, { x: secret }] }] }, null, 2),
  (name, secret) => JSON.stringify({ [name]: { deep: { deeper: secret } } }).slice(0, -1),
  (name, secret) => JSON.stringify({ text: JSON.stringify({ [name]: secret }) }),
  (name, secret) => `error at ${JSON.stringify(JSON.stringify({ [name]: secret }))}`,
  (name, secret) =>
    new URLSearchParams([
      ['a', '1'],
      [name, secret],
      ['b', '2'],
    ]).toString(),
  (name, secret) => `<r><${name} t="1">${secret.replaceAll('<', '&lt;')}</${name}></r>`,
  (name, secret) => JSON.stringify([{ name, value: secret }]),
  (name, secret) => JSON.stringify([[name, secret]]),
]

test('a named value is taken out of any form, whole or cut off', () => {
  const redaction = new Redaction()
  fc.assert(
    fc.property(
      fc.constantFrom(...FORMS),
      fc.constantFrom(...NAMES),
      secretOf,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (form, name, secret, part) => {
        const text = form(name, secret)
        expect(redaction.body(text).text).not.toContain('SECRET')
        expect(JSON.stringify(redaction.body(text).json) ?? '').not.toContain('SECRET')
        const cut = text.slice(0, Math.floor(text.length * part))
        expect(redaction.body(cut, true).text).not.toContain('SECRET')
      },
    ),
    { numRuns: 3_000 },
  )
})

/** What other programs make of a value when they quote it. */
const ECHOES: readonly ((secret: string) => string)[] = [
  (secret) => `no such key: ${secret}`,
  (secret) => JSON.stringify({ message: `bad value "${secret}"` }),
  (secret) => JSON.stringify({ [secret]: 1 }),
  (secret) => JSON.stringify([secret]).slice(0, -1),
  (secret) => encodeURIComponent(secret),
  (secret) => new URLSearchParams({ q: secret }).toString(),
  (secret) =>
    `<p>${secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')}</p>`,
]

test('what was sent is taken out of any echo, whole or cut off', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ECHOES),
      fc.array(secretOf, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (echo, sent, isNamed, part) => {
        const spellings = new SecretSpellings()
        for (const each of sent) spellings.add(each, isNamed)
        const redaction = new Redaction(spellings)
        const text = sent.map((each) => echo(each)).join(' ')
        expect(redaction.body(text).text).not.toContain('SECRET')
        const cut = text.slice(0, Math.floor(text.length * part))
        expect(redaction.text(cut, true)).not.toContain('SECRET')
      },
    ),
    { numRuns: 3_000 },
  )
})

test('a text without secrets stays as it is, and redacting twice is redacting once', () => {
  const plain = fc.array(
    fc.constantFrom('staff', ' ', '\n', '{', '}', '"', ':', '12', '<a>', '&', '支'),
  )
  fc.assert(
    fc.property(plain, (parts) => {
      const text = parts.join('')
      expect(redactUnknown(text)).toBe(text)
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...HOSTILE), { maxLength: 20 }), (parts) => {
      const once = redactUnknown(parts.join(''))
      expect(redactUnknown(once).length).toBeLessThanOrEqual(once.length + REDACTED.length)
    }),
  )
})

/** Pieces of which much makes a search that goes back slow. */
const HOSTILE = [
  '"',
  '\\',
  '\\"',
  'a',
  ' ',
  '\n',
  ':',
  '=',
  '"a":',
  '"token":',
  'token:',
  'token=',
  'token ',
  'key',
  '<',
  '<token',
  '<token ',
  '<token>',
  '</token',
  '://',
  'a://',
  'a://b ',
  'a://b@',
  'https://[a/@ ',
  '@',
  'token:{',
  '[',
  '{',
  '{"a":',
  'eyJ',
  '-----BEGIN',
  '-----BEGIN PRIVATE KEY',
  'bearer ',
  'basic a',
  '&quot;',
  'name=token ',
  'value=',
  'sk_live_',
  'sk_live_*',
  'value*',
  '_secret_',
  '.',
  '-',
  '_',
]

describe('the time grows with the length only', () => {
  // A pass that went back would need hours for these: it would not end within the test's time.
  const SIZE = 300_000
  test.each(HOSTILE)('for many %j', (piece) => {
    const text = piece.repeat(Math.ceil(SIZE / piece.length))
    expect(redactUnknown(text).length).toBeGreaterThan(0)
    expect(redactUnknown(`"${text}`).length).toBeGreaterThan(0)
  })

  test.each(['a', 'ab', 'aaaab'])('for a known secret of many %j', (piece) => {
    const spellings = new SecretSpellings()
    for (const length of [500, 600, 700]) spellings.add(`${piece.repeat(length)}!`, true)
    const redaction = new Redaction(spellings)
    expect(redaction.text(piece.repeat(SIZE / piece.length)).length).toBeGreaterThan(0)
  })
})

test('what is nested too deep is not shown, and does not end the program', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  expect(new Redaction().body(deep).text).toContain(REDACTED)
})

test('a short or common value that was sent does not spoil the text', () => {
  const spellings = new SecretSpellings()
  spellings.add('10', false)
  spellings.add('declined', false)
  spellings.add('item 7', false)
  const redaction = new Redaction(spellings)
  expect(redaction.text('card_declined after 10 tries of item 7, not of item 77')).toBe(
    `card_declined after 10 tries of ${REDACTED}, not of item 77`,
  )
})
