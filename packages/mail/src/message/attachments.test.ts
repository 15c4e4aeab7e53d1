import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { cancelScope, withTimeout } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { startSmtp } from '@yuzuru/sandbox'
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readByMailparser, readByPython } from '../../test/parsed-mail.ts'
import { createMail } from '../create-mail.ts'
import { MailError } from '../mail-error.ts'
import { createFakeMail } from '../testing/fake-mail.ts'
import { NamedFolder } from '../named-folder.ts'
import type { MailAttachment } from './mail-attachment.ts'

const letter = { to: 'hanako@example.jp', subject: '計画', text: '花子 様' }

let outside: string
let folder: string
beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'yuzuru-mail-'))
  folder = join(outside, 'files')
  await mkdir(join(folder, 'plans'), { recursive: true })
  await writeFile(join(outside, 'secret.txt'), 'secret')
  await writeFile(join(folder, 'plans', '計画書.pdf'), Buffer.alloc(200_000, 7))
  await symlink(join(outside, 'secret.txt'), join(folder, 'leak.txt'))
  await symlink(outside, join(folder, 'out'))
  await symlink(join('plans', '計画書.pdf'), join(folder, 'latest.pdf'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
})
afterAll(() => rm(outside, { recursive: true, force: true }))

async function failure(attachment: MailAttachment): Promise<MailError> {
  await using mail = createFakeMail({ attachmentFolder: folder })
  const error: unknown = await mail.send({ ...letter, attachments: [attachment] }).catch(caught)
  expect(mail.sent).toEqual([])
  if (!MailError.isInstance(error)) throw error
  return error
}

function caught(error: unknown): unknown {
  return error
}

describe('attachments', () => {
  test('of every source read back equal in two independent parsers', async () => {
    await using mail = createFakeMail({ attachmentFolder: folder })
    async function* pieces(): AsyncGenerator<Uint8Array> {
      // The same memory for each piece, as some sources do.
      const memory = Buffer.alloc(3)
      for (const byte of [1, 2, 250]) yield memory.fill(byte)
    }
    const web = new Blob(['計画,7\n']).stream()
    await mail.send({
      ...letter,
      attachments: [
        { path: 'plans/計画書.pdf' },
        { path: join(folder, 'latest.pdf'), filename: '最新.pdf' },
        { filename: 'pieces.bin', stream: pieces },
        { filename: 'web.csv', stream: () => web },
        { filename: 'none.txt', stream: () => Readable.from([]) },
        { filename: '字.txt', content: '字' },
      ],
    })
    const raw = mail.sent[0]?.raw ?? Buffer.alloc(0)
    const pdf = { type: 'application/pdf', content: Buffer.alloc(200_000, 7).toString('base64') }
    const expected = [
      { filename: '計画書.pdf', ...pdf },
      { filename: '最新.pdf', ...pdf },
      { filename: 'pieces.bin', type: 'application/octet-stream', content: 'AQEBAgIC+vr6' },
      { filename: 'web.csv', type: 'text/csv', content: '6KiI55S7LDcK' },
      { filename: 'none.txt', type: 'text/plain', content: '' },
      { filename: '字.txt', type: 'text/plain', content: '5a2X' },
    ]
    expect((await readByMailparser(raw)).files).toEqual(expected)
    expect((await readByPython([raw]))?.[0]?.files ?? expected).toEqual(expected)
  })

  test('inline are related to the HTML that shows them by cid', async () => {
    await using mail = createFakeMail()
    const logo = { filename: 'logo.png', content: 'PNG', contentId: 'logo@example.jp' }
    const html = '<img src="cid:logo@example.jp" alt="けいかくん">'
    await mail.send({ ...letter, html, attachments: [logo] })
    const { attachments } = await simpleParser(mail.sent[0]?.raw ?? '', { keepCidLinks: true })
    expect(attachments).toMatchObject([
      { cid: 'logo@example.jp', related: true, contentDisposition: 'inline' },
    ])
    const twice = mail.send({ ...letter, html, attachments: [logo, logo] })
    await expect(twice).rejects.toThrow('Expected each contentId to be of one attachment')
  })
})

