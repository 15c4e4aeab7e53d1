import type { AppContext } from './environment.ts'
import type { Input } from './fields.ts'
import { Invalid } from './invalid.ts'

/** The fields of a form or of a JSON object, whichever was sent. */
export async function readForm(c: AppContext): Promise<Input> {
  const type = c.req.header('content-type') ?? ''
  if (type.startsWith('application/json')) {
    const body: unknown = await c.req.json().catch(() => undefined)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Input
    throw new Invalid(
      [{ field: 'body', text: { ja: 'JSONの形が正しくありません', en: 'must be a JSON object' } }],
      400,
    )
  }
  if (type === '' || /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/.test(type)) {
    return await c.req.parseBody().catch(() => {
      const text = { ja: 'フォームの形が正しくありません', en: 'must be a well-formed form' }
      throw new Invalid([{ field: 'body', text }], 400)
    })
  }
  throw new Invalid(
    [{ field: 'body', text: { ja: 'この形式は受け付けていません', en: 'must be a form or JSON' } }],
    415,
  )
}
