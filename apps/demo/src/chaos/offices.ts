import { transaction } from '@yuzuru/db'
import type { App } from '../app.ts'
import { offices } from '../offices/offices.ts'
import { createStaff } from '../offices/staff.ts'
import { createSecretToken } from '../web/secret-token.ts'

/** An office, and its manager's way in. */
export interface Office {
  readonly id: string
  readonly email: string
  /** What the session cookie holds. */
  readonly session: string
}

const SESSION_MS = 24 * 60 * 60 * 1_000

/** Makes an office whose manager is signed in. */
export async function openOffice({ db }: Pick<App, 'db'>, name: string): Promise<Office> {
  const email = `${name}@example.jp`
  const { token, hash } = createSecretToken()
  return await transaction(db, async (tx) => {
    const { id } = await offices.create(tx, { name })
    const staff = await createStaff(tx, { name, email }, { office_id: id, role: 'manager' })
    await tx
      .insertInto('sessions')
      .values({
        token_hash: hash,
        staff_id: staff.id,
        expires_at: new Date(Date.now() + SESSION_MS),
      })
      .execute()
    return { id, email, session: token }
  })
}