describe('an attachment by path', () => {
  test.each<[string, string]>([
    ['the folder above', '../secret.txt'],
    ['the folder above, in the midst', 'plans/../../secret.txt'],
    ['an absolute path', '/etc/passwd'],
    ['the folder itself', '.'],
    ['a folder with the same beginning', '../files-of-others/a'],
    ['a NUL', 'plans/計画書.pdf\0.txt'],
  ])('does not leave its folder by its name: %s', async (_what, path) => {
    await using mail = createFakeMail({ attachmentFolder: folder })
    const sending = mail.send({ ...letter, attachments: [{ path, filename: 'x' }] })
    await expect(sending).rejects.toThrow(
      'Expected path of an attachment to be in attachmentFolder, got another',
    )
  })

  test.each<[string, string, string]>([
    ['a link to a file outside', 'leak.txt', 'OUTSIDE_FOLDER'],
    ['a link to a folder outside', 'out/secret.txt', 'OUTSIDE_FOLDER'],
    ['a FIFO', 'pipe', 'NOT_A_FILE'],
    ['a folder', 'plans', 'NOT_A_FILE'],
    ['what is not there', 'gone.pdf', 'ENOENT'],
  ])('is not read when it is %s', async (_what, path, reason) => {
    const error = await failure({ path })
    expect(error).toMatchObject({ code: 'attachment_failed', outcome: 'none', retryable: false })
    expect(error).toMatchObject({ reason })
    expect(inspect(error, { depth: 9 })).not.toContain(path)
  })

  test('is not read from a link that took the place of its folder after the check', async () => {
    await mkdir(join(folder, 'once'))
    await writeFile(join(folder, 'once', 'secret.txt'), 'mine')
    const attachments = new NamedFolder(folder, {
      folder: 'attachmentFolder',
      file: 'path of an attachment',
    })
    const path = attachments.resolve('once/secret.txt')
    await rename(join(folder, 'once'), join(folder, 'moved'))
    await symlink(outside, join(folder, 'once'))
    await expect(attachments.read(path).next()).rejects.toMatchObject({ code: 'OUTSIDE_FOLDER' })
  })

  test('needs a folder that was named', async () => {
    await using mail = createFakeMail()
    const sending = mail.send({ ...letter, attachments: [{ path: '/etc/passwd' }] })
    await expect(sending).rejects.toThrow('Expected attachmentFolder of createMail for a file')
    expect(() => createFakeMail({ attachmentFolder: '' })).toThrow(TypeError)
  })
})

