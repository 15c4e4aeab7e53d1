import { IoError } from '@yuzuru/concurrency'
import { Invalid } from '../web/invalid.ts'

/** An address that is registered already, as what is wrong with the input; other failures as they are. */
export function refuseTakenEmail(error: unknown): unknown {
  if (!IoError.isInstance(error) || error.code !== 'unique_violation') return error
  return new Invalid(
    [
      {
        field: 'email',
        text: {
          ja: 'このメールアドレスはすでに登録されています。ログインしてください',
          en: 'is registered already: sign in instead',
        },
      },
    ],
    409,
  )
}
