import { describe, expect, it } from 'vitest'
import { RequestTexts } from './request-texts.ts'

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const message = (type: string, body: string): Buffer =>
  Buffer.concat([Buffer.from(type), int32(Buffer.byteLength(body) + 4), Buffer.from(body)])

const startup = (version: number, body: string): Buffer =>
  Buffer.concat([int32(8 + Buffer.byteLength(body)), int32(version), Buffer.from(body)])

const sslRequest = startup(80_877_103, '')
const session = Buffer.concat([
  startup(0x0003_0000, 'user\0commit\0database\0commit\0\0'),
  message('p', 'commit\0'),
  message('Q', 'select 1\0'),
  message('P', 'commit\0select $1\0\0\0'),
  message('B', '\0commit\0\0\0\0\u0001\0\0\0\ncommitted?'),
  message('S', ''),
  message('d', 'commit\n'),
  message('Q', 'commit\0'),
])

function textsOf(chunks: readonly Buffer[]): string {
  const texts = new RequestTexts()
  return chunks.flatMap((chunk) => texts.read(chunk).map(String)).join('')
}

const bytesOf = (buffer: Buffer): Buffer[] => Array.from(buffer, (byte) => Buffer.of(byte))

describe('the texts of requests', () => {
  it.each([
    ['3.0', 0x0003_0000],
    ['3.2', 0x0003_0002],
  ])('are the SQL of Query and Parse, in version %s', (_name, version) => {
    const begin = startup(version, 'user\0commit\0\0')
    expect(textsOf([begin, message('Q', 'commit\0')])).toBe('commit\0')
  })

  it('are not a name, a parameter, a password or data', () => {
    expect(textsOf([session])).toBe('select 1\0select $1\0commit\0')
    expect(textsOf([Buffer.concat([sslRequest, session])])).toBe('select 1\0select $1\0commit\0')
  })

  it('are the same when every byte comes by itself', () => {
    const [head, rest] = [session.subarray(0, 8), session.subarray(8)]
    expect(textsOf([head, ...bytesOf(rest)])).toBe('select 1\0select $1\0commit\0')
  })

  it.each(['com', 'EHLO client.example\r\n', '\0\0\0\u0010\u0001\u0002\u0003\u0004committed'])(
    'are all bytes of another protocol: %j',
    (words) => {
      expect(textsOf([Buffer.from(words), Buffer.from('commit')])).toBe(`${words}commit`)
    },
  )
})
