import type { FC } from 'hono/jsx'
import type { Action } from './links.ts'
import { type Look, say } from './look.ts'

/** What is asked before something is done. */
export interface Question {
  readonly action: Action
  readonly target: string
  /** The kind of the job, where it is one. */
  readonly name: string | undefined
  /** Where to go back to. */
  readonly back: string
  readonly token: string
}

interface Words {
  readonly title: string
  readonly text: string
  readonly button: string
}

/** What is said of an action before it is done. */
export function wordsOf(look: Pick<Look, 'language'>, action: Action): Words {
  const words: Readonly<Record<Action, Words>> = {
    cancel: {
      title: say(look, 'Cancel this job?', 'このジョブを中止しますか？'),
      text: say(
        look,
        'A waiting job ends at once. The handler of a running one is cancelled at the next heartbeat of its worker; it may complete before.',
        '待機中のジョブはすぐに終了します。実行中の場合は、ワーカーの次の応答時に中止されます。その前に完了することもあります。',
      ),
      button: say(look, 'Cancel the job', '中止する'),
    },
    retry: {
      title: say(look, 'Retry this job?', 'このジョブを再実行しますか？'),
      text: say(
        look,
        'It goes back into the queue, due at once, with all its attempts.',
        '試行回数を戻して、すぐに実行されるようキューに戻します。',
      ),
      button: say(look, 'Retry the job', '再実行する'),
    },
    redrive: {
      title: say(
        look,
        'Retry all failed jobs of this kind?',
        'この種類の失敗をすべて再実行しますか？',
      ),
      text: say(
        look,
        'Up to 10,000 go back into the queue, those that failed first in front. Those whose key an unfinished job has stay.',
        '最大10,000件を、古い失敗から順にキューに戻します。同じキーの未完了ジョブがあるものは残ります。',
      ),
      button: say(look, 'Retry them', '再実行する'),
    },
    'pause-cron': {
      title: say(look, 'Pause this cron?', 'この定期実行を停止しますか？'),
      text: say(
        look,
        'No worker fires it until it is resumed. Its times until then are not made up for.',
        '再開するまで実行されません。停止中の回は後から実行されません。',
      ),
      button: say(look, 'Pause the cron', '停止する'),
    },
    'resume-cron': {
      title: say(look, 'Resume this cron?', 'この定期実行を再開しますか？'),
      text: say(
        look,
        'Workers notice within 5 seconds. It goes on with its next time.',
        'ワーカーは5秒以内に気づき、次の回から実行します。',
      ),
      button: say(look, 'Resume the cron', '再開する'),
    },
    'pause-kind': {
      title: say(look, 'Pause this kind?', 'この種類を停止しますか？'),
      text: pauseText(look),
      button: say(look, 'Pause the kind', '停止する'),
    },
    'resume-kind': {
      title: say(look, 'Resume this kind?', 'この種類を再開しますか？'),
      text: resumeText(look),
      button: say(look, 'Resume the kind', '再開する'),
    },
    'pause-queue': {
      title: say(look, 'Pause this queue?', 'このキューを停止しますか？'),
      text: pauseText(look),
      button: say(look, 'Pause the queue', '停止する'),
    },
    'resume-queue': {
      title: say(look, 'Resume this queue?', 'このキューを再開しますか？'),
      text: resumeText(look),
      button: say(look, 'Resume the queue', '再開する'),
    },
  }
  return words[action]
}

const pauseText = (look: Pick<Look, 'language'>): string =>
  say(
    look,
    'No worker takes any of it until it is resumed. What runs goes on, and what is enqueued waits.',
    '再開するまで、ワーカーは新しいジョブを開始しません。実行中のジョブは続き、登録されたジョブは待機します。',
  )

const resumeText = (look: Pick<Look, 'language'>): string =>
  say(
    look,
    'Workers take its jobs again, in their order, as far as limits let them.',
    'ワーカーは上限の範囲内で、順番どおりにジョブの実行を再開します。',
  )

/** The question, with a form that does it: no script is needed. */
export const Confirm: FC<{ look: Look; question: Question }> = ({ look, question }) => {
  const { action, target, name, back, token } = question
  const { text, button } = wordsOf(look, action)
  return (
    <section class="card confirm">
      <p>
        {name === undefined ? null : <b>{name} </b>}
        <code class="id">{target}</code>
      </p>
      <p>{text}</p>
      <form method="post" action={`${look.base}/act`}>
        <input type="hidden" name="token" value={token} />
        <input type="hidden" name="action" value={action} />
        <input type="hidden" name="target" value={target} />
        <button class={action === 'cancel' ? 'danger' : ''}>{button}</button>
        <a class="button quiet" href={back}>
          {say(look, 'Back', '戻る')}
        </a>
      </form>
    </section>
  )
}
