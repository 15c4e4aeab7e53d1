import type { IsolatedContext } from '@yuzuru/jobs'

export async function run(
  { planId }: { readonly planId: string },
  { progress }: IsolatedContext,
): Promise<string> {
  progress({ planId })
  return `reports/${planId}.pdf`
}
