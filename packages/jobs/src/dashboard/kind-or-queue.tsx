import type { FC } from 'hono/jsx'
import type { Pause } from '../queue/job-stats.ts'
import { type Look, say } from './look.ts'

/** The head of a row about a kind or a queue: its name, and which of the two it is. */
export const KindOrQueue: FC<{ look: Look; of: Pick<Pause, 'job' | 'queue'> }> = ({
  look,
  of: { job, queue = '' },
}) => (
  <th scope="row">
    {job ?? queue}{' '}
    <span class="soft">
      {job === undefined ? say(look, 'queue', 'キュー') : say(look, 'kind', '種類')}
    </span>
  </th>
)
