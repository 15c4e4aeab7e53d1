import * as fc from 'fast-check'
import type { MailMessage } from '../src/message/mail-message.ts'

type Fields = 'subject' | 'text' | 'html' | 'cc' | 'references' | 'headers' | 'unsubscribe'

/** A message that was made up, for one recipient of that name. */
export interface AnyMessage extends Pick<MailMessage, Fields> {
  readonly subject: string
  readonly text: string
  readonly html: string | undefined
  readonly name: string
  readonly files: readonly { readonly filename: string; readonly content: Uint8Array }[]
}

const COPIES = ['taro@example.jp', 'a..b@docomo.ne.jp', `${'l'.repeat(60)}@${'d'.repeat(60)}.jp`]
const IDS = ['<7@example.jp>', `<${'i'.repeat(70)}@example.jp>`, `<${'i'.repeat(20)}@example.jp>`]
const alphabet = fc.oneof(
  { arbitrary: fc.constantFrom(...Array.from('abc XYZ 019 .,;:()<>[]@"\\=?_-/%&#')), weight: 3 },
  {
    arbitrary: fc.constantFrom(...Array.from('支援計画書のがプ（）、。ﾊﾝｶｸ'), '👩‍👧', 'é', 'ß', '𠮷'),
    weight: 3,
  },
  { arbitrary: fc.constantFrom('=?UTF-8?B?', '?=', 'From ', 'x'.repeat(90)), weight: 1 },
)
const line = fc.array(alphabet, { maxLength: 40 }).map((parts) => parts.join(''))
const words = line.map((each) => each.trim().replaceAll(/ +/g, ' '))
const text = fc.array(line, { minLength: 1, maxLength: 12 }).map((lines) => `t${lines.join('\n')}`)
// What looks like an encoded word has a case of its own: mailparser decodes it once too often.
const filename = line.map((name) => `${name.replaceAll('=?', '').trim()}a.bin`)
const bytes = fc.uint8Array({ maxLength: 300 })
export const anyMessage: fc.Arbitrary<AnyMessage> = fc.record({
  subject: words,
  /** Of the recipient. */
  name: words,
  text,
  html: fc.option(text, { nil: undefined }),
  files: fc.array(fc.record({ filename, content: bytes }), { maxLength: 2 }),
  cc: fc.array(fc.record({ name: words, address: fc.constantFrom(...COPIES) }), { maxLength: 5 }),
  references: fc.option(fc.array(fc.constantFrom(...IDS), { minLength: 1, maxLength: 9 }), {
    nil: undefined,
  }),
  headers: fc.option(
    words.map((value) => ({ 'X-Note': value })),
    { nil: undefined },
  ),
  unsubscribe: fc.option(
    fc.nat(300).map((length) => ({ url: `https://example.jp/off/${'a'.repeat(length)}` })),
    { nil: undefined },
  ),
})
