import type { Context } from 'hono'
import type { Staff } from '../offices/offices.ts'
import type { Language } from './language.ts'
import type { PageContext } from './layout.tsx'

/** What the middleware finds out about each request. */
export interface Environment {
  Variables: {
    language: Language
    staff: Staff | undefined
  }
}

export type AppContext = Context<Environment>

/** What the frame of a page needs. */
export function pageContext(c: AppContext): PageContext {
  return { language: c.get('language'), staff: c.get('staff'), path: c.req.path }
}
