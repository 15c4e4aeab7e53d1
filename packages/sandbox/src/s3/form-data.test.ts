import { describe, expect, test } from 'vitest'
import { readForm } from './form-data.ts'

const field = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

const FILE =
  '--b\r\nContent-Disposition: form-data; name="File"; filename="計画.pdf"\r\nContent-Type: text/plain\r\n\r\n'

// What looks like the beginning of a delimiter is a part of the file.
const CONTENT = 'line\r\n--\r\n-b\r\n--ab--\r\n--'

const FORM = `${field('Key', 'a/${filename}')}${field('policy', '')}${FILE}${CONTENT}\r\n--b--\r\n`

interface Read {
  readonly fields: [string, string][]
  readonly filename: string
  readonly content: string
}

/** Reads a form that arrives in the given pieces. */
async function read(pieces: readonly Uint8Array[], boundary = 'b'): Promise<Read> {
  async function* source(): AsyncGenerator<Buffer, undefined> {
    for (const piece of pieces) yield Buffer.from(piece)
  }
  const form = await readForm(source(), `multipart/form-data; boundary=${boundary}`)
  const content = Buffer.concat(await Array.fromAsync(form.file)).toString()
  return { fields: [...form.fields], filename: form.filename, content }
}

const EXPECTED: Read = {
  fields: [
    ['key', 'a/${filename}'],
    ['policy', ''],
  ],
  filename: '計画.pdf',
  content: CONTENT,
}

const bytes = Buffer.from(FORM)
const refused = (code: string): object =>
  expect.objectContaining({ name: 'S3Error', code }) as object

function manyFields(length: number): string {
  let form = ''
  for (let at = 0; form.length < length; at += 1) form += field(`${at}`, '')
  return form
}

describe('a form', () => {
  test('is the same wherever its chunks begin', async () => {
    expect(await read([...bytes].map((byte) => Buffer.of(byte)))).toEqual(EXPECTED)
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(EXPECTED)
    }
  })

  test('that breaks off anywhere is refused, and its file does not end', async () => {
    const closed = FORM.indexOf('\r\n--b--') + '\r\n--b--'.length
    for (let at = 0; at < Buffer.byteLength(FORM.slice(0, closed)); at += 1) {
      await expect(read([bytes.subarray(0, at)])).rejects.toEqual(refused('MalformedPOSTRequest'))
    }
  })

  test('gives the bytes of its file as they come, and keeps none', async () => {
    let sent = 0
    async function* source(): AsyncGenerator<Buffer, undefined> {
      yield Buffer.from(FILE)
      for (; sent < 100; sent += 1) yield Buffer.alloc(65_536, 'x')
      yield Buffer.from('\r\n--b--\r\n')
    }
    const { file } = await readForm(source(), 'multipart/form-data; boundary=b')
    let size = 0
    for await (const chunk of file) {
      size += chunk.length
      expect(sent * 65_536 - size).toBeLessThanOrEqual(131_072)
    }
    expect(size).toBe(6_553_600)
  })

  test.each([
    ['has the same field twice', `${field('a', '1')}${field('A', '2')}${FILE}x\r\n--b--`],
    ['has a part without a head', `--b\r\n\r\nx\r\n${FILE}x\r\n--b--`],
    ['has a part whose head does not end', `--b\r\nContent-Type: text/plain\r\n${FILE}x\r\n--b--`],
    ['ends with a part whose head does not end', '--b\r\nContent-Type: text/plain\r\n--b--'],
    [
      'has a part with two names',
      `${field('a', '1').replace('\r\n\r\n', '\r\nContent-Disposition: form-data; name="c"\r\n\r\n')}${FILE}x\r\n--b--`,
    ],
    ['has a header that browsers do not write', `--b\r\nX-Evil: 1\r\n${FILE.slice(5)}x\r\n--b--`],
    ['has a disposition of another kind', FILE.replace('form-data', 'attachment') + 'x\r\n--b--'],
    ['has more after a delimiter', `--bX\r\n${FILE.slice(5)}x\r\n--b--`],
    ['does not close', `${FILE}x\r\n--b`],
    ['is empty', ''],
  ])('that %s is refused', async (_, form) => {
    await expect(read([Buffer.from(form)])).rejects.toEqual(refused('MalformedPOSTRequest'))
  })

  test('may have 20 kB before its file, whether in fields, heads or before the first part', async () => {
    const file = `${FILE}x\r\n--b--`
    const long = (length: number): string[] => [
      `${field('a', 'x'.repeat(length))}${file}`,
      `${field('x'.repeat(length), 'a')}${file}`,
      `${'x'.repeat(length)}\r\n${file}`,
      manyFields(length) + file,
    ]
    for (const form of long(19_000))
      expect(await read([Buffer.from(form)])).toMatchObject({ content: 'x' })
    for (const form of long(22_000)) {
      await expect(read([Buffer.from(form)])).rejects.toEqual(
        refused('MaxPostPreDataLengthExceeded'),
      )
    }
  })

  test('without a file, or a boundary, is refused', async () => {
    const without = Buffer.from(`${field('key', 'k')}--b--\r\n`)
    await expect(read([without])).rejects.toEqual(refused('InvalidArgument'))
    await expect(read([bytes], '')).rejects.toEqual(refused('MalformedPOSTRequest'))
  })
})
