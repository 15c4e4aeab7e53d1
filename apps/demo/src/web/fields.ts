import { domainToUnicode } from 'node:url'
import { Invalid, type Problem } from './invalid.ts'
import type { Text } from './language.ts'
import { isOneLine } from './one-line.ts'

/**
 * HTML's "valid e-mail address" with a domain that is a name, not a number. ASCII alone: `ｅxample.jp` is
 * `example.jp` in another spelling, and each spelling would be an account and have a limit of mails of its own.
 */
const EMAIL =
  /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+(?!\d+$|0x[\da-f]*$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What a form or a JSON body holds before it is checked. */
export type Input = Readonly<Record<string, unknown>>

/**
 * Reads the fields of one input and collects all that is wrong, so that a person sees everything
 * at once. Call {@link Fields.check} before using what was read.
 */
export class Fields {
  readonly #input: Input
  readonly #problems: Problem[] = []

  constructor(input: Input) {
    this.#input = input
  }

  /** A text of one line, unless `lines` says otherwise. Nothing else may break one, or turn it around. */
  text(field: string, options: { readonly max: number; readonly lines?: 'one' | 'many' }): string {
    const value = this.#input[field]
    const text = typeof value === 'string' ? value.normalize('NFC').trim() : ''
    if (text === '') return this.#refuse(field, { ja: '入力してください', en: 'is required' })
    const lines = options.lines === 'many' ? text.split(/\r\n|\n|\t/) : [text]
    if (!lines.every((line) => isOneLine(line))) {
      return this.#refuse(field, {
        ja: '使えない文字が含まれています',
        en: 'contains a control character',
      })
    }
    if (Array.from(text).length > options.max) {
      return this.#refuse(field, {
        ja: `${options.max}文字以内で入力してください`,
        en: `must be at most ${options.max} characters`,
      })
    }
    return lines.length === 1 ? text : text.replaceAll('\r\n', '\n')
  }

  /** A name that a person or an office goes by. A stranger may give one, and it is shown to others: short, no link. */
  name(field: string): string {
    const text = this.text(field, { max: 50 })
    if (!/:\/\/|www\./i.test(text)) return text
    return this.#refuse(field, { ja: 'リンクは使えません', en: 'must not hold a link' })
  }

  email(field: string): string {
    const text = this.text(field, { max: 254 }).toLowerCase()
    if (text === '' || isEmail(text)) return text
    return this.#refuse(field, {
      ja: 'メールアドレスの形で入力してください',
      en: 'must be a mail address',
    })
  }

  uuid(field: string): string {
    const text = this.text(field, { max: 36 }).toLowerCase()
    if (text === '' || UUID.test(text)) return text
    return this.#refuse(field, { ja: '番号の形が正しくありません', en: 'must be a UUID' })
  }

  oneOf<const T extends string>(field: string, values: readonly T[]): T | '' {
    const text = this.text(field, { max: 100 })
    const found = values.find((value) => value === text)
    if (found !== undefined || text === '') return found ?? ''
    this.#refuse(field, {
      ja: `次から選んでください: ${values.join('、')}`,
      en: `must be one of ${values.join(', ')}`,
    })
    return ''
  }

  /** A moment from now on, as `datetime-local` (on Japan's clock) or with an offset of its own. */
  futureMoment(field: string): Date {
    const text = this.text(field, { max: 40 })
    const zoned = /(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}+09:00`
    const moment = new Date(/^\d{4}-\d{2}-\d{2}T/.test(text) ? zoned : Number.NaN)
    if (text === '') return moment
    if (Number.isNaN(moment.getTime())) {
      this.#refuse(field, { ja: '日時の形が正しくありません', en: 'must be a date and time' })
    } else if (moment.getTime() <= Date.now()) {
      this.#refuse(field, { ja: 'これからの日時にしてください', en: 'must be in the future' })
    }
    return moment
  }

  /** What is wrong so far. */
  get problems(): readonly Problem[] {
    return this.#problems
  }

  /** @throws {Invalid} when anything that was read is wrong */
  check(): void {
    if (this.#problems.length > 0) throw new Invalid(this.#problems)
  }

  #refuse(field: string, text: Text): '' {
    this.#problems.push({ field, text })
    return ''
  }
}

function isEmail(text: string): boolean {
  const domain = text.slice(text.lastIndexOf('@') + 1)
  // What stays as it is, such as `xn--a`, stands for no name.
  return EMAIL.test(text) && !domainToUnicode(domain).includes('xn--')
}
