import type { JobState } from '../job/job-state.ts'
import { type Look, say } from './look.ts'

/** What a state is called. */
export function stateName(look: Pick<Look, 'language'>, state: JobState): string {
  const names: Readonly<Record<JobState, string>> = {
    waiting: say(look, 'waiting', '待機中'),
    running: say(look, 'running', '実行中'),
    completed: say(look, 'completed', '完了'),
    failed: say(look, 'failed', '失敗'),
    cancelled: say(look, 'cancelled', '中止'),
  }
  return names[state]
}
