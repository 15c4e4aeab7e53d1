import type { FC } from 'hono/jsx'
import { duration, moment } from './format.ts'
import { Table } from './layout.tsx'
import { type Look, say } from './look.ts'
import type { StepLook } from './step-looks.ts'

const WIDTH = 100

/** The steps of a job as bars over the time that they took; a sleep is hollow. */
export const Timeline: FC<{ look: Look; steps: readonly StepLook[]; now: number }> = ({
  look,
  steps,
  now,
}) => {
  const from = Math.min(...steps.map((step) => step.from))
  // A last sleep of a month must not make points of all else: it goes over the edge.
  const awake = Math.max(...steps.map((step) => (step.isSleep ? step.from : step.to)), from + 1)
  const to = steps.some((step) => step.to > awake) ? awake + (awake - from) / 3 : awake
  const place = (at: number): number => ((Math.min(at, to) - from) / (to - from)) * WIDTH
  return (
    <Table label={say(look, 'Steps', 'ステップ')}>
      <thead>
        <tr>
          <th scope="col">{say(look, 'Step', 'ステップ')}</th>
          <th scope="col" class="number">
            {say(look, 'Took', '所要時間')}
          </th>
          <th scope="col" class="timeline">
            {say(look, 'When', '時間の流れ')}
          </th>
        </tr>
      </thead>
      <tbody>
        {steps.map((step) => {
          const x = Math.min(place(step.from), WIDTH - 0.8)
          const width = Math.max(place(step.to) - x, 0.8)
          const isAsleep = step.isSleep && step.to > now
          return (
            <tr>
              <th scope="row">
                {step.name}
                {step.isSleep ? (
                  <span class="badge later">
                    {isAsleep ? say(look, 'asleep', 'スリープ中') : say(look, 'sleep', 'スリープ')}
                  </span>
                ) : null}
              </th>
              <td class="number">{duration(look, step.to - step.from)}</td>
              <td class="timeline">
                <svg viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true">
                  <title>{`${moment(look, step.from)} – ${moment(look, step.to)}`}</title>
                  <path class="grid" d={`M0 5H${WIDTH}`} />
                  <rect
                    class={step.isSleep ? 'sleep' : 'step'}
                    x={x.toFixed(2)}
                    y="1"
                    width={width.toFixed(2)}
                    height="8"
                  />
                </svg>
              </td>
            </tr>
          )
        })}
      </tbody>
    </Table>
  )
}
