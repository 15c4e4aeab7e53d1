import { styleText } from 'node:util'
import { fold } from '../day/fold.ts'

/** Logs what failed; on a terminal quietly, and folded, so that it does not look like the day's own lines. */
export function logFailure(line: string): void {
  const { stderr } = process
  console.error(stderr.isTTY ? styleText('dim', fold(`    ${line}`), { stream: stderr }) : line)
}
