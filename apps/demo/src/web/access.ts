import type { Handler, Hono, MiddlewareHandler } from 'hono'
import type { Staff } from '../offices/staff.ts'
import type { AppContext, Environment } from './environment.ts'
import { Invalid } from './invalid.ts'

type Role = Staff['role']

const EVERYBODY: readonly Role[] = ['manager', 'employee']
const MANAGERS: readonly Role[] = ['manager']

/**
 * The actions in an office, and the roles that may do them. This is the only place that decides it: every
 * route names its action with {@link allow}. To a caller, data of other offices does not exist.
 */
const ROLES = {
  'office.read': EVERYBODY,
  'office.open': EVERYBODY,
  'plans.read': EVERYBODY,
  'plans.write': EVERYBODY,
  'plans.approve': MANAGERS,
  'meetings.write': EVERYBODY,
  'calendar.connect': EVERYBODY,
  'requests.read': EVERYBODY,
  'requests.file': EVERYBODY,
  'requests.decide': MANAGERS,
  'billing.read': EVERYBODY,
  'billing.manage': MANAGERS,
} as const satisfies Readonly<Record<string, readonly Role[]>>

export type Action = keyof typeof ROLES

/** What a route asks for: an action in the caller's office, or nothing, as it is open to the world. */
export type Access = Action | 'anyone'

/** Whether a role may do it in its own office. */
export function may({ role }: Pick<Staff, 'role'>, action: Action): boolean {
  return ROLES[action].includes(role)
}

/** @throws {Invalid} 403 when the role may not */
export function expectAllowed(staff: Pick<Staff, 'role'>, action: Action): void {
  if (may(staff, action)) return
  const text = { ja: '管理者だけができます', en: 'is for a manager only' }
  throw new Invalid([{ field: 'role', text }], 403)
}

/**
 * The address for a form that acts for the office of its page. A person with two offices may have switched
 * in another tab; then {@link allow} refuses the form instead of applying it to the other office.
 */
export function forOffice(path: string, { office_id: office }: Pick<Staff, 'office_id'>): string {
  return `${path}?office=${office}`
}

/** @throws {Invalid} 409 when the form was shown for another office */
function expectSameOffice({ office_id: office }: Staff, shown: string | undefined): void {
  if (shown === undefined || shown === office) return
  const text = {
    ja: '別の事業所に切り替わっています。何も変更されていません。画面を開き直してお試しください',
    en: 'has changed: you are in another office now. Nothing was done; open the page anew',
  }
  throw new Invalid([{ field: 'office', text }], 409)
}

const accessOf = new WeakMap<Handler | MiddlewareHandler, Access>()

/**
 * The guard of a route. A caller who is not signed in is redirected to the sign-in page, or gets 401 if the
 * route is not a page. A role that may not do it gets 403.
 *
 * @example
 * routes.post('/plans/:id/approve', allow('plans.approve'), async (c) => …)
 */
export function allow(access: Access): MiddlewareHandler<Environment> {
  const guard: MiddlewareHandler<Environment> = async (c, next) => {
    if (access === 'anyone') return await next()
    const staff = c.get('staff')
    if (staff === undefined) return askToSignIn(c)
    expectAllowed(staff, access)
    if (!/^(?:GET|HEAD)$/.test(c.req.method)) expectSameOffice(staff, c.req.query('office'))
    return await next()
  }
  accessOf.set(guard as MiddlewareHandler, access)
  return guard
}

/** The signed-in person of a request that passed {@link allow}. */
export function staffOf(c: AppContext): Staff {
  const staff = c.get('staff')
  if (staff === undefined) throw new TypeError('Expected a route behind allow(), got none')
  return staff
}

/** One route of an app, and what it asks for. */
export interface GuardedRoute {
  readonly method: string
  readonly path: string
  readonly access: Access
}

/**
 * All routes, as the router has them.
 *
 * @throws {TypeError} when one has no {@link allow} as its first handler: it was forgotten
 */
export function guardedRoutes(web: Hono<Environment>): GuardedRoute[] {
  const routes = new Map<string, GuardedRoute>()
  for (const { method, path, handler } of web.routes) {
    const key = `${method} ${path}`
    // Middleware for all methods is not a route.
    if (method === 'ALL' || routes.has(key)) continue
    const access = accessOf.get(handler as Handler)
    if (access === undefined) throw new TypeError(`Expected allow() first at ${key}, got a handler`)
    routes.set(key, { method, path, access })
  }
  return [...routes.values()]
}

function askToSignIn(c: AppContext): Response {
  if (c.req.method === 'GET' && !c.req.path.startsWith('/api/')) return c.redirect('/sign-in')
  const message = { ja: 'ログインしてください', en: 'Sign in first' }[c.get('language')]
  return c.json({ error: { code: 'unauthenticated', message } }, 401)
}
