import type { AppContext } from './environment.ts'
import { Invalid, type Problem } from './invalid.ts'

/**
 * What `act` answers; when it refuses the input, `page` answers in its place, with the refusal's status
 * and its problems beside what was typed.
 */
export async function orProblems(
  c: AppContext,
  act: () => Promise<Response>,
  page: (problems: readonly Problem[]) => Response | Promise<Response>,
): Promise<Response> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    c.status(error.status)
    return await page(error.problems)
  }
}
