/** The step that stops a release that would be bad: `pnpm release --dry-run` is a part of it. */
const CHECKS = 'run: .ci/run'
const PUBLISH = 'changeset publish'

/** What is wrong with the workflow that publishes: it checks first, and proves where packages come from. */
export function workflowFaults(text: string): string[] {
  const lines = text.split('\n').map((line) => (line.split('#')[0] ?? '').trim())
  const at = (words: string): number => lines.findIndex((line) => line.includes(words))
  const faults: string[] = []
  if (!lines.includes('id-token: write')) faults.push('it may not prove its identity (id-token)')
  if (!lines.includes('permissions: {}')) faults.push('its other jobs have permissions by default')
  if (at(PUBLISH) < 0) faults.push(`it does not publish by \`${PUBLISH}\``)
  if (at(CHECKS) < 0 || at(CHECKS) > at(PUBLISH)) {
    faults.push('it does not run `.ci/run` before it publishes')
  }
  if (/\b(?:NPM_TOKEN|NODE_AUTH_TOKEN)\b/.test(text)) faults.push('it has a token of npm')
  return faults
}
