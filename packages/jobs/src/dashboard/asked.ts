import { ID } from '../job/expect.ts'
import { noticeOf, OUTCOMES } from './actions.ts'
import { type Action, ACTIONS, jobLink, listLink } from './links.ts'
import type { Look } from './look.ts'

/** A request that may look, and what it asks for. */
export interface Asked {
  readonly request: Request
  /** The path below the base. */
  readonly path: string
  readonly query: URLSearchParams
  readonly look: Look
}

/** The path below the base, of which a proxy or a router may have taken off the first parts. */
export function below(basePath: string, pathname: string): string {
  const parts = basePath.split('/').slice(1)
  for (let from = 0; from < parts.length; from += 1) {
    const base = `/${parts.slice(from).join('/')}`
    if (pathname === base) return '/'
    if (pathname.startsWith(`${base}/`)) return pathname.slice(base.length)
  }
  return pathname
}

export const pathOf = (path: string, query: URLSearchParams): string => {
  const kept = new URLSearchParams(query)
  for (const name of ['done', 'jobs', 'lang']) kept.delete(name)
  return kept.size === 0 ? path : `${path}?${kept.toString()}`
}

/** The name of a queue or a kind; what can be none is left out. */
export function nameIn(query: URLSearchParams, key: string): string | undefined {
  const name = query.get(key)
  return name === null || name === '' || name.length > 200 || name.includes('\0') ? undefined : name
}

export const actionIn = (value: string | null): Action | undefined =>
  ACTIONS.find((each) => each === value)

export const isOfJob = (action: Action): boolean => action === 'cancel' || action === 'retry'

export function isTarget(action: Action, target: string): boolean {
  if (isOfJob(action)) return ID.test(target)
  return target !== '' && target.length <= 200 && !target.includes('\0')
}

/** Where one is after an action, or without it. */
export function placeOf(base: string, action: Action, target: string): string {
  if (isOfJob(action)) return jobLink(base, target)
  if (action === 'redrive') return listLink(base, { list: 'failed', name: target })
  return action === 'pause-cron' || action === 'resume-cron' ? `${base}/crons` : `${base}/`
}

export function noticeIn({ query, look }: Asked): string | undefined {
  const outcome = OUTCOMES.find((each) => each === query.get('done'))
  if (outcome === undefined) return undefined
  const jobs = Number(query.get('jobs') ?? '0')
  return noticeOf(look, outcome, Number.isSafeInteger(jobs) ? jobs : 0)
}
