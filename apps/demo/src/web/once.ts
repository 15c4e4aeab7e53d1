import { sleep } from '@yuzuru/concurrency'
import { idempotent } from '@yuzuru/server'
import { kyselyIdempotencyStore } from '@yuzuru/server/kysely'
import type { Transaction } from 'kysely'
import type { App } from '../app.ts'
import type { Schema } from '../schema.ts'
import { staffOf } from './access.ts'
import type { AppContext } from './environment.ts'
import type { Input } from './fields.ts'
import { KEY_FIELD } from './form-key.tsx'
import { readForm } from './read-form.ts'

/** Does what a form asks for. What it writes in `tx` commits together with the answer, or not at all. */
type Act = (tx: Transaction<Schema>, input: Input) => Promise<Response>

/** How often to check whether the first click has its answer, in milliseconds. */
const LOOK_MS = 100

/**
 * Makes a handler for forms that have a {@link FormKey}: a form is done once, however often it is sent, and
 * every repeat gets the first answer. A browser shows the answer to the last click, so that one waits for
 * the first.
 */
export function onceFor(app: App): (c: AppContext, act: Act) => Promise<Response> {
  const handle = idempotent(
    async (request: Request, { tx }, c: AppContext, act: Act) => {
      c.req.raw = request
      return await act(tx, await readForm(c))
    },
    {
      store: kyselyIdempotencyStore<Schema>(app.db),
      caller: (_request, c) => staffOf(c).id,
      keyField: KEY_FIELD,
    },
  )
  return async (c, act) => {
    for (;;) {
      const answer = await handle(c.req.raw.clone(), c, act)
      if (answer.status !== 409 || !answer.headers.has('retry-after')) return answer
      await sleep(LOOK_MS)
    }
  }
}
