import type { CancelScope } from '@yuzuru/concurrency'
import type { Context } from 'hono'
import type { Staff } from '../offices/staff.ts'
import type { Language } from './language.ts'
import type { PageContext } from './layout.tsx'

/** The connection that a request came by. */
export interface Origin {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string | undefined } }
}

/** What the middleware finds out about each request. */
export interface Environment {
  /** Where it came from; absent where no server stands before the app. */
  Bindings: Origin
  Variables: {
    language: Language
    staff: Staff | undefined
    /** The request's own, in which its effects add up. */
    scope: CancelScope
  }
}

export type AppContext = Context<Environment>

/** What the frame of a page needs. */
export function pageContext(c: AppContext): PageContext {
  return {
    language: c.get('language'),
    staff: c.get('staff'),
    path: c.req.path,
    query: new URL(c.req.url).search,
    done: c.req.query('done'),
  }
}
