import { Invalid, type Problem } from './invalid.ts'
import type { Text } from './language.ts'

const EMAIL = /^[^\s@<>()",;:\\]+@[^\s@<>()",;:\\]+\.[^\s@<>()",;:\\]+$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What a form or a JSON body holds before it is checked. */
export type Input = Readonly<Record<string, unknown>>

/**
 * Reads the fields of one input and collects all that is wrong, so that a person is told of everything
 * at once. Call {@link Fields.check} before using what was read.
 */
export class Fields {
  readonly #input: Input
  readonly #problems: Problem[] = []

  constructor(input: Input) {
    this.#input = input
  }

  text(field: string, options: { readonly max: number }): string {
    const value = this.#input[field]
    const text = typeof value === 'string' ? value.normalize('NFC').trim() : ''
    if (text === '') return this.#refuse(field, { ja: '入力してください', en: 'is required' })
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused here
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) {
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
    return text
  }

  email(field: string): string {
    const text = this.text(field, { max: 254 }).toLowerCase()
    if (text === '' || EMAIL.test(text)) return text
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

  /** @throws {Invalid} when anything that was read is wrong */
  check(): void {
    if (this.#problems.length > 0) throw new Invalid(this.#problems)
  }

  #refuse(field: string, text: Text): '' {
    this.#problems.push({ field, text })
    return ''
  }
}
