import { randomUUID } from 'node:crypto'
import type { FC } from 'hono/jsx'

/** The field of a form that says which form it is. */
export const KEY_FIELD = 'key'

/** Each form that is shown has a new key; a second click on its button sends the same again. */
export const FormKey: FC = () => <input type="hidden" name={KEY_FIELD} value={randomUUID()} />
