import { startSmtp } from '@yuzuru/sandbox'
import { assert, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMail } from '../create-mail.ts'
import { serverOf } from './smtp-url.ts'

const from = 'no-reply@example.jp'
const letter = { to: 'hanako@example.jp', subject: 'hello', text: 'hello' }

describe('the url of a server', () => {
  test.each([
    [
      'smtp://taro:hunter2@smtp.example.jp:2525',
      { port: 2_525, secure: false, auth: { user: 'taro', password: 'hunter2' } },
    ],
    ['smtp://smtp.example.jp', { port: 587, secure: false, auth: undefined }],
    ['smtps://smtp.example.jp/', { port: 465, secure: true, auth: undefined }],
    ['SMTPS://smtp.example.jp:587', { port: 587, secure: true, auth: undefined }],
  ])('%s says what the fields say', (url, fields) => {
    expect(serverOf({ url, queue: 3 })).toEqual({ host: 'smtp.example.jp', queue: 3, ...fields })
  })

  test('takes an IPv6 address out of its brackets', () => {
    expect(serverOf({ url: 'smtp://[::1]:25' })).toMatchObject({ host: '::1', port: 25 })
  })

  test('holds any user and password, percent-encoded', () => {
    const text = string({ unit: 'binary', minLength: 1 }).filter((each) => each.isWellFormed())
    assert(
      property(text, text, (user, password) => {
        const login = [user, password].map((each) => encodeURIComponent(each)).join(':')
        const { auth } = serverOf({ url: `smtp://${login}@localhost` })
        expect(auth).toEqual({ user, password })
      }),
    )
  })

  test.each([
    ['hunter2', 'Expected url to be like smtp://user:password@smtp.example.jp:587, got a string'],
    ['https://taro:hunter2@smtp.example.jp', /^Expected url to be like smtp:\/\//],
    ['smtp://', /^Expected url to be like smtp:\/\//],
    ['smtp:taro:hunter2@smtp.example.jp', /^Expected url to be like smtp:\/\//],
    ['smtp://taro:hunter2@smtp.example.jp:hunter2', /^Expected url to be like smtp:\/\//],
    ['smtp://taro:hunter2@smtp.example.jp/hunter2', 'Expected url to end after the port, got more'],
    [
      'smtp://taro:hunter2@smtp.example.jp?a=hunter2',
      'Expected url to end after the port, got more',
    ],
    ['smtp://taro:hunter2@smtp.example.jp#hunter2', 'Expected url to end after the port, got more'],
    [
      'smtp://hunter2@smtp.example.jp',
      'Expected url to have a user and a password, got one without the other',
    ],
    [
      'smtp://:hunter2@smtp.example.jp',
      'Expected url to have a user and a password, got one without the other',
    ],
    [
      'smtp://taro:hunter2%@smtp.example.jp',
      'Expected url to be percent-encoded, got a "%" that stands for nothing',
    ],
    ['smtp://taro:hunter2@smtp.example.jp:0', /^Expected port to be an integer from 1 to 65535/],
    [undefined, /^Expected url to be like smtp:.*, got undefined$/],
    [7, 'Expected url to be like smtp://user:password@smtp.example.jp:587, got 7'],
  ])('%s is refused, and no password is shown', (url, message) => {
    const open = (): unknown => createMail({ url: url as string, from })
    expect(open).toThrow(message)
    expect(open).toThrow(TypeError)
    expect(open).not.toThrow('hunter2')
  })

  test.each(['host', 'port', 'secure', 'auth', 'client'])('excludes %s', (name) => {
    const given = { url: 'smtp://localhost', from, [name]: { sendMail: 1 } }
    expect(() => createMail(given as never)).toThrow(
      /^Expected (?:url or|client or) \w+, got both$/,
    )
  })

  test('is enough to log in, as are those of further servers', async () => {
    await using server = await startSmtp({ auth: true })
    await using first = createMail({ url: server.url, from })
    await first.send(letter)
    const failover = [{ url: server.url }]
    await using second = createMail({ url: 'smtp://127.0.0.1:1', from, failover })
    await second.send(letter)
    expect(server.inbox.messages).toHaveLength(2)
  })
})
