import type { ListRequest } from './job-list.ts'

/** What can be asked for. */
export type Action =
  | 'cancel'
  | 'retry'
  | 'redrive'
  | 'pause-cron'
  | 'resume-cron'
  | 'pause-kind'
  | 'resume-kind'
  | 'pause-queue'
  | 'resume-queue'

/** The actions, and what they do it to. */
export const ACTIONS: readonly Action[] = [
  'cancel',
  'retry',
  'redrive',
  'pause-cron',
  'resume-cron',
  'pause-kind',
  'resume-kind',
  'pause-queue',
  'resume-queue',
]

const query = (values: Readonly<Record<string, string | undefined>>): string => {
  const pairs = Object.entries(values).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  return new URLSearchParams(pairs).toString()
}

/** A page of a list. */
export const listLink = (base: string, { list, queue, name, after }: ListRequest): string =>
  `${base}/jobs?${query({ list, queue, kind: name, after })}`

/** The page of one job. */
export const jobLink = (base: string, id: string): string => `${base}/job?${query({ id })}`

/** A page of the jobs that have a tag. */
export const tagLink = (base: string, tag: string, after?: string): string =>
  `${base}/tagged?${query({ tag, after })}`

/** The page that asks whether to do something. */
export const confirmLink = (base: string, action: Action, target: string): string =>
  `${base}/confirm?${query({ action, target })}`
