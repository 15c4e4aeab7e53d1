import type { FC } from 'hono/jsx'
import type { Scale } from '../queue/job-stats.ts'
import { KindOrQueue } from './kind-or-queue.tsx'
import { Table } from './layout.tsx'
import { type Look, say } from './look.ts'

/** The kinds and queues that have a number of jobs that run at once. */
export const ScaledList: FC<{ look: Look; scaled: readonly Scale[] }> = ({ look, scaled }) => (
  <Table label={say(look, 'Limited numbers', '同時実行数の上限')}>
    <thead>
      <tr>
        <th scope="col">{say(look, 'Kind or queue', '種類またはキュー')}</th>
        <th scope="col" class="number">
          {say(look, 'At once, on all machines', '全体の同時実行数')}
        </th>
      </tr>
    </thead>
    <tbody>
      {scaled.map(({ job, queue, concurrency }) => (
        <tr>
          <KindOrQueue look={look} of={{ job, queue }} />
          <td class="number">{concurrency}</td>
        </tr>
      ))}
    </tbody>
  </Table>
)
