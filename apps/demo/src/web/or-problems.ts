import type { AppContext } from './environment.ts'
import { Invalid, type Problem } from './invalid.ts'

/**
 * Returns the answer of `act`. If that refuses the input, `page` answers instead, with the status of the
 * refusal and the problems next to what was typed.
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