describe('an attachment by stream', () => {
  test('is asked for again when the send is tried again', async () => {
    await using server = await startSmtp()
    let refusals = 2
    server.setAnswers({ onMessage: () => (refusals-- > 0 ? { reject: 451 } : 'accept') })
    const { host, port } = server
    const retry = { baseDelayMs: 0, attempts: 3 }
    await using mail = createMail({ host, port, from: 'no-reply@example.jp', retry })
    let asked = 0
    const stream = (): Readable => Readable.from([`asked ${(asked += 1)} times`])
    await mail.send({ ...letter, attachments: [{ filename: 'a.txt', stream }] })
    const [file] = (await server.inbox.waitFor()).attachments
    expect(Buffer.from(file?.content ?? []).toString()).toBe('asked 3 times')
  })

  test('is read no further than maxBytes, ended, and nothing is sent', async () => {
    await using server = await startSmtp()
    const { host, port } = server
    await using mail = createMail({ host, port, from: 'no-reply@example.jp', maxBytes: 100_000 })
    let pieces = 0
    let isEnded = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (; ; pieces += 1) yield Buffer.alloc(1_000)
      } finally {
        isEnded = true
      }
    }
    const attachments = [
      { filename: 'a', stream: () => Readable.from([Buffer.alloc(60_000)]) },
      { filename: 'b', stream: endless },
    ]
    const sending = mail.send({ ...letter, attachments })
    await expect(sending).rejects.toMatchObject({ code: 'invalid_message', outcome: 'none' })
    expect(pieces).toBe(40)
    expect(isEnded).toBe(true)
    expect(server.inbox.messages).toEqual([])
  })

  test('is read only when the message has its connection, one piece at a time', async () => {
    await using server = await startSmtp()
    const { host, port } = server
    const limits = { connections: 1 }
    await using mail = createMail({ host, port, from: 'no-reply@example.jp', limits })
    let [open, most] = [0, 0]
    async function* pieces(): AsyncGenerator<string> {
      most = Math.max(most, (open += 1))
      for (let nth = 0; nth < 5; nth += 1) yield 'x'
      open -= 1
    }
    const attachments = [{ filename: 'a.txt', stream: pieces }]
    await Promise.all(Array.from({ length: 8 }, () => mail.send({ ...letter, attachments })))
    expect(most).toBe(1)
  })

  test.each<[string, () => AsyncIterable<Uint8Array>]>([
    [
      'a generator',
      async function* () {
        yield Buffer.from('x')
        await new Promise(() => undefined)
      },
    ],
    ['a stream of Node', () => new Readable({ read: () => undefined })],
  ])('ends with a cancel, and frees its connection: %s', async (_what, make) => {
    using clock = TestClock.install()
    await using mail = createFakeMail()
    const begun = Promise.withResolvers<AbortSignal>()
    const attachments: MailAttachment[] = [
      {
        filename: 'a',
        stream: ({ signal }) => {
          begun.resolve(signal)
          return make()
        },
      },
    ]
    const sending = cancelScope(async (scope) => {
      void begun.promise.then(() => scope.cancel())
      await mail.send({ ...letter, attachments })
    }).catch(caught)
    const signal = await begun.promise
    await clock.advance(0)
    await clock.advance(1_000)
    expect(await sending).toMatchObject({ name: 'Cancelled', outcome: 'none' })
    expect(signal.aborted).toBe(true)
    await mail.send(letter)
  })

  test('that is silent ends in time, to be tried again', async () => {
    using clock = TestClock.install()
    await using mail = createFakeMail()
    const stream = (): Promise<never> => new Promise(() => undefined)
    const sending = mail.send({ ...letter, attachments: [{ filename: 'a', stream }] }).catch(caught)
    await clock.advance(60_000)
    await clock.advance(1_000)
    expect(await sending).toMatchObject({
      code: 'attachment_failed',
      retryable: true,
      outcome: 'none',
      reason: 'ETIMEDOUT',
    })
  })

  test('is bound by the deadline of its send', async () => {
    using clock = TestClock.install()
    await using mail = createFakeMail()
    const stream = (): Promise<never> => new Promise(() => undefined)
    const attachments = [{ filename: 'a', stream }]
    const sending = withTimeout(50, () => mail.send({ ...letter, attachments })).catch(caught)
    await clock.advance(50)
    await clock.advance(1_000)
    expect(await sending).toMatchObject({ name: 'TimeoutError', outcome: 'none' })
  })

  test.each<[string, unknown]>([
    ['no stream at all', () => 7],
    ['pieces of something else', () => Readable.from([{}])],
    ['one that breaks off', () => Readable.from(broken())],
  ])('fails with a typed error when it is %s', async (_what, stream) => {
    const error = await failure({ filename: '秘密.pdf', stream } as MailAttachment)
    expect(error).toMatchObject({ code: 'attachment_failed', outcome: 'none' })
    expect(error.cause).toBeInstanceOf(Error)
    expect(error.message).not.toContain('秘密')
  })
})

async function* broken(): AsyncGenerator<string> {
  yield 'x'
  throw new Error('the source broke off')
}

test('an attachment has one source', async () => {
  await using mail = createFakeMail()
  for (const wrong of [{}, { content: 'x', stream: () => [] }, { object: {} }, { stream: 'x' }]) {
    const attachments = [{ filename: 'x', ...wrong }] as never
    await expect(mail.send({ ...letter, attachments })).rejects.toThrow(TypeError)
  }
})
