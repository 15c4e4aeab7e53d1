import { JobError } from '../job-error.ts'
import { pauseCron, resumeCron } from '../cron/pause-cron.ts'
import { cancelJob } from '../queue/cancel-job.ts'
import { pauseQueue, resumeQueue } from '../queue/pause-queue.ts'
import { retryJob } from '../queue/retry-job.ts'
import { retryJobs } from '../queue/retry-jobs.ts'
import type { DashboardSettings } from './dashboard-options.ts'
import type { Action } from './links.ts'
import { type Look, say } from './look.ts'

/** How many failed jobs one request puts back. */
const MOST_REDRIVEN = 10_000

/** What became of an action, as it stands in the link to the next page. */
export const OUTCOMES = [
  'cancelled',
  'requested',
  'finished',
  'missing',
  'retried',
  'unchanged',
  'key-taken',
  'redriven',
  'paused',
  'resumed',
] as const
export type ActionOutcome = (typeof OUTCOMES)[number]

/** Does what was asked for. @returns what became of it, and how many jobs it was */
export async function act(
  { db, timeoutMs }: DashboardSettings,
  action: Action,
  target: string,
): Promise<{ readonly outcome: ActionOutcome; readonly jobs: number }> {
  const options = { timeoutMs }
  if (action === 'cancel') return { outcome: await cancelJob(db, target, options), jobs: 1 }
  if (action === 'retry') return { outcome: await retried(db, target, options), jobs: 1 }
  if (action === 'redrive') {
    const { retried: jobs } = await retryJobs(db, target, { ...options, most: MOST_REDRIVEN })
    return { outcome: 'redriven', jobs }
  }
  const isPause = action.startsWith('pause-')
  const isChanged =
    action === 'pause-cron' || action === 'resume-cron'
      ? await (isPause ? pauseCron : resumeCron)(db, target, options)
      : await (isPause ? pauseQueue : resumeQueue)(
          db,
          action.endsWith('-kind') ? { job: target } : { queue: target },
          options,
        )
  return { outcome: !isChanged ? 'unchanged' : isPause ? 'paused' : 'resumed', jobs: 0 }
}

async function retried(
  db: DashboardSettings['db'],
  id: string,
  options: { readonly timeoutMs: number },
): Promise<ActionOutcome> {
  try {
    return (await retryJob(db, id, options)) ? 'retried' : 'unchanged'
  } catch (error) {
    if (JobError.isInstance(error) && error.code === 'already_exists') return 'key-taken'
    throw error
  }
}

/** What is said of it. */
export function noticeOf(look: Look, outcome: ActionOutcome, jobs: number): string {
  const notices: Readonly<Record<ActionOutcome, string>> = {
    cancelled: say(look, 'It is cancelled.', '中止しました。'),
    requested: say(
      look,
      'It runs, and its handler is cancelled at the next heartbeat of its worker.',
      '実行中です。ワーカーの次の応答時に中止されます。',
    ),
    finished: say(look, 'It had ended before.', 'すでに終了しています。'),
    missing: say(look, 'There is no such job any more.', 'そのジョブはもうありません。'),
    retried: say(look, 'It is in the queue again.', 'キューに戻しました。'),
    unchanged: say(look, 'There was nothing to change.', '変更はありません。'),
    'key-taken': say(
      look,
      'An unfinished job has the same key: this one stays.',
      '同じキーの未完了ジョブがあるため、そのままです。',
    ),
    redriven: say(look, `${jobs} are in the queue again.`, `${jobs} 件をキューに戻しました。`),
    paused: say(look, 'It is paused.', '停止しました。'),
    resumed: say(look, 'It goes on.', '再開しました。'),
  }
  return notices[outcome]
}
