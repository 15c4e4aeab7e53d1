import type { FC } from 'hono/jsx'
import { duration } from './format.ts'
import { Nothing, Table } from './layout.tsx'
import { type Look, say } from './look.ts'
import type { WorkerLook } from './running.ts'

/** The workers and their leases. */
export const Workers: FC<{ look: Look; workers: readonly WorkerLook[] }> = ({ look, workers }) => {
  if (workers.length === 0) {
    return (
      <section class="card">
        <Nothing>{say(look, 'No worker runs.', '動いているワーカーはありません。')}</Nothing>
      </section>
    )
  }
  return (
    <section class="card">
      <Table label={say(look, 'Workers', 'ワーカー')}>
        <thead>
          <tr>
            <th scope="col">{say(look, 'Worker', 'ワーカー')}</th>
            <th scope="col" class="number">
              {say(look, 'Running', '実行中')}
            </th>
            <th scope="col" class="number wide">
              {say(look, 'Up for', '稼働時間')}
            </th>
            <th scope="col" class="number wide">
              {say(look, 'Heartbeat', '最終応答')}
            </th>
            <th scope="col" class="number">
              {say(look, 'Lease', 'リース')}
            </th>
            <th scope="col" class="wide">
              {say(look, 'Serves', '担当')}
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <tr>
              <th scope="row">
                <span class="worker">{worker.name}</span>
              </th>
              <td class="number">
                {worker.report === undefined
                  ? '—'
                  : `${worker.report.running}/${worker.report.concurrency}`}
              </td>
              <td class="number wide">{duration(look, worker.startedForMs)}</td>
              <td class="number wide">
                {say(
                  look,
                  `${duration(look, worker.beatMs)} ago`,
                  `${duration(look, worker.beatMs)}前`,
                )}
              </td>
              <td class={worker.leaseMs < 0 ? 'number bad' : 'number'}>
                {worker.leaseMs < 0
                  ? say(look, 'run out', '期限切れ')
                  : say(
                      look,
                      `${duration(look, worker.leaseMs)} left`,
                      `残り ${duration(look, worker.leaseMs)}`,
                    )}
              </td>
              <td class="wide">
                {worker.report === undefined ? '—' : <Serves look={look} worker={worker.report} />}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  )
}

/** How many kinds of a worker are named. */
const MOST_KINDS = 6

const Serves: FC<{
  look: Look
  worker: { readonly queues: readonly string[]; readonly kinds: readonly string[] }
}> = ({ look, worker: { queues, kinds } }) => (
  <>
    {kinds.slice(0, MOST_KINDS).join(', ')}
    {kinds.length > MOST_KINDS ? ` +${kinds.length - MOST_KINDS}` : ''}
    <span class="soft">
      {' '}
      {say(look, `in ${queues.join(', ')}`, `キュー: ${queues.join(', ')}`)}
    </span>
  </>
)
